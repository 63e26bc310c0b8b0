"""Small WSDLs for tests, put together from a schema and the parts of the messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from connectors.reply import Reply
from connectors.soap.addresses import ContractLoader, address_map
from connectors.soap.call import Call
from connectors.soap.contract import Contract, load_contract
from connectors.soap.envelope import read_envelope
from connectors.soap.faults import FaultSigns
from hub.config.soap import SoapContract

NS = "urn:test"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def wsdl(schema: str, *, asks: str, answers: str, style: str = "document", use: str = "literal") -> str:
    """Return a WSDL with the operation Do; `asks` and `answers` are the `part` elements of its messages."""
    qualified = "unqualified" if use == "encoded" else "qualified"
    body = f'<s:body use="{use}" namespace="{NS}"/>' if style == "rpc" else '<s:body use="literal"/>'
    return f"""<w:definitions targetNamespace="{NS}" xmlns:t="{NS}" xmlns:x="http://www.w3.org/2001/XMLSchema"
        xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
        xmlns:c="http://schemas.xmlsoap.org/soap/encoding/">
      <w:types><x:schema targetNamespace="{NS}" elementFormDefault="{qualified}">
        <x:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/>{schema}</x:schema></w:types>
      <w:message name="In">{asks}</w:message><w:message name="Out">{answers}</w:message>
      <w:portType name="P"><w:operation name="Do"><w:input message="t:In"/><w:output message="t:Out"/></w:operation>
      </w:portType>
      <w:binding name="B" type="t:P"><s:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>
        <w:operation name="Do"><s:operation soapAction="do"/><w:input>{body}</w:input><w:output>{body}</w:output>
        </w:operation></w:binding>
      <w:service name="S"><w:port name="P" binding="t:B"><s:address location="https://x.example/"/></w:port></w:service>
    </w:definitions>"""


def document(schema: str) -> str:
    """Return a WSDL whose operation takes the element Ask and answers with the element Answer."""
    return wsdl(schema, asks='<w:part name="p" element="t:Ask"/>', answers='<w:part name="p" element="t:Answer"/>')


def never(address: str) -> bytes:
    raise AssertionError(f"{address} was fetched")


def load(folder: Path, text: str, **settings: Any) -> Contract:
    (folder / "test.wsdl").write_text(text, "utf-8")
    config = SoapContract.model_validate({"wsdl": str(folder / "test.wsdl"), **settings})
    return load_contract(config, ContractLoader(config.wsdl, address_map(config), never))


def body_of(call: Call, arguments: dict[str, Any]) -> etree._Element:
    """Return the body of the message that a call writes."""
    body = etree.fromstring(call.envelope(arguments)).find(f"{{{ENVELOPE}}}Body")
    assert body is not None
    return body


def tree(element: etree._Element) -> Any:
    """Return an element as something to compare: its name, its attributes, its text or what is below it."""
    attributes = {str(name).rpartition("}")[2]: str(value).rpartition(":")[2] for name, value in element.attrib.items()}
    name = element.tag.removeprefix(f"{{{NS}}}")
    inside = [tree(child) for child in element] or element.text or ""
    return (name, attributes, inside) if attributes else (name, inside)


def read(call: Call, content: str, *, namespaces: str = f'xmlns:t="{NS}"') -> Any:
    """Return what a call reads in a reply with this in its body."""
    text = f'<e:Envelope xmlns:e="{ENVELOPE}" {namespaces}><e:Body>{content}</e:Body></e:Envelope>'
    _, body = read_envelope(Reply(200, text.encode(), "text/xml", "utf-8", {}), FaultSigns())
    return call.read(body)
