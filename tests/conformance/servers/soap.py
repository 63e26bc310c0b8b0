"""Customers over SOAP 1.1 or 1.2, document/literal, with a WSDL."""

from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from tests.conformance.servers.backend import CUSTOMERS, Backend, Customer

_NS = "urn:customers"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_TEMPLATE = """<?xml version="1.0" encoding="utf-8"?>
<w:definitions name="Customers" targetNamespace="urn:customers" xmlns:t="urn:customers"
    xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="{soap}">
  <w:types><x:schema targetNamespace="urn:customers" elementFormDefault="qualified">
    <x:element name="Find"><x:complexType><x:sequence>
      <x:element name="Phone" type="x:string" minOccurs="0"/><x:element name="Email" type="x:string" minOccurs="0"/>
      <x:element name="Id" type="x:string" minOccurs="0"/>
    </x:sequence></x:complexType></x:element>
    <x:element name="FindResponse"><x:complexType><x:sequence>
      <x:element name="customer" minOccurs="0" maxOccurs="unbounded"><x:complexType><x:sequence>
        <x:element name="id" type="x:string"/><x:element name="name" type="x:string" nillable="true" minOccurs="0"/>
        <x:element name="phone" type="x:string" nillable="true" minOccurs="0"/>
        <x:element name="email" type="x:string" nillable="true" minOccurs="0"/>
        <x:element name="orders" minOccurs="0" maxOccurs="unbounded"><x:complexType><x:sequence>
          <x:element name="id" type="x:string"/><x:element name="date" type="x:date"/>
        </x:sequence></x:complexType></x:element>
      </x:sequence></x:complexType></x:element>
    </x:sequence></x:complexType></x:element>
    <x:element name="FindNote"><x:complexType><x:sequence>
      <x:element name="Interaction" type="x:string"/></x:sequence></x:complexType></x:element>
    <x:element name="FindNoteResponse"><x:complexType><x:sequence>
      <x:element name="note" type="t:Note" minOccurs="0" maxOccurs="unbounded"/>
    </x:sequence></x:complexType></x:element>
    <x:element name="AddNote"><x:complexType><x:sequence>
      <x:element name="Interaction" type="x:string"/><x:element name="Customer" type="x:string"/>
      <x:element name="Text" type="x:string"/></x:sequence></x:complexType></x:element>
    <x:element name="AddNoteResponse" type="t:Note"/>
    <x:complexType name="Note"><x:sequence><x:element name="id" type="x:string"/></x:sequence></x:complexType>
  </x:schema></w:types>
  MESSAGES
  <w:portType name="Port">OPERATIONS</w:portType>
  <w:binding name="Binding" type="t:Port"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>BOUND</w:binding>
  <w:service name="Customers"><w:port name="Port" binding="t:Binding">
    <s:address location="http://dead.example/soap"/>
  </w:port></w:service>
</w:definitions>
"""
_OPERATIONS = ("Find", "FindNote", "AddNote")
_MESSAGES = "".join(
    f'<w:message name="{name}{way}"><w:part name="parameters" element="t:{name}{element}"/></w:message>'
    for name in _OPERATIONS
    for way, element in (("In", ""), ("Out", "Response"))
)
_PORT_TYPE = "".join(
    f'<w:operation name="{name}"><w:input message="t:{name}In"/><w:output message="t:{name}Out"/></w:operation>'
    for name in _OPERATIONS
)
_BOUND = "".join(
    f'<w:operation name="{name}"><s:operation soapAction="{_NS}/{name}" style="document"/>'
    '<w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation>'
    for name in _OPERATIONS
)
WSDL = _TEMPLATE.replace("MESSAGES", _MESSAGES).replace("OPERATIONS", _PORT_TYPE).replace("BOUND", _BOUND)
"""With `{soap}` for the namespace of the binding, which tells the version."""


class SoapBackend(Backend):
    """Wants exactly one search element: a value that became another element is a fault."""

    media_type = "text/xml"
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    binding = "http://schemas.xmlsoap.org/wsdl/soap/"

    def config(self) -> dict[str, Any]:
        def find(key: str, field: str, source: str) -> dict[str, Any]:
            step = {
                "name": "customers",
                "operation": "Find",
                "arguments": {field: {"from": source}},
                "rows": "customer",
            }
            return {"key": key, "steps": [step]}

        return {
            "kind": "soap",
            "wsdl": self.url + "/soap?wsdl",
            "url": self.url + "/soap",
            "mapping": "customer",
            "auth": {"type": "wsse", "username": "ctihub", "password": "geheim"},
            "soap_headers": [{"element": "{urn:customers}Client", "children": {"App": "ctihub"}}],
            "refused_faults": ["NO_LICENCE"],
            "writes": {"note": {"id": ["found.id", "made.id"], "steps": self._note_steps()}},
            "operations": {
                "by_phone": find("phone", "Phone", "query.e164"),
                "by_email": find("email", "Email", "query.email"),
                "by_id": find("id", "Id", "query.id"),
            },
        }

    def _note_steps(self) -> list[dict[str, Any]]:
        interaction = {"Interaction": {"from": "entry.id"}}
        note = {**interaction, "Customer": {"from": "entry.customer"}, "Text": {"from": "entry.note"}}
        return [
            {"name": "found", "find": True, "operation": "FindNote", "arguments": interaction, "rows": "note"},
            {"name": "made", "unless": "found", "operation": "AddNote", "arguments": note},
        ]

    def is_contract(self, request: web.Request) -> bool:
        return request.method == "GET"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=WSDL.format(soap=self.binding), content_type="text/xml")
        document = etree.fromstring(await request.read(), etree.XMLParser(resolve_entities=False))
        names = {"e": self.envelope, "c": _NS, "s": _SECURITY}
        if document.findtext("e:Header/s:Security/s:UsernameToken/s:Password", namespaces=names) != "geheim":
            return self._fault("FailedAuthentication", "The security token could not be authenticated")
        if document.findtext("e:Header/c:Client/c:App", namespaces=names) != "ctihub":
            return self.fault("Client header is missing")
        action = request.headers.get("SOAPAction", "") + request.headers["Content-Type"]
        asked = document.find("e:Body/*", namespaces=names)
        if asked is None or f'"{_NS}/{etree.QName(asked).localname}"' not in action:
            return self.fault("the action is not the body's")
        return self._note(asked) if etree.QName(asked).localname.endswith("Note") else self._find(asked)

    def _find(self, find: etree._Element) -> web.StreamResponse:
        if len(find) != 1:
            return self.fault("one search value is wanted")
        field, value = etree.QName(find[0]).localname, find[0].text or ""
        self.searched.append(value)
        return self._reply(
            "".join(_element(one) for one in CUSTOMERS if value and getattr(one, field.lower()) == value)
        )

    def _note(self, asked: etree._Element) -> web.Response:
        interaction = asked.findtext(f"{{{_NS}}}Interaction") or ""
        identifier = f"<c:id>N-{escape(interaction)}</c:id>"
        if etree.QName(asked).localname == "FindNote":
            content = f"<c:note>{identifier}</c:note>" if interaction in self.notes else ""
            return self._envelope(f'<c:FindNoteResponse xmlns:c="{_NS}">{content}</c:FindNoteResponse>')
        self.notes.setdefault(interaction, []).append(asked.findtext(f"{{{_NS}}}Text") or "")
        return self._envelope(f'<c:AddNoteResponse xmlns:c="{_NS}">{identifier}</c:AddNoteResponse>')

    def _reply(self, content: str) -> web.Response:
        return self._envelope(f'<c:FindResponse xmlns:c="{_NS}">{content}</c:FindResponse>')

    def _envelope(self, body: str, status: int = 200) -> web.Response:
        text = f'<e:Envelope xmlns:e="{self.envelope}"><e:Body>{body}</e:Body></e:Envelope>'
        return web.Response(text=text, content_type=self.media_type, status=status)

    def fault(self, message: str) -> web.StreamResponse:
        return self._fault("Server", message)

    def _fault(self, code: str, message: str) -> web.StreamResponse:
        return self._envelope(
            f"<e:Fault><faultcode>e:{code}</faultcode><faultstring>{escape(message)}</faultstring></e:Fault>", 500
        )

    def strange(self) -> bytes:
        return b"<a><b/></a>"

    def deep(self) -> bytes:
        inner = b"<a>" * 5_000 + b"</a>" * 5_000
        return f'<e:Envelope xmlns:e="{self.envelope}"><e:Body>'.encode() + inner + b"</e:Body></e:Envelope>"

    def nulls(self) -> web.StreamResponse:
        nil = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"'
        return self._reply(f"<c:customer><c:id>1</c:id><c:name {nil}/><c:phone {nil}/><c:email {nil}/></c:customer>")


class Soap12Backend(SoapBackend):
    """The same in SOAP 1.2."""

    media_type = "application/soap+xml"
    envelope = "http://www.w3.org/2003/05/soap-envelope"
    binding = "http://schemas.xmlsoap.org/wsdl/soap12/"

    def _fault(self, code: str, message: str) -> web.StreamResponse:
        return self._envelope(
            f"<e:Fault><e:Code><e:Value>e:Receiver</e:Value><e:Subcode><e:Value>c:{code}</e:Value></e:Subcode></e:Code>"
            f'<e:Reason><e:Text xml:lang="en">{escape(message)}</e:Text></e:Reason></e:Fault>',
            500,
        )


def _element(customer: Customer) -> str:
    orders = f"<c:orders><c:id>A{customer.id}</c:id><c:date>2026-11-20</c:date></c:orders>"
    return (
        f"<c:customer><c:id>{customer.id}</c:id><c:name>{customer.name}</c:name><c:phone>{customer.phone}</c:phone>"
        f"<c:email>{customer.email}</c:email>{orders}</c:customer>"
    )
