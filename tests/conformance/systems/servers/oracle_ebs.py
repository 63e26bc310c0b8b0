"""The contact search service of E-Business Suite: compares the last seven digits, and its calls never fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.soap_envelope import body_of, fault, reply, signed_by
from tests.conformance.systems.servers.wsdl import wsdl
from tests.conformance.systems.system import Person, Written

_NS = "http://tempuri.org/"
_DATA = "http://schemas.datacontract.org/2004/07/EBSMockSvcLib"
_PATH = "/EBSMockSvc/soap"
KNOWN = Person("4429", "Petra Vogt", "+493515550123", "petra@example.com", (), ("17001", "17002"))
SHARED: tuple[Person, ...] = (
    Person("4501", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("4502", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
ELSEWHERE = Person("4600", "Other Area", "+49305550123", "other@example.com")
"""Has the known one's last seven digits, and a whole number of their own."""
LOCAL = Person("4700", "Local Number", "+493515550888", "local@example.com")
"""Of whom only seven digits were typed."""
NAMESAKE = Person("4701", "Whole Number", "+493515550888", "whole@example.com")
"""Whose whole number ends in the same."""
_TYPED = {"4429": "0351-5550123", "4501": "0351 5550777", "4502": "+49 351 555 07 77", "4700": "555-0888"}

_REQUEST = {
    "ContactID": "long", "ErrorMessage": "text", "IncidentRef": "text", "Notes": "text", "RequestDate": "time",
    "RequestID": "long", "RequestNumber": "text", "RequestTypeID": "long", "Severity": "text", "SeverityID": "long",
    "Status": "text", "StatusID": "long", "Summary": "text",
}  # fmt: skip
_CONTACT = {
    "ContactID": "long", "EmailAddress": "text", "ErrorMessage": "text", "FirstName": "text", "LastName": "text",
    "PhoneNumber": "text",
}  # fmt: skip
_INTERACTION = {
    "Author": "text", "Channel": "text", "Content": "text", "Created": "time", "ErrorMessage": "text",
    "InteractionID": "long", "SrID": "long",
}  # fmt: skip
_WSDL = wsdl(
    "EBSMockSvc",
    _NS,
    _DATA,
    {
        "MockEBSContact": _CONTACT,
        "ArrayOfMockEBSContact": {"MockEBSContact": "[MockEBSContact]"},
        "MockEBSServiceRequest": _REQUEST,
        "ArrayOfMockEBSServiceRequest": {"MockEBSServiceRequest": "[MockEBSServiceRequest]"},
        "MockEBSInteraction": _INTERACTION,
        "ArrayOfMockEBSInteraction": {"MockEBSInteraction": "[MockEBSInteraction]"},
        "SROutputParameters": {"Error_Message": "text", "Request_ID": "long"},
        "InteractionOutputParameters": {"Error_Message": "text", "InteractionID": "long"},
    },
    {
        "VerifyInstallation": ({}, {"VerifyInstallationResult": "text"}),
        "cxLookupContact": (
            {"phone": "text", "email": "text", "fn": "text", "ln": "text"},
            {"cxLookupContactResult": "ArrayOfMockEBSContact"},
        ),
        "cxLookupContactDetailsByPartyID": (
            {"contactPartyID": "text"}, {"cxLookupContactDetailsByPartyIDResult": "MockEBSContact"}
        ),
        "wssLookupSRsByContactPartyID": (
            {"contact_id": "text", "maxRows": "int"},
            {"wssLookupSRsByContactPartyIDResult": "ArrayOfMockEBSServiceRequest"},
        ),
        "wssLookupInteractionsBySR_ID": (
            {"sr_id": "text", "contactPartyID": "text", "maxRows": "int"},
            {"wssLookupInteractionsBySR_IDResult": "ArrayOfMockEBSInteraction"},
        ),
        "wssCreateSR": ({"req": "MockEBSServiceRequest"}, {"wssCreateSRResult": "SROutputParameters"}),
        "wssCreateInteractionsForSR_ID": (
            {"req": "MockEBSInteraction"}, {"wssCreateInteractionsForSR_IDResult": "InteractionOutputParameters"}
        ),
    },
)  # fmt: skip

Row = dict[str, Any]


class OracleEbs(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        self.contacts = [_contact(one) for one in (*self.people, ELSEWHERE, LOCAL, NAMESAKE)]
        numbers = [(case, "Open") for case in KNOWN.cases] + [("17000", "Closed")]
        self.requests: list[Row] = [
            _request(9000 + index, number, KNOWN.id, status) for index, (number, status) in enumerate(numbers)
        ]
        self.requests.append(_request(9100, "17900", ELSEWHERE.id, "Open"))
        self.interactions: list[Row] = []
        self.error = ""
        """What every call answers that it failed with."""

    @property
    def environment(self) -> dict[str, str]:
        return {"EBS_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {"wsdl": f"{self.url}{_PATH}?wsdl", "url": f"{self.url}{_PATH}"}

    def is_contract(self, request: web.Request) -> bool:
        return request.method == "GET"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=_WSDL, content_type="text/xml")
        text = await request.text()
        if signed_by(text) != (self.username, self.password):
            return self.refused(text)
        call = body_of(text)
        name = etree.QName(call).localname
        answers: Mapping[str, Callable[[etree._Element], str]] = {
            "VerifyInstallation": lambda _: "ok",
            "cxLookupContact": self._contacts,
            "cxLookupContactDetailsByPartyID": self._contact,
            "wssLookupSRsByContactPartyID": self._requests,
            "wssLookupInteractionsBySR_ID": self._interactions,
            "wssCreateSR": self._new_request,
            "wssCreateInteractionsForSR_ID": self._new_interaction,
        }
        if etree.QName(call).namespace != _NS or name not in answers:
            return self.fault(text)
        inner = answers[name](call)
        return reply(
            f'<t:{name}Response xmlns:t="{_NS}" xmlns:d="{_DATA}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
            f"<t:{name}Result>{inner}</t:{name}Result></t:{name}Response>"
        )

    def _contacts(self, call: etree._Element) -> str:
        if self.error:
            return _rows("MockEBSContact", [{"ErrorMessage": self.error}])
        phone, email = _text(call, "phone"), _text(call, "email")
        if phone and len(phone) < 7:
            return _rows("MockEBSContact", [])
        found = [
            row
            for row in self.contacts
            if (phone and _digits(row["PhoneNumber"])[-7:] == _digits(phone)[-7:])
            or (email and row["EmailAddress"].lower() == email.lower())
        ]
        return _rows("MockEBSContact", found)

    def _contact(self, call: etree._Element) -> str:
        wanted = _text(call, "contactPartyID")
        empty = {"ContactID": 0, "EmailAddress": None}
        return _row(next((row for row in self.contacts if str(row["ContactID"]) == wanted), empty))

    def _requests(self, call: etree._Element) -> str:
        wanted = _text(call, "contact_id")
        return _rows("MockEBSServiceRequest", [row for row in self.requests if str(row["ContactID"]) == wanted])

    def _interactions(self, call: etree._Element) -> str:
        wanted = _text(call, "sr_id")
        return _rows("MockEBSInteraction", [row for row in self.interactions if str(row["SrID"]) == wanted])

    def _new_request(self, call: etree._Element) -> str:
        given = _given(call)
        if self.error or given["ContactID"] not in {str(row["ContactID"]) for row in self.contacts}:
            return _row({"Error_Message": self.error or "ORA-20001: no such party"})
        made = _request(9200 + len(self.requests), f"18{len(self.requests):03}", given["ContactID"], "Open")
        self.requests.append({**made, "IncidentRef": given["IncidentRef"], "Summary": given["Summary"]})
        text = f"{given['Summary']}\n{given.get('Notes', '')}"
        self.keep(str(made["RequestID"]), Written("case", given["IncidentRef"], given["ContactID"], text))
        return _row({"Request_ID": made["RequestID"]})

    def _new_interaction(self, call: etree._Element) -> str:
        given = _given(call)
        request = next((row for row in self.requests if str(row["RequestID"]) == given["SrID"]), None)
        if self.error or request is None:
            return _row({"Error_Message": self.error or "ORA-20002: no such service request"})
        number = 7000 + len(self.interactions)
        self.interactions.append({**given, "SrID": int(given["SrID"]), "InteractionID": number})
        kind, _, interaction = given["Content"].partition("]")[0].strip("[").partition(" ")
        kinds = {"call": "activity", "note": "note"}
        self.keep(str(number), Written(kinds[kind], interaction, str(request["ContactID"]), given["Content"]))
        return _row({"InteractionID": number})

    def refused(self, _asked: str) -> web.StreamResponse:
        words = "Error occured while service was processing SOAP request: ServiceProcessingError: FailedAuthentication"
        return fault("e:Client", words)

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=403, text="<html>Forbidden</html>", content_type="text/html")

    def fault(self, asked: str) -> web.StreamResponse:
        return fault("e:Server", f"ORA-06502 at petra@example.com, +49 351 5550123: {asked[-200:]}")


def _contact(person: Person) -> Row:
    given, _, surname = person.name.partition(" ")
    return {
        "ContactID": int(person.id),
        "EmailAddress": person.email,
        "ErrorMessage": None,
        "FirstName": given,
        "LastName": surname,
        "PhoneNumber": _TYPED.get(person.id, person.phone),
    }


def _request(identifier: int, number: str, contact_id: str, status: str) -> Row:
    return {
        "ContactID": int(contact_id),
        "ErrorMessage": None,
        "IncidentRef": None,
        "RequestDate": "2026-11-18T08:15:00",
        "RequestID": identifier,
        "RequestNumber": number,
        "Severity": "High",
        "Status": status,
        "Summary": "Pump leaks",
    }


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _text(call: etree._Element, name: str) -> str:
    return call.findtext(f"{{{_NS}}}{name}") or ""


def _given(call: etree._Element) -> dict[str, str]:
    [record] = call
    return {etree.QName(field).localname: field.text or "" for field in record}


def _rows(name: str, rows: Iterable[Row]) -> str:
    return "".join(f"<d:{name}>{_row(row)}</d:{name}>" for row in rows)


def _row(row: Row) -> str:
    # Fields stand in the order of their names, as the service's serializer writes them.
    fields = ((name, row[name]) for name in sorted(row, key=str.lower))
    return "".join(
        f'<d:{name} i:nil="true"/>' if value is None else f"<d:{name}>{escape(str(value))}</d:{name}>"
        for name, value in fields
    )
