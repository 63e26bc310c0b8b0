"""Siebel's WC_Contacts_BS: session headers, query by example with children, Execute with operations on nodes."""

from __future__ import annotations

import itertools
import re
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.soap_envelope import ENVELOPE, body_of, fault, header
from tests.conformance.systems.system import Person, Weather, Written

UI = "http://siebel.com/CustomUI"
IO = "http://www.siebel.com/xml/WC_Contacts_IO/"
SESSION = "http://siebel.com/webservices"
TOKEN = "r_9ZOOH4lJjb"
KNOWN = Person("1-3HQ5", "Petra O'Neil", "+493515550123", "petra.o'neil@example.com", cases=("1-0042", "1-0044"))
SHARED: tuple[Person, ...] = (
    Person("1-3HQ7", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("1-3HQ8", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
CLOSED = {"SRNumber": "1-0043", "Id": "1-0043", "Abstract": "Old", "Status": "Closed"}
_FIELDS = (
    *("Id", "LastName", "FirstName", "FullName", "JobTitle", "EmailAddress", "WorkPhone", "CellularPhone"),
    *("HomePhone", "PrimaryAccountName", "PrimaryStreetAddress", "PrimaryPostalCode", "PrimaryCity"),
    *("PrimaryCountry", "PreferredLanguageCode"),
)
_ACTION = (*("Id", "ActivitySRId", "CallId", "Comment2", "Description2", "Done", "Started", "Status", "Type"),)
_REQUEST = (
    *("Id", "Created", "Abstract", "IntegrationId", "Description3", "SRNumber", "Severity", "Source", "Status"),
)
_TERM = re.compile(r"\s*(=|<>)\s*'((?:[^']|'')*)'\s*")


def fits(value: str, example: str) -> bool:
    """Whether a field's value fits a query by example: comparisons joined by OR or by AND. Raises ValueError."""
    joint = " OR " if re.search(r"'\s+OR\s+", example) else " AND "
    found, position = [], 0
    while position < len(example):
        term = _TERM.match(example, position)
        if term is None:
            raise ValueError("no query by example")
        wanted = term[2].replace("''", "'")
        if any(wildcard in wanted for wildcard in "*?\\"):
            raise ValueError("a wildcard")
        found.append((value == wanted) if term[1] == "=" else (value != wanted))
        position = term.end()
        if position < len(example):
            if not example.startswith(joint.strip(), position):
                raise ValueError("no query by example")
            position += len(joint.strip())
    return any(found) if joint == " OR " else all(found)


def _type(name: str, fields: tuple[str, ...], kind: str, children: str, attributes: str) -> str:
    elements = "".join(f'<x:element name="{field}" type="{kind}" minOccurs="0"/>' for field in fields)
    return (
        f'<x:complexType name="{name}"><x:sequence>{elements}{children}</x:sequence>'
        + "".join(f'<x:attribute name="{one}" type="x:string"/>' for one in attributes.split())
        + "</x:complexType>"
    )


def _schema(part: str, prefix: str, kind: str, many: str, *, lists: str, rows: str) -> str:
    def group(name: str, of: str) -> str:
        return (
            f'<x:complexType name="ListOf{name}{part}"><x:sequence>'
            f'<x:element name="{of}" type="{prefix}:{of}{part}" minOccurs="0" maxOccurs="{many}"/></x:sequence>'
            + "".join(f'<x:attribute name="{one}" type="x:string"/>' for one in lists.split())
            + "</x:complexType>"
        )

    children = "".join(
        f'<x:element name="ListOf{name}" type="{prefix}:ListOf{name}{part}" minOccurs="0"/>'
        for name in ("Action", "ServiceRequest")
    )
    extra = (
        '<x:complexType name="queryType"><x:simpleContent><x:extension base="x:string">'
        '<x:attribute name="sortorder" type="x:string"/></x:extension></x:simpleContent></x:complexType>'
        if part == "Query"
        else ""
    )
    return (
        f'<x:schema targetNamespace="{IO}{part}" elementFormDefault="qualified">'
        f'<x:element name="ListOfWc_Contacts_Io" type="{prefix}:ListOfWc_Contacts_Io{part}"/>'
        + group("Wc_Contacts_Io", "Contact")
        + group("Action", "Action")
        + group("ServiceRequest", "ServiceRequest")
        + _type(f"Contact{part}", _FIELDS, kind, children, rows)
        + _type(f"Action{part}", _ACTION, kind, "", rows)
        + _type(f"ServiceRequest{part}", _REQUEST, kind, "", rows)
        + extra
        + "</x:schema>"
    )


def _message(name: str, prefix: str, *, asks: bool) -> str:
    further = (
        '<x:element name="LOVLanguageMode" type="x:string"/><x:element name="ViewMode" type="x:string" minOccurs="0"/>'
        if asks
        else ""
    )
    return (
        f'<x:element name="{name}"><x:complexType><x:sequence><x:element ref="{prefix}:ListOfWc_Contacts_Io"/>{further}'
        "</x:sequence></x:complexType></x:element>"
    )


_OPERATIONS = ("WC_Contacts_BSQueryPage", "WC_Contacts_BSExecute")
WSDL = (
    f'<definitions targetNamespace="{UI}" xmlns:t="{UI}" xmlns="http://schemas.xmlsoap.org/wsdl/"'
    ' xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema"'
    f' xmlns:q="{IO}Query" xmlns:d="{IO}Data" xmlns:i="{IO}Id"><types>'
    f'<x:schema targetNamespace="{UI}" elementFormDefault="qualified">'
    + "".join(f'<x:import namespace="{IO}{part}"/>' for part in ("Query", "Data", "Id"))
    + _message("WC_Contacts_BSQueryPage_Input", "q", asks=True)
    + _message("WC_Contacts_BSQueryPage_Output", "d", asks=False)
    + _message("WC_Contacts_BSExecute_Input", "d", asks=True)
    + _message("WC_Contacts_BSExecute_Output", "i", asks=False)
    + "</x:schema>"
    + _schema("Query", "q", "q:queryType", "1", lists="pagesize startrownum recordcountneeded", rows="searchspec")
    + _schema("Data", "d", "x:string", "unbounded", lists="lastpage recordcount", rows="operation")
    + _schema("Id", "i", "x:string", "unbounded", lists="", rows="")
    + "</types>"
    + "".join(
        f'<message name="{name}_{way}"><part name="{name}_{way}" element="t:{name}_{way}"/></message>'
        for name in _OPERATIONS
        for way in ("Input", "Output")
    )
    + '<portType name="WC_Contacts_BS">'
    + "".join(
        f'<operation name="{name}"><input message="t:{name}_Input"/><output message="t:{name}_Output"/></operation>'
        for name in _OPERATIONS
    )
    + '</portType><binding name="WC_Contacts_BS" type="t:WC_Contacts_BS">'
    '<s:binding transport="http://schemas.xmlsoap.org/soap/http"/>'
    + "".join(
        f'<operation name="{name}"><s:operation soapAction="document/{UI}:{name}"/><input><s:body use="literal"/>'
        '</input><output><s:body use="literal"/></output></operation>'
        for name in _OPERATIONS
    )
    + '</binding><service name="WC_Contacts_BS"><port name="WC_Contacts_BS" binding="t:WC_Contacts_BS">'
    '<s:address location="http://webserver/start.swe"/></port></service></definitions>'
)


class OracleSiebel(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._newest: dict[str, str] = {}
        """Session to the one token that it takes."""
        self.misused = 0
        """Requests with a token that was not its session's newest."""
        self.envelopes: list[str] = []
        self._children: dict[tuple[str, str], list[dict[str, str]]] = {}
        for number in KNOWN.cases:
            self._below(KNOWN.id, "ServiceRequest").append(
                {
                    "Id": number,
                    "SRNumber": number,
                    "Abstract": "Pump",
                    "Status": "Open",
                    "Created": "11/20/2026 08:15:00",
                }
            )
        self._below(KNOWN.id, "ServiceRequest").append(CLOSED)

    @property
    def environment(self) -> dict[str, str]:
        return {"SIEBEL_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {"wsdl": f"{self.url}/contacts.wsdl", "url": f"{self.url}/eai/enu?WSSOAP=1"}

    def is_contract(self, request: web.Request) -> bool:
        return request.method == "GET"

    def _below(self, contact: str, kind: str) -> list[dict[str, str]]:
        return self._children.setdefault((contact, kind), [])

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=WSDL, content_type="text/xml")
        text = await request.text()
        self.envelopes.append(text)
        if self.weather is Weather.FORGETFUL:
            self._newest.clear()
            self.weather = Weather.FINE
        session = self._session(text)
        if isinstance(session, web.Response):
            return session
        call = body_of(text)
        if request.headers["SOAPAction"] != f'"document/{UI}:{etree.QName(call).localname.removesuffix("_Input")}"':
            return self.fault(text)
        try:
            content = self._query(call) if "QueryPage" in call.tag else self._execute(call)
        except ValueError:
            return self.fault(text)
        return self._reply(session, content)

    def _session(self, text: str) -> str | web.Response:
        token = header(text, f"{{{SESSION}}}SessionToken")
        if header(text, f"{{{SESSION}}}SessionType") != "Stateless":
            return self.fault(text)
        if token:
            session = token.partition(".")[0]
            if self._newest.get(session) != token:
                self.misused += session in self._newest
                return self._fault(
                    "10944642", "Error: Inbound SOAP Message - Session Token is missing or invalid or has expired"
                )
            return session
        user = header(text, f"{{{SESSION}}}UsernameToken"), header(text, f"{{{SESSION}}}PasswordText")
        if user != (self.username, self.password):
            return self.refused(text)
        self.signed_in += 1
        return f"s{self.signed_in}"

    def _reply(self, session: str, content: str) -> web.Response:
        token = self._newest[session] = f"{session}.{next(self._numbers)}-{TOKEN}"
        return web.Response(
            text=f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Header><siebel-header:SessionToken'
            f' xmlns:siebel-header="{SESSION}">{token}</siebel-header:SessionToken></e:Header>'
            f"<e:Body>{content}</e:Body></e:Envelope>",
            content_type="text/xml",
        )

    def _query(self, call: etree._Element) -> str:
        data = f"{{{IO}Query}}"
        if not call.findtext(f"{{{UI}}}LOVLanguageMode"):
            raise ValueError("LOVLanguageMode is missing")
        example = call.find(f"{data}ListOfWc_Contacts_Io/{data}Contact")
        if example is None:
            raise ValueError("no example")
        contacts = [self._contact(person) for person in self.people]
        found = [contact for contact in contacts if _all_fit(contact, example)]
        inside = "".join(
            f"<Contact>{_wanted(contact, example)}{self._nested(contact, example)}</Contact>" for contact in found
        )
        return (
            f'<n:WC_Contacts_BSQueryPage_Output xmlns:n="{UI}"><ListOfWc_Contacts_Io xmlns="{IO}Data" lastpage="true"'
            f' recordcount="{len(found)}">{inside}</ListOfWc_Contacts_Io></n:WC_Contacts_BSQueryPage_Output>'
        )

    def _contact(self, person: Person) -> dict[str, str]:
        first, _, last = person.name.partition(" ")
        number = "CellularPhone" if person in SHARED[1:] else "WorkPhone"
        return {
            "Id": person.id,
            "FirstName": first,
            "LastName": last,
            "EmailAddress": person.email,
            number: "0" + person.phone.removeprefix("+49") if person in SHARED else person.phone,
        }

    def _nested(self, contact: dict[str, str], example: etree._Element) -> str:
        written = ""
        for kind in ("Action", "ServiceRequest"):
            child = example.find(f"{{{IO}Query}}ListOf{kind}/{{{IO}Query}}{kind}")
            if child is not None:
                rows = [row for row in self._below(contact["Id"], kind) if _all_fit(row, child)]
                inside = "".join(f"<{kind}>{_wanted(row, child)}</{kind}>" for row in rows)
                written += f"<ListOf{kind}>{inside}</ListOf{kind}>"
        return written

    def _execute(self, call: etree._Element) -> str:
        data = f"{{{IO}Data}}"
        contact = call.find(f"{data}ListOfWc_Contacts_Io/{data}Contact")
        identifier = "" if contact is None else contact.findtext(f"{data}Id") or ""
        if (
            contact is None
            or contact.get("operation") != "skipnode"
            or identifier not in {one.id for one in self.people}
        ):
            raise ValueError("no contact")
        made = ""
        for kind in ("Action", "ServiceRequest"):
            for row in contact.iterfind(f"{data}ListOf{kind}/{data}{kind}"):
                if row.get("operation") != "insert":
                    raise ValueError("no insert")
                fields = {etree.QName(one).localname: one.text or "" for one in row}
                fields["Id"] = f"1-W{next(self._numbers)}"
                self._below(identifier, kind).append(fields)
                self._keep(kind, identifier, fields)
                made += f"<ListOf{kind}><{kind}><Id>{fields['Id']}</Id></{kind}></ListOf{kind}>"
        return (
            f'<n:WC_Contacts_BSExecute_Output xmlns:n="{UI}"><ListOfWc_Contacts_Io xmlns="{IO}Id"><Contact>'
            f"<Id>{identifier}</Id>{made}</Contact></ListOfWc_Contacts_Io></n:WC_Contacts_BSExecute_Output>"
        )

    def _keep(self, kind: str, contact: str, fields: dict[str, str]) -> None:
        if kind == "ServiceRequest":
            what, interaction, text = "case", fields["IntegrationId"], fields.get("Description3", "")
        else:
            what = "activity" if fields["Type"].startswith("Call - ") else "note"
            interaction, text = fields["CallId"], fields.get("Comment2", "")
        self.keep(fields["Id"], Written(what, interaction, contact, text))

    def _fault(self, code: str, words: str) -> web.Response:
        detail = (
            '<siebelf:siebdetail xmlns:siebelf="http://www.siebel.com/ws/fault"><siebelf:errorstack><siebelf:error>'
            f"<siebelf:errorcode>({code})</siebelf:errorcode><siebelf:errormsg>{escape(words)}</siebelf:errormsg>"
            "</siebelf:error></siebelf:errorstack></siebelf:siebdetail>"
        )
        return fault("e:Server", words, detail)

    def refused(self, _asked: str) -> web.Response:
        return self._fault("SBL-SEC-10001", "An internal error has occurred within the authentication subsystem")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return self._fault("SBL-DAT-00176", "You do not have the responsibility to access this business object")

    def fault(self, asked: str) -> web.Response:
        return self._fault(
            "SBL-EAI-04376", f"Method 'QueryPage' failed for {' '.join(re.findall(r'[^<>]+@[^<>]+', asked))}"
        )

    def throttled(self, _asked: str) -> web.StreamResponse:
        return self._fault("SBL-SMI-00107", "The maximum number of tasks is already running on the component")


def _all_fit(row: dict[str, str], example: etree._Element) -> bool:
    return all(
        fits(row.get(etree.QName(field).localname, ""), field.text)
        for field in example
        if field.text and not etree.QName(field).localname.startswith("ListOf")
    )


def _wanted(row: dict[str, str], example: etree._Element) -> str:
    names = [etree.QName(field).localname for field in example]
    return "".join(f"<{name}>{escape(row[name])}</{name}>" for name in names if name in row)
