"""Oracle Service Cloud: Connect Web Services for SOAP as the demo simulates it, with the suite's people and weather."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from hub.demo.service_cloud.contract import FAULTS, wsdl
from hub.demo.service_cloud.server import PATH, SimulatedServiceCloud
from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.soap_envelope import fault
from tests.conformance.systems.system import Person, Written

KNOWN = Person("501", "Petra Vogt", "+493515550123", "petra@example.com", (), ("261118-000004", "261119-000001"))
SHARED: tuple[Person, ...] = (
    Person("511", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("512", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
_RAW = {"501": "03515550123", "511": "493515550777", "512": "3515550777"}
"""The same number may have been typed in any form."""


class OracleServiceCloud(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        tables = {
            "Contact": [_contact(person) for person in self.people],
            "Incident": [
                *(_incident(case, KNOWN.id, "1") for case in KNOWN.cases),
                _incident("261001-000001", KNOWN.id, "2"),
                _incident("261120-000009", "999", "1"),
            ],
        }
        self._service = SimulatedServiceCloud(tables, username=self.username, password=self.password)

    @property
    def environment(self) -> dict[str, str]:
        return {"OSC_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {"wsdl": f"{self.url}{PATH}?wsdl=typed", "url": f"{self.url}{PATH}"}

    def is_contract(self, request: web.Request) -> bool:
        return request.method == "GET"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=wsdl("https://dead.example/soap"), content_type="text/xml")
        response = self._service.answer(await request.read())
        self._keep_new()
        return response

    def _keep_new(self) -> None:
        tables = self._service.tables
        for task in tables["Task"]:
            kind, _, interaction = task["Name"].partition(" ")
            self._keep_once(f"task {task['ID']}", {"Call": "activity", "Note": "note"}[kind], interaction,
                            task["Contact.ID"], task["Comment"])  # fmt: skip
        for incident in tables["Incident"]:
            if reference := incident["CustomFields.c.ctihub_reference"]:
                text = f"{incident['Subject']}\n{incident['Threads.Text']}"
                self._keep_once(f"incident {incident['ID']}", "case", reference,
                                incident["PrimaryContact.Contact.ID"], text)  # fmt: skip

    def _keep_once(self, key: str, kind: str, interaction: str, customer: str, text: str) -> None:
        if key not in self._written:
            self.keep(key, Written(kind, interaction, customer, text))

    def refused(self, _asked: str) -> web.StreamResponse:
        return _request_error("INVALID_LOGIN", "Access Denied: invalid login credentials")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return _request_error("ACCESS_DENIED", "Access Denied: the profile does not permit public SOAP API")

    def fault(self, asked: str) -> web.StreamResponse:
        return _request_error("INVALID_REQUEST", f"Invalid ROQL: petra@example.com, 03515550123 in {asked[-300:]}")


def _request_error(code: str, words: str) -> web.StreamResponse:
    return service_fault("RequestErrorFault", code, words)


def service_fault(element: str, code: str, words: str) -> web.StreamResponse:
    """Return one of the service's three faults: RequestErrorFault, ServerErrorFault, UnexpectedErrorFault."""
    detail = (
        f'<rnf:{element} xmlns:rnf="{FAULTS}"><rnf:exceptionCode>{code}</rnf:exceptionCode>'
        f"<rnf:exceptionMessage>{escape(words)}</rnf:exceptionMessage></rnf:{element}>"
    )
    return fault(f"rnf:{code}", words, detail, namespaces=f'xmlns:rnf="{FAULTS}"')


def _contact(person: Person) -> dict[str, str]:
    given, _, surname = person.name.partition(" ")
    return {
        "ID": person.id,
        "LookupName": person.name,
        "Name.First": given,
        "Name.Last": surname,
        "Title": "",
        "Organization.Name": "Hansen Maschinenbau GmbH",
        "Phones.Number": person.phone,
        "Phones.RawNumber": _RAW[person.id],
        "Emails.Address": person.email,
        "Address.Street": "Lindenallee 12",
        "Address.City": "Dresden",
        "Address.PostalCode": "01067",
        "Address.Country.ISOCode": "DE",
    }


def _incident(reference: str, contact: str, status_type: str) -> dict[str, str]:
    return {
        "ReferenceNumber": reference,
        "Subject": "Pump leaks",
        "StatusWithType.Status.LookupName": "Unresolved" if status_type == "1" else "Solved",
        "StatusWithType.StatusType.ID": status_type,
        "Severity.LookupName": "High",
        "CreatedTime": "2026-11-18T08:15:00Z",
        "PrimaryContact.Contact.ID": contact,
    }
