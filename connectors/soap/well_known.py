"""Schemas that every WSDL may import from their standard's address: kept here, so that nothing is fetched for them."""

from __future__ import annotations

_XSD = "http://www.w3.org/2001/XMLSchema"
_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_XML = "http://www.w3.org/XML/1998/namespace"
# XML Schema's types that SOAP 1.1 (5.2) has as elements and types of its own.
_SIMPLE = (
    *("string", "boolean", "float", "double", "decimal", "duration", "dateTime", "time", "date", "gYearMonth", "gYear"),
    *("gMonthDay", "gDay", "gMonth", "hexBinary", "base64Binary", "anyURI", "QName", "normalizedString", "token"),
    *("language", "Name", "NMTOKEN", "NCName", "ID", "IDREF", "integer", "nonPositiveInteger", "negativeInteger"),
    *("long", "int", "short", "byte", "nonNegativeInteger", "unsignedLong", "unsignedInt", "unsignedShort"),
    *("unsignedByte", "positiveInteger"),
)


def _attributes(name: str, inside: str) -> str:
    return f'<x:attributeGroup name="{name}">{inside}</x:attributeGroup>'


def _section(name: str, attributes: str) -> str:
    groups = "".join(f'<x:attributeGroup ref="c:{group}"/>' for group in attributes.split())
    return (
        f'<x:group name="{name}"><x:sequence><x:any namespace="##any" minOccurs="0" maxOccurs="unbounded"'
        f' processContents="lax"/></x:sequence></x:group><x:complexType name="{name}"><x:group ref="c:{name}"'
        f' minOccurs="0"/>{groups}</x:complexType><x:element name="{name}" type="c:{name}"/>'
    )


def _simple(name: str) -> str:
    return (
        f'<x:complexType name="{name}"><x:simpleContent><x:extension base="x:{name}">'
        '<x:attributeGroup ref="c:commonAttributes"/></x:extension></x:simpleContent></x:complexType>'
        f'<x:element name="{name}" type="c:{name}"/>'
    )


def _encoding() -> str:
    """Return the schema of SOAP 1.1's encoding (5): arrays, structs, and values that may be referred to."""
    own = "".join(f'<x:attribute name="{name}" type="x:string"/>' for name in ("arrayType", "offset", "position"))
    common = '<x:attribute name="id" type="x:ID"/><x:attribute name="href" type="x:anyURI"/>'
    return (
        f'<x:schema xmlns:x="{_XSD}" xmlns:c="{_ENCODING}" targetNamespace="{_ENCODING}">'
        + own
        + _attributes("commonAttributes", common)
        + _attributes("arrayAttributes", '<x:attribute ref="c:arrayType"/><x:attribute ref="c:offset"/>')
        + _attributes("arrayMemberAttributes", '<x:attribute ref="c:position"/>')
        + _section("Array", "arrayAttributes commonAttributes")
        + _section("Struct", "commonAttributes")
        + '<x:simpleType name="base64"><x:restriction base="x:base64Binary"/></x:simpleType>'
        + "".join(map(_simple, _SIMPLE))
        + "</x:schema>"
    )


def _xml() -> str:
    """Return the schema of the attributes that every element of XML may have."""
    names = "".join(f'<x:attribute name="{name}" type="x:string"/>' for name in ("lang", "space", "base", "id"))
    return f'<x:schema xmlns:x="{_XSD}" targetNamespace="{_XML}">{names}</x:schema>'


WELL_KNOWN = {
    "http://schemas.xmlsoap.org/soap/encoding/": _encoding().encode(),
    "https://schemas.xmlsoap.org/soap/encoding/": _encoding().encode(),
    "http://schemas.xmlsoap.org/soap/encoding": _encoding().encode(),
    "http://www.w3.org/2001/xml.xsd": _xml().encode(),
    "http://www.w3.org/2001/03/xml.xsd": _xml().encode(),
}
