"""Oracle Fusion's ContactService over SOAP: findContact with criteria, contacts as values of no declared type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from tests.conformance.systems.servers.oracle_fusion import KNOWN, SHARED, STRANGER, Row, contact
from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.soap_envelope import SECURITY, body_of, fault, reply, signed_by

_SERVICE = "http://xmlns.oracle.com/apps/crmCommon/salesParties/contactService/"
_TYPES = _SERVICE + "types/"
_ADF = "http://xmlns.oracle.com/adf/svc/types/"
_ERRORS = "http://xmlns.oracle.com/adf/svc/errors/"
_PATH = "/crmCommonSalesParties/ContactService"
_ADDRESS = ("AddressLine1", "PostalCode", "City", "Country")


def _elements(names: Any, kind: str) -> str:
    return "".join(f'<x:element name="{name}" type="{kind}" minOccurs="0" nillable="true"/>' for name in names)


def _sequence(name: str, content: str) -> str:
    return f'<x:complexType name="{name}"><x:sequence>{content}</x:sequence></x:complexType>'


def _element(name: str, kind: str, extra: str = "") -> str:
    return f'<x:element name="{name}" type="{kind}" {extra}/>'


_MANY = 'minOccurs="0" maxOccurs="unbounded"'
_MAYBE = 'minOccurs="0"'
_CRITERIA = (
    _sequence(
        "FindCriteria",
        _element("fetchStart", "x:int")
        + _element("fetchSize", "x:int")
        + _element("filter", "a:ViewCriteria", _MAYBE)
        + _element("findAttribute", "x:string", _MANY)
        + _element("excludeAttribute", "x:boolean"),
    )
    + _sequence("ViewCriteria", _element("conjunction", "x:string", _MAYBE) + _element("group", "a:Row", _MANY))
    + _sequence(
        "Row",
        _element("conjunction", "x:string", _MAYBE)
        + _element("upperCaseCompare", "x:boolean")
        + _element("item", "a:Item", _MANY),
    )
    + _sequence(
        "Item",
        _element("conjunction", "x:string", _MAYBE)
        + _element("upperCaseCompare", "x:boolean")
        + _element("attribute", "x:string")
        + _element("operator", "x:string")
        + f"<x:choice>{_element('value', 'x:anySimpleType', _MANY)}{_element('nested', 'a:ViewCriteria')}</x:choice>",
    )
    + _sequence("FindControl", _element("retrieveAllTranslations", "x:boolean"))
    + _sequence("DataObjectResult", _element("Value", "x:anyType", _MANY))
)
_CONTACT = (
    _sequence("PrimaryAddress", _elements(_ADDRESS, "x:string"))
    + '<x:complexType name="Contact"><x:sequence><x:element name="PartyId" type="x:long" minOccurs="0"/>'
    + _elements((name for name in contact(KNOWN) if name not in {"PartyId", *_ADDRESS}), "x:string")
    + '<x:element name="PrimaryAddress" type="c:PrimaryAddress" minOccurs="0"/></x:sequence></x:complexType>'
)
_WSDL = f"""<w:definitions targetNamespace="{_SERVICE}" xmlns:c="{_SERVICE}" xmlns:t="{_TYPES}" xmlns:a="{_ADF}"
    xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
    xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"><w:types>
  <x:schema targetNamespace="{_ADF}" elementFormDefault="qualified">{_CRITERIA}</x:schema>
  <x:schema targetNamespace="{_SERVICE}" elementFormDefault="qualified">{_CONTACT}</x:schema>
  <x:schema targetNamespace="{_TYPES}" elementFormDefault="qualified"><x:import namespace="{_ADF}"/>
    <x:element name="findContact"><x:complexType><x:sequence>
      <x:element name="findCriteria" type="a:FindCriteria"/><x:element name="findControl" type="a:FindControl"/>
    </x:sequence></x:complexType></x:element>
    <x:element name="findContactResponse"><x:complexType><x:sequence>
      <x:element name="result" type="a:DataObjectResult"/></x:sequence></x:complexType></x:element>
  </x:schema></w:types>
  <w:message name="In"><w:part name="parameters" element="t:findContact"/></w:message>
  <w:message name="Out"><w:part name="parameters" element="t:findContactResponse"/></w:message>
  <w:portType name="ContactService"><w:operation name="findContact">
    <w:input message="c:In"/><w:output message="c:Out"/></w:operation></w:portType>
  <w:binding name="ContactServiceSoapHttp" type="c:ContactService">
    <s:binding transport="http://schemas.xmlsoap.org/soap/http"/><w:operation name="findContact">
      <s:operation soapAction="{_SERVICE}findContact" style="document"/>
      <w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
  <w:service name="ContactService"><w:port name="ContactServiceSoapHttpPort" binding="c:ContactServiceSoapHttp">
    <s:address location="https://dead.example/ContactService"/></w:port></w:service>
</w:definitions>"""


class OracleFusionSoap(Served):
    known = KNOWN._replace(orders=(), cases=())
    shared = SHARED

    @property
    def environment(self) -> dict[str, str]:
        return {"FUSION_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {"wsdl": f"{self.url}{_PATH}?WSDL", "url": f"{self.url}{_PATH}"}

    def is_contract(self, request: web.Request) -> bool:
        return request.method == "GET"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=_WSDL, content_type="text/xml")
        text = await request.text()
        if not (self.is_basic(request) or signed_by(text) == (self.username, self.password)):
            return self.refused(text)
        call = body_of(text)
        if (
            call.tag != f"{{{_TYPES}}}findContact"
            or request.headers["SOAPAction"].strip('"') != f"{_SERVICE}findContact"
        ):
            return self.fault(text)
        criteria = call.find(f"{{{_TYPES}}}findCriteria")
        if criteria is None or call.findtext(f"{{{_TYPES}}}findControl/{{{_ADF}}}retrieveAllTranslations") != "false":
            return self.fault(text)
        rows = [contact(person) for person in (*self.people, STRANGER)]
        found = [row for row in rows if _fits(criteria, row)]
        wanted = {element.text for element in criteria.iterfind(f"{{{_ADF}}}findAttribute")}
        size = int(criteria.findtext(f"{{{_ADF}}}fetchSize") or "-1")
        values = "".join(_value(row, wanted) for row in (found if size < 0 else found[:size]))
        return reply(
            f'<t:findContactResponse xmlns:t="{_TYPES}"><t:result xmlns:a="{_ADF}" xmlns:c="{_SERVICE}" '
            f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance">{values}</t:result></t:findContactResponse>'
        )

    def refused(self, _asked: str) -> web.StreamResponse:
        words = "FailedAuthentication : The security token cannot be authenticated."
        return fault("wsse:FailedAuthentication", words, namespaces=f'xmlns:wsse="{SECURITY}"')

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=403, text="<html>Forbidden</html>", content_type="text/html")

    def fault(self, asked: str) -> web.StreamResponse:
        words = "JBO-25058: Definition of type Attribute is not found: petra@example.com, +49 351 5550123"
        detail = (
            f'<r:ServiceErrorMessage xmlns:r="{_ERRORS}"><r:code>25058</r:code><r:message>{escape(words)}</r:message>'
            f"<r:severity>SEVERITY_ERROR</r:severity><r:detail><r:message>{escape(asked[:500])}</r:message></r:detail>"
            "</r:ServiceErrorMessage>"
        )
        return fault("e:Server", words, detail)


def _fits(criteria: etree._Element, row: Row) -> bool:
    groups = criteria.findall(f"{{{_ADF}}}filter/{{{_ADF}}}group")
    return all(_group_fits(group, row) for group in groups)


def _group_fits(group: etree._Element, row: Row) -> bool:
    fits = None
    for item in group.iterfind(f"{{{_ADF}}}item"):
        either = item.findtext(f"{{{_ADF}}}conjunction") == "Or"
        one = _item_fits(item, row)
        fits = one if fits is None else (fits or one) if either else (fits and one)
    return bool(fits)


def _item_fits(item: etree._Element, row: Row) -> bool:
    name, operator, upper = (
        item.findtext(f"{{{_ADF}}}{part}") or "" for part in ("attribute", "operator", "upperCaseCompare")
    )
    values = [value.text or "" for value in item.iterfind(f"{{{_ADF}}}value")]
    held = "" if row[name] is None else str(row[name])
    return operator == "=" and bool(held) and (held.upper() if upper == "true" else held) in values


def _value(row: Row, wanted: set[str | None]) -> str:
    return f'<a:Value i:type="c:Contact">{"".join(_fields(row, wanted))}</a:Value>'


def _fields(row: Row, wanted: set[str | None]) -> Iterator[str]:
    for name, value in row.items():
        if name in wanted and name not in _ADDRESS:
            yield f'<c:{name} i:nil="true"/>' if value is None else f"<c:{name}>{escape(str(value))}</c:{name}>"
    if "PrimaryAddress" in wanted:
        lines = "".join(f"<c:{name}>{escape(row[name])}</c:{name}>" for name in _ADDRESS)
        yield f"<c:PrimaryAddress>{lines}</c:PrimaryAddress>"
