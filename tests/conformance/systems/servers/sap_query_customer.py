"""SAP's A2X services: customers over SOAP 1.1 and 1.2, sales orders, tickets and phone calls over SOAP 1.1."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.soap_envelope import ENVELOPE
from tests.conformance.systems.system import Person, Written

GLOBAL = "http://sap.com/xi/SAPGlobal20/Global"
A1S = "http://sap.com/xi/A1S/Global"
FAULTS = "http://sap.com/xi/AP/Common/Global"
ENVELOPE_12 = "http://www.w3.org/2003/05/soap-envelope"
KNOWN = Person(
    "1000481", "Petra Vogt", "+493515550123", "petra@example.com", orders=("2723", "2724"), cases=("42", "43")
)
SHARED: tuple[Person, ...] = (
    Person("1000482", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("1000483", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
_MANY = 'minOccurs="0" maxOccurs="unbounded"'


def _plain(*names: str) -> str:
    return "".join(f'<x:element name="{name}" type="x:string" minOccurs="0"/>' for name in names)


def _inside(name: str, content: str, occurs: str = 'minOccurs="0"', attributes: str = "") -> str:
    extra = "".join(f'<x:attribute name="{one}" type="x:string"/>' for one in attributes.split())
    return (
        f'<x:element name="{name}" {occurs}><x:complexType><x:sequence>{content}</x:sequence>{extra}</x:complexType>'
        "</x:element>"
    )


def _selection(name: str, value: str) -> str:
    codes = _plain(
        "InclusionExclusionCode", "IntervalBoundaryTypeCode", f"LowerBoundary{value}", f"UpperBoundary{value}"
    )
    return _inside(name, codes, _MANY)


_CONDITIONS = _inside(
    "ProcessingConditions",
    '<x:element name="QueryHitsMaximumNumberValue" type="x:int" minOccurs="0"/>'
    '<x:element name="QueryHitsUnlimitedIndicator" type="x:boolean"/>',
)
_CUSTOMER = _inside(
    "Customer",
    _plain("InternalID", "CategoryCode")
    + _inside("Person", _plain("GivenName", "FamilyName"))
    + _inside(
        "AddressInformation",
        _inside(
            "Address",
            '<x:element name="EmailURI" minOccurs="0"><x:complexType><x:simpleContent><x:extension base="x:string">'
            '<x:attribute name="schemeID" type="x:string"/></x:extension></x:simpleContent></x:complexType></x:element>'
            + _inside("Telephone", _plain("FormattedNumberDescription"), _MANY),
        ),
        _MANY,
    ),
    _MANY,
)
_HEADER = _inside("BasicMessageHeader", _plain("ID", "UUID"))
_PARTY = _plain("BusinessPartnerInternalID")
_STATUS = "ItemListCustomerOrderLifeCycleStatusCode"

Message = tuple[str, str]
"""Its element, and what is inside."""
_FOUND: Message = ("CustomerByCommunicationDataResponse_sync", _CUSTOMER)
SERVICES: dict[str, dict[str, tuple[Message, Message]]] = {
    "QueryCustomerIn": {
        "FindByCommunicationData": (
            (
                "CustomerByCommunicationDataQuery_sync",
                _inside(
                    "CustomerSelectionByCommunicationData",
                    _selection("SelectionByNormalisedTelephoneNumber", "NormalisedTelephoneNumber")
                    + _selection("SelectionByEmailURI", "EmailURI"),
                )
                + _CONDITIONS,
            ),
            _FOUND,
        ),
        "FindByIdentification": (
            (
                "CustomerByIdentificationQuery_sync",
                _inside("CustomerSelectionByIdentification", _selection("SelectionByInternalID", "InternalID"))
                + _CONDITIONS,
            ),
            ("CustomerByIdentificationResponse_sync", _CUSTOMER),
        ),
    },
    "QuerySalesOrderIn": {
        "FindByElements": (
            (
                "SalesOrderByElementsQuery_sync",
                _inside(
                    "SalesOrderSelectionByElements",
                    _selection("SelectionByBuyerPartyID", "PartyID") + _selection(f"SelectionBy{_STATUS}", _STATUS),
                )
                + _CONDITIONS,
            ),
            (
                "SalesOrderByElementsResponse_sync",
                _inside(
                    "SalesOrder",
                    _plain("ID", "PostingDate", "Name")
                    + _inside("Status", _plain(_STATUS))
                    + _inside("AccountParty", _plain("PartyID")),
                    _MANY,
                ),
            ),
        )
    },
    "QueryServiceRequestIn": {
        "FindByElements": (
            (
                "ServiceRequestByElementsQuery_sync",
                _inside(
                    "ServiceRequestSelectionByElements",
                    _selection("SelectionByLifeCycleStatusCode", "Code")
                    + _selection("SelectionByBuyerPartyID", "Identifier"),
                )
                + _CONDITIONS,
            ),
            (
                "ServiceRequestByElementsResponse_sync",
                _inside(
                    "ServiceRequest",
                    _plain("ID", "Name", "LifeCycleStatusCode") + _inside("BuyerParty", _PARTY),
                    _MANY,
                ),
            ),
        )
    },
    "ManageServiceRequestIn": {
        "MaintainBundle": (
            (
                "ServiceRequestBundleMaintainRequest2_sync",
                _HEADER
                + _inside(
                    "ServiceRequest",
                    _plain("ID", "Name", "DataOriginTypeCode")
                    + _inside("BuyerParty", _PARTY)
                    + _inside("Text", _plain("TypeCode", "CreationDateTime", "Content"), _MANY, "actionCode"),
                    _MANY,
                    "actionCode",
                ),
            ),
            (
                "ServiceRequestBundleMaintainConfirmation2_sync",
                _inside("ServiceRequest", _plain("ChangeStateID", "UUID", "ID"), _MANY),
            ),
        )
    },
    "ManagePhoneCallActivityIn": {
        "MaintainBundle": (
            (
                "PhoneCallActivityBundleMaintainRequest_sync_V1",
                _HEADER
                + _inside(
                    "PhoneCallActivity",
                    _plain("UUID", "Name", "DataOriginTypeCode", "LifeCycleStatusCode")
                    + _inside("MainActivityParty", _PARTY)
                    + _inside("Text", _plain("TextTypeCode", "ContentText", "CreationDateTime"), _MANY, "actionCode"),
                    _MANY,
                    "actionCode",
                ),
            ),
            (
                "PhoneCallActivityBundleMaintainConfirmation_sync_V1",
                _inside("PhoneCallActivity", _plain("ChangeStateID", "UUID"), _MANY),
            ),
        )
    },
}


def wsdl(service: str, address: str) -> str:
    """Return a service's WSDL, with a port for SOAP 1.1 and one for 1.2, as SAP's have."""
    operations = SERVICES[service]
    messages = {element: content for pair in operations.values() for element, content in pair}
    schema = "".join(_inside(element, content, "") for element, content in messages.items())
    declared = "".join(
        f'<w:message name="{element}"><w:part name="{element}" element="g:{element}"/></w:message>'
        for element in messages
    )
    port_type = "".join(
        f'<w:operation name="{name}"><w:input message="t:{asked}"/><w:output message="t:{told}"/></w:operation>'
        for name, ((asked, _), (told, _)) in operations.items()
    )
    bindings, ports = "", ""
    for prefix, name in (("s", "binding"), ("s12", "binding_SOAP12")):
        body = f'<{prefix}:body use="literal"/>'
        bound = "".join(
            f'<w:operation name="{one}"><{prefix}:operation soapAction="{A1S}/{service}/{one}Request"/>'
            f"<w:input>{body}</w:input><w:output>{body}</w:output></w:operation>"
            for one in operations
        )
        bindings += (
            f'<w:binding name="{name}" type="t:{service}"><{prefix}:binding'
            f' transport="http://schemas.xmlsoap.org/soap/http" style="document"/>{bound}</w:binding>'
        )
        ports += f'<w:port name="{name}" binding="t:{name}"><{prefix}:address location="{address}"/></w:port>'
    return (
        f'<w:definitions targetNamespace="{A1S}" xmlns:t="{A1S}" xmlns:g="{GLOBAL}"'
        ' xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:w="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/">'
        f'<w:types><x:schema targetNamespace="{GLOBAL}">{schema}</x:schema></w:types>{declared}'
        f'<w:portType name="{service}">{port_type}</w:portType>{bindings}'
        f'<w:service name="service">{ports}</w:service></w:definitions>'
    )


class SapQueryCustomer(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[str, str] = {}
        """What was answered to a message, by the UUID in its header: the same message is done once."""

    @property
    def environment(self) -> dict[str, str]:
        return {"SAP_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        contracts = {
            "sales_orders": "QuerySalesOrderIn",
            "tickets": "QueryServiceRequestIn",
            "manage_tickets": "ManageServiceRequestIn",
            "phone_calls": "ManagePhoneCallActivityIn",
        }
        return {
            "wsdl": f"{self.url}/QueryCustomerIn?wsdl",
            "url": f"{self.url}/QueryCustomerIn",
            "contracts": {name: {"wsdl": f"{self.url}/{service}?wsdl"} for name, service in contracts.items()},
        }

    def is_contract(self, request: web.Request) -> bool:
        return request.method == "GET"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        service = request.path.strip("/")
        if request.method == "GET":
            return web.Response(text=wsdl(service, f"{self.url}/{service}"), content_type="text/xml")
        text = await request.text()
        if not self.is_basic(request):
            return web.Response(status=401, text="<html>Logon failed</html>")
        envelope = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))
        namespace = etree.QName(envelope).namespace or ""
        body = envelope.find(f"{{{namespace}}}Body")
        known = {pair[0][0]: (name, pair[1][0]) for name, pair in SERVICES.get(service, {}).items()}
        asked = None if body is None or len(body) != 1 else body[0]
        name = "" if asked is None else etree.QName(asked).localname
        said = request.headers.get("SOAPAction", "") + request.headers["Content-Type"]
        if asked is None or name not in known or f'"{A1S}/{service}/{known[name][0]}Request"' not in said:
            return self.fault(text)
        try:
            content = self._content(service, asked)
        except ValueError:
            return self.fault(text)
        return _envelope(namespace, f'<g:{known[name][1]} xmlns:g="{GLOBAL}">{content}</g:{known[name][1]}>')

    def _content(self, service: str, asked: etree._Element) -> str:
        match service:
            case "QueryCustomerIn":
                return self._customers(asked)
            case "QuerySalesOrderIn":
                wanted = _selected(asked, "SelectionByBuyerPartyID", "PartyID")
                closed = _excluded(asked, f"SelectionBy{_STATUS}", _STATUS)
                return "".join(_order(*row) for row in _orders() if row[1] in wanted and row[2] not in closed)
            case "QueryServiceRequestIn":
                wanted = _selected(asked, "SelectionByBuyerPartyID", "Identifier")
                closed = _excluded(asked, "SelectionByLifeCycleStatusCode", "Code")
                return "".join(_ticket(*row) for row in _tickets() if row[1] in wanted and row[2] not in closed)
        return self._maintained(asked)

    def _customers(self, asked: etree._Element) -> str:
        phones = _selected(asked, "SelectionByNormalisedTelephoneNumber", "NormalisedTelephoneNumber")
        emails = _selected(asked, "SelectionByEmailURI", "EmailURI")
        ids = _selected(asked, "SelectionByInternalID", "InternalID")
        found = [one for one in self.people if one.phone in phones or one.email in emails or one.id in ids]
        return "".join(map(_customer, found))

    def _maintained(self, asked: etree._Element) -> str:
        uuid = asked.findtext("BasicMessageHeader/UUID") or ""
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid):
            raise ValueError("a message that writes needs its UUID")
        if uuid not in self._answers:
            self._answers[uuid] = self._made(asked, uuid)
        return self._answers[uuid]

    def _made(self, asked: etree._Element, uuid: str) -> str:
        made = asked[1]
        kind = etree.QName(made).localname
        text = made.findtext("Text/ContentText") or made.findtext("Text/Content") or ""
        party = made.findtext("*/BusinessPartnerInternalID") or ""
        said = re.search(r"\(([^()]+)\)$", text)
        if made.get("actionCode") != "01" or said is None or party not in {one.id for one in self.people}:
            raise ValueError("nothing can be made of this")
        name = made.findtext("Name") or ""
        what = "case" if kind == "ServiceRequest" else "note" if name.startswith("Note: ") else "activity"
        self.keep(uuid, Written(what, said[1], party, text))
        number = f"<ID>{len(self._answers) + 1}</ID>" if kind == "ServiceRequest" else ""
        return f"<{kind}><ChangeStateID>1</ChangeStateID><UUID>{uuid}</UUID>{number}</{kind}>"

    def refused(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=401, text="<html>Logon failed</html>")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=403, text="<html>Forbidden</html>")

    def fault(self, asked: str) -> web.StreamResponse:
        """SAP's standard fault, in the version of SOAP that was asked in."""
        words = escape(f"Web service processing error {' '.join(re.findall(r'[^<>]+@[^<>]+', asked))}")
        detail = (
            f'<f:StandardFaultMessage xmlns:f="{FAULTS}"><standard><faultText>{words}</faultText><faultDetail>'
            "<severity>E</severity><text>Web service processing error; more details in the log</text>"
            "<id>CX_FAULT</id></faultDetail></standard></f:StandardFaultMessage>"
        )
        if ENVELOPE_12 not in asked:
            return _envelope(
                ENVELOPE,
                f"<e:Fault><faultcode>e:Server</faultcode><faultstring>{words}</faultstring>"
                f"<detail>{detail}</detail></e:Fault>",
                500,
            )
        return _envelope(
            ENVELOPE_12,
            f"<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang='en'>{words}</e:Text>"
            f"</e:Reason><e:Detail>{detail}</e:Detail></e:Fault>",
            500,
        )


def _envelope(namespace: str, content: str, status: int = 200) -> web.Response:
    return web.Response(
        text=f'<e:Envelope xmlns:e="{namespace}"><e:Header/><e:Body>{content}</e:Body></e:Envelope>',
        content_type="application/soap+xml" if namespace == ENVELOPE_12 else "text/xml",
        status=status,
    )


def _values(asked: etree._Element, selection: str, value: str, code: str) -> set[str]:
    rows = [row for row in asked.iter(selection) if row.findtext("InclusionExclusionCode") == code]
    if any(row.findtext("IntervalBoundaryTypeCode") != "1" for row in rows):
        raise ValueError("only single values are known here")
    return {row.findtext(f"LowerBoundary{value}") or "" for row in rows}


def _selected(asked: etree._Element, selection: str, value: str) -> set[str]:
    return _values(asked, selection, value, "I")


def _excluded(asked: etree._Element, selection: str, value: str) -> set[str]:
    return _values(asked, selection, value, "E")


def _customer(person: Person) -> str:
    given, _, family = person.name.partition(" ")
    return (
        f"<Customer><InternalID>{person.id}</InternalID><CategoryCode>1</CategoryCode><Person><GivenName>{given}"
        f"</GivenName><FamilyName>{family}</FamilyName></Person><AddressInformation><Address>"
        f'<EmailURI schemeID="smtp">{person.email}</EmailURI><Telephone><FormattedNumberDescription>{person.phone}'
        "</FormattedNumberDescription></Telephone></Address></AddressInformation></Customer>"
    )


def _orders() -> list[tuple[str, str, str]]:
    """Return number, customer and status of each order."""
    return [*((one, KNOWN.id, "2") for one in KNOWN.orders), ("2700", KNOWN.id, "3"), ("2800", SHARED[0].id, "2")]


def _tickets() -> list[tuple[str, str, str]]:
    """Return number, customer and status of each ticket."""
    return [*((one, KNOWN.id, "1") for one in KNOWN.cases), ("41", KNOWN.id, "4"), ("50", SHARED[0].id, "1")]


def _order(number: str, customer: str, status: str) -> str:
    return (
        f"<SalesOrder><ID>{number}</ID><PostingDate>2026-11-20T00:00:00Z</PostingDate><Name>Pump</Name><Status>"
        f"<{_STATUS}>{status}</{_STATUS}></Status><AccountParty><PartyID>{customer}</PartyID></AccountParty></SalesOrder>"
    )


def _ticket(number: str, customer: str, status: str) -> str:
    return (
        f"<ServiceRequest><ID>{number}</ID><Name>Leaks</Name><LifeCycleStatusCode>{status}</LifeCycleStatusCode>"
        f"<BuyerParty><BusinessPartnerInternalID>{customer}</BusinessPartnerInternalID></BuyerParty></ServiceRequest>"
    )
