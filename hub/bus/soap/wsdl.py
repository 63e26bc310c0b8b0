"""The WSDL 1.1 of a feed: document/literal, SOAP 1.1 and 1.2, one port type, nothing imported from elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final

from lxml import etree

from hub.bus.soap.names import PUSH, WSDL, WSDL_SOAP_11, WSDL_SOAP_12, XSD, local_name, namespace_of
from hub.bus.soap.site_schema import SchemaDocument

_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_ENCODING: Final = "utf-8"


def service_namespace(feed: str) -> str:
    return f"urn:ctihub:feed:{feed}"


def action_of(feed: str, operation: str) -> str:
    """Return the SOAPAction of an operation."""
    return f"{service_namespace(feed)}:{operation}"


def write_wsdl(feed: str, messages: Sequence[str], schemas: Sequence[etree._Element], *, address: str) -> bytes:
    """Describe a feed whose messages are these elements (`{ns}local`); `schemas` go in as they are."""
    own = service_namespace(feed)
    namespaces = {namespace for tag in messages if (namespace := namespace_of(tag)) not in {"", PUSH}}
    prefixes = {f"m{index}": namespace for index, namespace in enumerate(sorted(namespaces))}
    # No default namespace: an element without one has a name without a prefix.
    nsmap = {
        "wsdl": WSDL,
        "tns": own,
        "hub": PUSH,
        "soap": WSDL_SOAP_11,
        "soap12": WSDL_SOAP_12,
        "xs": XSD,
        **prefixes,
    }
    top = etree.Element(f"{{{WSDL}}}definitions", nsmap=nsmap)
    top.set("name", f"{_identifier(feed)}Push")
    top.set("targetNamespace", own)
    types = _add(top, "types")
    types.extend(schemas)
    prefix_of = {PUSH: "hub:", "": ""} | {namespace: f"{prefix}:" for prefix, namespace in prefixes.items()}
    operations = [local_name(tag) for tag in messages]
    for tag, name in zip(messages, operations, strict=True):
        _message(top, f"{name}Request", f"{prefix_of[namespace_of(tag)]}{name}")
        _message(top, f"{name}Response", f"hub:{name}Response")
    _message(top, "Refusal", "hub:Refusal", part="detail")
    port_type = _add(top, "portType", name="Push")
    for name in operations:
        operation = _add(port_type, "operation", name=name)
        _add(operation, "input", message=f"tns:{name}Request")
        _add(operation, "output", message=f"tns:{name}Response")
        _add(operation, "fault", message="tns:Refusal", name="Refusal")
    _binding(top, "PushSoap11", WSDL_SOAP_11, feed, operations)
    _binding(top, "PushSoap12", WSDL_SOAP_12, feed, operations)
    service = _add(top, "service", name=f"{_identifier(feed)}Push")
    for binding, namespace in (("PushSoap11", WSDL_SOAP_11), ("PushSoap12", WSDL_SOAP_12)):
        port = _add(service, "port", binding=f"tns:{binding}", name=binding)
        etree.SubElement(port, f"{{{namespace}}}address", location=address)
    return etree.tostring(top, xml_declaration=True, encoding=_ENCODING, pretty_print=True)


def inline(document: SchemaDocument) -> etree._Element:
    """Return a schema as it stands within a WSDL: imports name their namespace alone."""
    root = copy.deepcopy(document.root)
    for link in root.iterfind(f"{{{XSD}}}import"):
        if "schemaLocation" in link.attrib:
            del link.attrib["schemaLocation"]
    return root


def imports(documents: Sequence[SchemaDocument], *, address: str) -> etree._Element:
    """Return the schema within a WSDL that has the first of these read from beside it."""
    schema = etree.Element(f"{{{XSD}}}schema", nsmap={"xs": XSD})
    link = etree.SubElement(schema, f"{{{XSD}}}import")
    if namespace := documents[0].root.get("targetNamespace"):
        link.set("namespace", namespace)
    link.set("schemaLocation", schema_address(address, 0))
    return schema


def schema_file(document: SchemaDocument, *, address: str) -> bytes:
    """Return a schema as a file of its own, with the addresses of those that it names."""
    root = copy.deepcopy(document.root)
    indexes = {document.root.index(link): index for link, index in document.links}
    for place, index in indexes.items():
        root[place].set("schemaLocation", schema_address(address, index))
    return etree.tostring(root, xml_declaration=True, encoding=_ENCODING)


def schema_address(address: str, index: int) -> str:
    return f"{address}?xsd={index}"


def _message(top: etree._Element, name: str, element: str, *, part: str = "parameters") -> None:
    message = _add(top, "message", name=name)
    _add(message, "part", element=element, name=part)


def _binding(top: etree._Element, name: str, namespace: str, feed: str, operations: Sequence[str]) -> None:
    binding = _add(top, "binding", name=name, type="tns:Push")
    etree.SubElement(binding, f"{{{namespace}}}binding", style="document", transport=_HTTP)
    for operation_name in operations:
        operation = _add(binding, "operation", name=operation_name)
        etree.SubElement(
            operation, f"{{{namespace}}}operation", soapAction=action_of(feed, operation_name), style="document"
        )
        for direction in ("input", "output"):
            etree.SubElement(_add(operation, direction), f"{{{namespace}}}body", use="literal")
        etree.SubElement(
            _add(operation, "fault", name="Refusal"), f"{{{namespace}}}fault", name="Refusal", use="literal"
        )


def _identifier(feed: str) -> str:
    """Return a feed's name as a part of an XML name (NCName), in CamelCase."""
    words = "".join(character if character.isalnum() else " " for character in feed).split()
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Feed{name}"


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{WSDL}}}{tag}", attrib=attributes)
