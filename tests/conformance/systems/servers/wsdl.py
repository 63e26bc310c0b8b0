"""Small WSDLs, document/literal over SOAP 1.1, put together from names."""

from __future__ import annotations

from collections.abc import Mapping

Fields = Mapping[str, str]
"""Name to type: `text`, `long`, ..., the name of another type, or `[name]` for many of it."""

_PLAIN = {"text": "string", "long": "long", "int": "int", "time": "dateTime", "boolean": "boolean"}


def _field(name: str, kind: str) -> str:
    many = ' maxOccurs="unbounded"' if kind.startswith("[") else ""
    inner = kind.strip("[]")
    type_name = f"x:{_PLAIN[inner]}" if inner in _PLAIN else f"d:{inner}"
    return f'<x:element name="{name}" type="{type_name}" minOccurs="0" nillable="true"{many}/>'


def _inside(fields: Fields) -> str:
    inner = "".join(_field(name, kind) for name, kind in fields.items())
    return f"<x:complexType><x:sequence>{inner}</x:sequence></x:complexType>"


def wsdl(
    service: str,
    namespace: str,
    data: str,
    types: Mapping[str, Fields],
    operations: Mapping[str, tuple[Fields, Fields]],
) -> str:
    """Return a WSDL: `data` is the namespace of the types, `operations` are what each takes and answers."""
    described = "".join(
        _inside(fields).replace("<x:complexType>", f'<x:complexType name="{name}">', 1)
        for name, fields in types.items()
    )
    elements = messages = calls = bound = ""
    for name, (taken, answered) in operations.items():
        elements += f'<x:element name="{name}">{_inside(taken)}</x:element>'
        elements += f'<x:element name="{name}Response">{_inside(answered)}</x:element>'
        for message, element in ((f"{name}In", name), (f"{name}Out", f"{name}Response")):
            messages += f'<w:message name="{message}"><w:part name="parameters" element="t:{element}"/></w:message>'
        calls += (
            f'<w:operation name="{name}"><w:input message="t:{name}In"/><w:output message="t:{name}Out"/></w:operation>'
        )
        bound += (
            f'<w:operation name="{name}"><s:operation soapAction="{namespace}{name}" style="document"/>'
            '<w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation>'
        )
    return f"""<w:definitions targetNamespace="{namespace}" xmlns:t="{namespace}" xmlns:d="{data}"
    xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
    xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"><w:types>
  <x:schema targetNamespace="{data}" elementFormDefault="qualified">{described}</x:schema>
  <x:schema targetNamespace="{namespace}" elementFormDefault="qualified"><x:import namespace="{data}"/>
  {elements}</x:schema></w:types>{messages}<w:portType name="Port">{calls}</w:portType>
  <w:binding name="Binding" type="t:Port"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>{bound}</w:binding>
  <w:service name="{service}"><w:port name="Port" binding="t:Binding"><s:address location="https://dead.example/"/></w:port>
  </w:service></w:definitions>"""
