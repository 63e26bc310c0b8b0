"""An SAP S/4HANA over OData V2: reads as the demo's does, and takes what is written as SAP Gateway does.

A change wants the CSRF token and both cookies that came with it; bodies may hold only properties that the published
APIs have, each no longer than there, and moments only as `/Date(ms)/`. Properties and lengths are those of
API_ACTIVITY_PHONECALL_SRV and API_SERVICE_REQUEST_SRV.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web

from hub.demo.people import Caller, Order, sap_services
from hub.demo.sap.entities import entity
from hub.demo.sap.filters import FilterError, parse_filter
from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.system import Person, Weather, Written

TODAY = date(2026, 11, 21)
KNOWN = Person("17100001", "Petra Vogt", "+493515550123", "petra.vogt@example.com", ("4711",), ("8000000011",))
SHARED = (
    Person("17100007", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("17100008", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
# Shares the first 20 characters of its address with the known one.
NAMESAKE = Person("17100009", "Petra Vogt-Klein", "+493515550999", "petra.vogt@example.community")
ROOT = "/sap/opu/odata/sap/"
SESSION = "SAP_SESSIONID_S4H_100"

_TEXT = 100_000
ACTIVITY: Mapping[str, Any] = {
    "PhoneCallActivityType": 4,
    "PhoneCallActivityDescription": 40,
    "CustMgmtActivityPriority": 1,
    "CustMgmtActivityDirection": 1,
    "Account": 10,
    "ContactPerson": 10,
    "PhoneCallActivityIsCompleted": 1,
    "CustMgmtActivityStartDateTime": "date",
    "CustMgmtActivityEndDateTime": "date",
    "ResponsibleSalesOrganization": 14,
    "ServiceOrganization": 14,
    "to_Text": {"TextObjectType": 4, "Language": 2, "PlainLongText": _TEXT},
}
REQUEST: Mapping[str, Any] = {
    "ServiceRequestType": 4,
    "ServiceRequestDescription": 40,
    "ServiceDocumentPriority": 1,
    "PurchaseOrderByCustomer": 35,
    "SalesOrganization": 4,
    "DistributionChannel": 2,
    "Division": 2,
    "ServiceOrganization": 14,
    "SoldToParty": 10,
    "to_Text": {"Language": 2, "LongTextID": 4, "LongText": _TEXT},
}
# Entity set: its properties, its number, its type, the number of the first that is made.
WRITABLE: Mapping[str, tuple[Mapping[str, Any], str, str, int]] = {
    "A_PhoneCallActivity": (ACTIVITY, "PhoneCallActivity", "PhoneCallActivityType", 5_000_000_001),
    "A_ServiceRequest": (REQUEST, "ServiceRequest", "ServiceRequestType", 8_000_000_100),
}


def _caller(person: Person) -> Caller:
    given, _, family = person.name.partition(" ")
    orders = tuple(
        Order(number=number, status="A", ordered_days_ago=2, due_in_days=5, amount="1249.50", reference="Web 881")
        for number in person.orders
    )
    done = Order(number="4712", status="C", ordered_days_ago=9, due_in_days=1, amount="20.00", reference="")
    return Caller(
        number=person.phone,
        first_name=given,
        last_name=family,
        # SAP keeps an address as it was typed.
        email=person.email.title() if person is KNOWN else person.email,
        street="Königstraße",
        postcode="01067",
        city="Dresden",
        partner=person.id,
        orders=(*orders, done) if orders else (),
    )


class S4Hana(Served):
    known: Person = KNOWN
    shared: tuple[Person, ...] = SHARED
    username = "CTIHUB"

    def __init__(self) -> None:
        super().__init__()
        self.tokens_given = 0
        self.without_services: frozenset[str] = frozenset()
        self._token = ""
        self._session = ""
        self._services: dict[str, dict[str, list[Any]]] = {
            name: {entity_set: list(rows) for entity_set, rows in sets.items()}
            for name, sets in sap_services(TODAY, [_caller(one) for one in (*self.people, NAMESAKE)]).items()
        }
        self._services["API_ACTIVITY_PHONECALL_SRV"] = {"A_PhoneCallActivity": [], "A_PhoneCallActivityText": []}
        self._services["API_SERVICE_REQUEST_SRV"] = {
            "A_ServiceRequest": [
                _request("8000000011", KNOWN.id, "Pump P-7 leaks", ""),
                _request("8000000010", KNOWN.id, "Long done", "X"),
            ]
        }

    @property
    def environment(self) -> dict[str, str]:
        return {"SAP_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {"url": f"{self.url}{ROOT.rstrip('/')}"}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if not self.is_basic(request):
            return self.refused("")
        if self.weather is Weather.FORGETFUL:
            self.weather = Weather.FINE
            self._token = ""
        service, _, rest = request.path.removeprefix(ROOT).partition("/")
        sets = self._services.get(service)
        if sets is None or service in self.without_services:
            return _error(404, "/IWFND/MED/170", f"No service found for namespace '', name '{service}', version '0001'")
        if request.method == "POST":
            return await self._made(request, rest, sets)
        return self._read(request, service, rest, sets)

    def _read(self, request: web.Request, service: str, rest: str, sets: Mapping[str, list[Any]]) -> web.StreamResponse:
        if rest == "$metadata":
            return _metadata(sets)
        if rest == "":
            return self._document(request, sets)
        if rest not in sets:
            return _error(404, "005056A509B11EE1B9A8FEC11C21D78E", f"Resource not found for segment '{rest}'")
        return self._queried(request, service, rest, sets[rest])

    def _document(self, request: web.Request, sets: Mapping[str, Any]) -> web.StreamResponse:
        response = web.json_response({"d": {"EntitySets": list(sets)}})
        if request.headers.get("x-csrf-token", "").lower() == "fetch":
            self.tokens_given += 1
            self._token, self._session = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
            response.headers["x-csrf-token"] = self._token
            response.set_cookie(SESSION, self._session, path="/", httponly=True)
            response.set_cookie("sap-usercontext", "sap-client=100", path="/")
        return response

    def _queried(self, request: web.Request, service: str, name: str, rows: list[Any]) -> web.StreamResponse:
        if "x-csrf-token" in request.headers or "Cookie" in request.headers:
            return _error(400, "TEST/001", "A reading request needs neither token nor cookies")
        expression = request.query.get("$filter", "")
        try:
            holds = parse_filter(expression) if expression else lambda _: True
            found = [row for row in rows if holds(row)]
        except FilterError as error:
            return _error(400, "005056A509B11EE1B9A8FEC11C21578E", str(error))
        expand = [path for path in request.query.get("$expand", "").split(",") if path]
        if service == "API_BUSINESS_PARTNER" or name == "A_SalesOrder":
            results = [entity(f"{self.url}{ROOT}{service}", name, row, fields=(), expand=expand) for row in found]
        else:
            results = [{"__metadata": {"type": f"{service}.{name}Type"}, **row} for row in found]
        return web.json_response({"d": {"results": results[: int(request.query.get("$top", "1000"))]}})

    async def _made(self, request: web.Request, name: str, sets: Mapping[str, list[Any]]) -> web.StreamResponse:
        cookies = request.cookies
        given = request.headers.get("x-csrf-token", "")
        fits = bool(self._token) and given == self._token
        if not fits or cookies.get(SESSION) != self._session or "sap-usercontext" not in cookies:
            return web.Response(status=403, text="CSRF token validation failed", headers={"x-csrf-token": "Required"})
        if name not in WRITABLE or request.content_type != "application/json":
            return _error(405, "005056A509B11EE2BDA7D6E4E2C5D4CA", "Method not allowed")
        properties, number, kind, first = WRITABLE[name]
        body = await request.json()
        problem = _misfit(body, properties)
        if problem or not body.get(kind):
            return _error(400, "SY/530", problem or "Enter a transaction type")
        made = {number: str(first + len(sets[name])), **dict.fromkeys(properties, ""), **body}
        sets[name].append({**made, "ServiceRequestIsCompleted": "", "ServiceRequestIsCanceled": ""})
        self._keep(name, made[number], made)
        return web.json_response({"d": {"__metadata": {"etag": 'W/"1"'}, **made}}, status=201)

    def _keep(self, name: str, number: str, made: Mapping[str, Any]) -> None:
        text = made["to_Text"][0].get("PlainLongText") or made["to_Text"][0].get("LongText", "")
        interaction = re.search(r"^Interaction: (.+)$", text, re.MULTILINE)
        if name == "A_ServiceRequest":
            kind, customer = "case", made["SoldToParty"]
        else:
            kind = "note" if made["PhoneCallActivityDescription"].startswith("N") else "activity"
            customer = made["Account"]
        self.keep(number, Written(kind, interaction[1] if interaction else "", customer, text))

    def refused(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=401, text="<html><body>Logon failed</body></html>", content_type="text/html")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return _error(403, "/IWFND/CM_CONSUMER/101", "No authorization to access the service")

    def fault(self, _asked: str) -> web.StreamResponse:
        words = f"Value '{self.known.email}' of property 'SearchEmailAddress' is wrong: {self.known.phone}"
        return _error(400, "005056A509B11EE1B9A8FEC11C21578E", words)


def _request(number: str, customer: str, subject: str, completed: str) -> dict[str, str]:
    return {
        "ServiceRequest": number,
        "ServiceRequestDescription": subject,
        "ServiceDocumentPriority": "3",
        "PurchaseOrderByCustomer": "",
        "SoldToParty": customer,
        "ServiceRequestIsCompleted": completed,
        "ServiceRequestIsCanceled": "",
        "RequestedServiceStartDateTime": "/Date(1795132800000+0000)/",
    }


def _misfit(body: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    for name, value in body.items():
        limit = properties.get(name)
        if isinstance(limit, dict):
            problem = next((found for row in value if (found := _misfit(row, limit))), "")
            if problem:
                return problem
        elif limit is None:
            return f"Property '{name}' is invalid"
        elif limit == "date" and not re.fullmatch(r"/Date\(\d+\)/", str(value)):
            return f"Property '{name}' at offset '1' has invalid value"
        elif limit != "date" and (not isinstance(value, str) or len(value) > limit):
            return f"Property '{name}' has invalid value: more than {limit} characters"
    return ""


def _metadata(sets: Mapping[str, Any]) -> web.StreamResponse:
    named = "".join(f'<EntitySet Name="{name}" EntityType="x.{name}Type"/>' for name in sets)
    return web.Response(
        text=f'<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">{named}</edmx:Edmx>',
        content_type="application/xml",
    )


def _error(status: int, code: str, message: str) -> web.StreamResponse:
    details = [
        {"code": code, "message": message, "propertyref": "", "severity": "error", "target": ""},
        {"code": "/IWBEP/CX_MGW_BUSI_EXCEPTION", "message": "An exception was raised", "severity": "error"},
    ]
    return web.json_response(
        {
            "error": {
                "code": code,
                "message": {"lang": "en", "value": message},
                "innererror": {"application": {"service_version": "0001"}, "errordetails": details},
            }
        },
        status=status,
    )
