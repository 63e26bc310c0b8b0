"""A Dynamics 365 over the Dataverse Web API: a token server and an organization, OData V4 read strictly.

Entities hold the columns that Dataverse publishes for them; a request that names others is refused, as there.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from hub.demo.sap.filters import FilterError, parse_filter
from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.system import Person, Weather, Written

CLIENT, TENANT = "5a6b7c8d-0000-4000-8000-00000000c11e", "contoso.example"
ROOT = "/api/data/v9.2/"
NAMES = "@OData.Community.Display.V1.FormattedValue"

KNOWN = Person(
    "8f3a1c52-0b6e-4d7e-9a53-1f2e3d4c5b6a",
    "Petra Vogt",
    "+493515550123",
    "petra.vogt@example.com",
    ("ORD-04711",),
    ("CAS-01001-B1B1B1",),
)
SHARED = (
    Person("11111111-2222-4333-8444-555555555501", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("11111111-2222-4333-8444-555555555502", "Berg GmbH", "+493515550777", "info@berg.example"),
)
ACCOUNT = Person(
    "0c9d8e7f-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
    "Hansen Maschinenbau GmbH",
    "+493515550100",
    "info@hansen.example",
    ("ORD-04799",),
    ("CAS-01099-C2C2C2",),
)

_ADDRESS = ("address1_line1", "address1_postalcode", "address1_city", "address1_country")
_REACHED = (
    "emailaddress1",
    "emailaddress2",
    "telephone1",
    "telephone2",
    "telephone3",
    "statecode",
    *_ADDRESS,
    "donotphone",
    "donotemail",
    "modifiedon",
)
COLUMNS: Mapping[str, frozenset[str]] = {
    "contacts": frozenset(
        {"contactid", "fullname", "firstname", "lastname", "jobtitle", "mobilephone", *_REACHED}
        | {"birthdate", "department"}
    ),
    "accounts": frozenset({"accountid", "name", "accountnumber", *_REACHED}),
    "incidents": frozenset(
        {"incidentid", "ticketnumber", "title", "description", "statecode", "statuscode", "prioritycode", "createdon"}
        | {"caseorigincode", "_customerid_value"}
    ),
    "salesorders": frozenset(
        {"salesorderid", "ordernumber", "name", "statecode", "statuscode", "createdon", "requestdeliveryby"}
        | {"totalamount", "_customerid_value"}
    ),
    "phonecalls": frozenset(
        {"activityid", "subject", "description", "phonenumber", "directioncode", "actualstart", "actualend"}
        | {"statecode", "statuscode"}
    ),
    "annotations": frozenset({"annotationid", "subject", "notetext"}),
}
KEYS = {
    "contacts": "contactid",
    "accounts": "accountid",
    "incidents": "incidentid",
    "salesorders": "salesorderid",
    "phonecalls": "activityid",
    "annotations": "annotationid",
}
# Which lookups an entity has, and to what.
BINDS: Mapping[str, Mapping[str, str]] = {
    "phonecalls": {
        "regardingobjectid_contact_phonecall": "contacts",
        "regardingobjectid_account_phonecall": "accounts",
    },
    "annotations": {"objectid_contact": "contacts", "objectid_account": "accounts", "objectid_incident": "incidents"},
    "incidents": {"customerid_contact": "contacts", "customerid_account": "accounts"},
    "parties": {"partyid_contact": "contacts", "partyid_account": "accounts"},
}
EXPANSIONS = {
    "contacts": {"parentcustomerid_account($select=name,accountnumber)": "parentcustomerid_account"},
    "salesorders": {"transactioncurrencyid($select=isocurrencycode)": "transactioncurrencyid"},
}
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

Row = dict[str, Any]


def _contact(person: Person, phone: str) -> Row:
    first, _, last = person.name.partition(" ")
    return {
        "contactid": person.id,
        "fullname": person.name,
        "firstname": first,
        "lastname": last,
        "emailaddress1": person.email,
        "telephone1": None,
        "mobilephone": phone,
        "address1_line1": "Königstraße 12",
        "statecode": 0,
        "parentcustomerid_account": {"name": "Hansen Maschinenbau GmbH", "accountnumber": "A-100"},
    }


def _account(person: Person) -> Row:
    return {
        "accountid": person.id,
        "name": person.name,
        "accountnumber": "A-100",
        "emailaddress1": person.email,
        "telephone1": person.phone,
        "statecode": 0,
    }


def _order(person: Person, number: str, state: int) -> Row:
    return {
        "salesorderid": f"00000000-0000-4000-8000-{abs(hash(number)) % 10**12:012d}",
        "ordernumber": number,
        "name": "Web 881",
        "statecode": state,
        "statuscode": state + 1,
        f"statuscode{NAMES}": "New",
        "createdon": "2026-11-20T08:15:00Z",
        "requestdeliveryby": "2026-11-27",
        "totalamount": 1249.5,
        "_customerid_value": person.id,
        "transactioncurrencyid": {"isocurrencycode": "EUR"},
    }


def _case(person: Person, number: str, state: int) -> Row:
    return {
        "incidentid": f"00000000-0000-4000-9000-{int(number[4:9]):012d}",
        "ticketnumber": number,
        "title": "Pump P-7 leaks",
        "statecode": state,
        "statuscode": 1,
        f"statuscode{NAMES}": "In Progress",
        "prioritycode": 1,
        f"prioritycode{NAMES}": "High",
        "createdon": "2026-11-20T08:15:00Z",
        "_customerid_value": person.id,
    }


class Dynamics(Served):
    known: Person = KNOWN
    shared: tuple[Person, ...] = SHARED
    username = CLIENT

    def __init__(self) -> None:
        super().__init__()
        self.without: frozenset[str] = frozenset()
        self._tokens: set[str] = set()
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in COLUMNS}
        for row in (_contact(KNOWN, "+49 351 5550123"), _contact(SHARED[0], "03515550777")):
            self.tables["contacts"][row["contactid"]] = row
        inactive = {**_contact(KNOWN, KNOWN.phone), "contactid": str(UUID(int=1)), "statecode": 1}
        self.tables["contacts"][inactive["contactid"]] = inactive
        for row in (_account(SHARED[1]), _account(ACCOUNT)):
            self.tables["accounts"][row["accountid"]] = row
        for person in (KNOWN, ACCOUNT):
            for number in person.orders:
                self._put("salesorders", _order(person, number, 0), _order(person, f"{number}-done", 3))
            for number in person.cases:
                self._put("incidents", _case(person, number, 0))
        self._put("incidents", _case(KNOWN, "CAS-01000-A1A1A1", 1))

    def _put(self, entity: str, *rows: Row) -> None:
        for row in rows:
            self.tables[entity][row[KEYS[entity]]] = row

    @property
    def environment(self) -> dict[str, str]:
        return {"DYNAMICS_SECRET": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {
            "url": f"{self.url}{ROOT.rstrip('/')}",
            "auth": {
                "type": "oauth2_client",
                "token_url": f"{self.url}/{TENANT}/oauth2/v2.0/token",
                "client_id": CLIENT,
                "client_secret": self.password,
                "scope": "https://contoso.crm4.dynamics.com/.default",
            },
        }

    def is_contract(self, request: web.Request) -> bool:
        return request.path.endswith("/oauth2/v2.0/token")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.is_contract(request):
            return await self._token(request)
        if self.weather is Weather.FORGETFUL:
            self.weather = Weather.FINE
            self._tokens.clear()
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return self.refused("")
        return await self._routed(request)

    async def _routed(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("OData-Version") != "4.0" or request.headers.get("Accept") != "application/json":
            return _error(400, "0x80060888", "The header OData-Version must be 4.0")
        rest = request.path.removeprefix(ROOT)
        if rest == "":
            names = [
                {"name": name, "kind": "EntitySet", "url": name} for name in self.tables if name not in self.without
            ]
            return web.json_response({"@odata.context": "$metadata", "value": names})
        found = re.fullmatch(rf"(\w+)(?:\(({_GUID})\))?", rest)
        if found is None or found[1] not in self.tables or found[1] in self.without:
            return _error(404, "0x8006088a", f"Resource not found for the segment '{rest.partition('(')[0]}'.")
        match request.method, found[2]:
            case "GET", key:
                response = self._read(request, found[1], key)
            case "PATCH", str() as key:
                response = await self._patched(request, found[1], key.lower())
            case "POST", None:
                response = await self._posted(request, found[1])
            case _:
                response = _error(405, "0x80060889", "Method not allowed")
        return response

    async def _token(self, request: web.Request) -> web.StreamResponse:
        fields = await request.post()
        wanted = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": self.password,
            "scope": "https://contoso.crm4.dynamics.com/.default",
        }
        if dict(fields) != wanted:
            return web.json_response({"error": "invalid_client", "error_description": "AADSTS7000215"}, status=401)
        self.signed_in += 1
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _read(self, request: web.Request, entity: str, key: str | None) -> web.StreamResponse:
        selected = [name for name in request.query.get("$select", "").split(",") if name]
        unknown = [name for name in selected if name not in COLUMNS[entity]]
        expanded = request.query.get("$expand", "")
        if unknown or (expanded and expanded not in EXPANSIONS.get(entity, {})):
            return _error(400, "0x0", f"Could not find a property named '{(unknown or [expanded])[0]}'")
        if key is not None:
            row = self.tables[entity].get(key.lower())
            if row is None:
                return _error(404, "0x80040217", f"{entity} With Id = {key} Does Not Exist")
            return web.json_response({"@odata.context": "x", **self._shown(request, entity, row, selected)})
        expression = request.query.get("$filter", "")
        rows = list(self.tables[entity].values())
        try:
            # The parser of the demo knows no unquoted GUID.
            quoted = re.sub(rf"(?<!['\w-])({_GUID})(?!['\w-])", r"'\1'", expression)
            holds = parse_filter(quoted) if quoted else lambda _: True
            found = [row for row in rows if holds(_as_text(entity, row))]
        except FilterError as error:
            return _error(400, "0x80060888", str(error))
        top = int(request.query.get("$top", "5000"))
        values = [self._shown(request, entity, row, selected) for row in found[:top]]
        return web.json_response({"@odata.context": "x", "value": values})

    def _shown(self, request: web.Request, entity: str, row: Row, selected: Sequence[str]) -> Row:
        names = {*selected, KEYS[entity], *(f"{name}{NAMES}" for name in selected)}
        if 'odata.include-annotations="*"' not in request.headers.get("Prefer", ""):
            names = {name for name in names if "@" not in name}
        navigation = EXPANSIONS.get(entity, {}).get(request.query.get("$expand", ""))
        shown = {"@odata.etag": 'W/"1001"', **{name: row.get(name) for name in names if name in row or "@" not in name}}
        return {**shown, navigation: row.get(navigation)} if navigation else shown

    async def _posted(self, request: web.Request, entity: str) -> web.StreamResponse:
        """Make an entity, its parties with it, under the key that its caller chose."""
        body = await request.json()
        key = str(body.get(KEYS[entity], uuid4())).lower()
        if key in self.tables[entity]:
            return _error(412, "0x80040237", "A record with matching key values already exists.")
        problem = self._misfit(body, COLUMNS[entity] | {"phonecall_activity_parties"}, BINDS.get(entity, {}))
        if problem:
            return _error(400, "0x80048d19", problem)
        row = self.tables[entity][key] = {**body, KEYS[entity]: key}
        self._keep(entity, key, row)
        return web.json_response({"@odata.context": "x", **row}, status=201)

    async def _patched(self, request: web.Request, entity: str, key: str) -> web.StreamResponse:
        body = await request.json()
        is_there = key in self.tables[entity]
        if request.headers.get("If-None-Match") == "*" and is_there:
            return _error(412, "0x80060892", "A record with matching key values already exists.")
        if request.headers.get("If-Match") == "*" and not is_there:
            return _error(412, "0x80060882", "The precondition failed.")
        problem = self._misfit(body, COLUMNS[entity], BINDS.get(entity, {}))
        if problem:
            return _error(400, "0x80048d19", problem)
        row = self.tables[entity].setdefault(key, {KEYS[entity]: key})
        row.update(body)
        if entity == "incidents" and not is_there:
            customer = next(str(value) for name, value in body.items() if name.startswith("customerid_"))
            number = f"CAS-{len(self.tables[entity]) + 2000:05d}-D3D3D3"
            row.update(ticketnumber=number, statecode=0, _customerid_value=customer.partition("(")[2].rstrip(")"))
        if not is_there:
            self._keep(entity, key, row)
        if "return=representation" in request.headers.get("Prefer", ""):
            return web.json_response({"@odata.context": "x", **row}, status=200 if is_there else 201)
        return web.Response(status=204, headers={"OData-EntityId": f"{self.url}{request.path}"})

    def _misfit(self, body: Row, columns: frozenset[str], binds: Mapping[str, str]) -> str:
        for name, value in body.items():
            link, is_bind, _ = name.partition("@odata.bind")
            if is_bind:
                target = re.fullmatch(rf"/(\w+)\(({_GUID})\)", str(value))
                if target is None or binds.get(link) != target[1] or target[2] not in self.tables[target[1]]:
                    return f"Resource not found for '{value}' of '{link}'"
            elif name == "phonecall_activity_parties" and name in columns:
                for party in value:
                    problem = self._misfit(party, frozenset({"participationtypemask"}), BINDS["parties"])
                    if problem:
                        return problem
            elif name not in columns:
                return f"Invalid property '{name}' was found in entity"
            elif name in {"actualstart", "actualend"} and not re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\dZ", value):
                return f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset'"
        return ""

    def _keep(self, entity: str, key: str, row: Row) -> None:
        text = str(row.get("notetext") or row.get("description"))
        interaction = re.search(r"^Interaction: (.+)$", text, re.MULTILINE)
        bound = [str(value) for name, value in row.items() if name.endswith("@odata.bind")]
        customer = bound[0].partition("(")[2].rstrip(")")
        if bound[0].startswith("/incidents"):
            customer = self.tables["incidents"][customer]["_customerid_value"]
        kind = {"phonecalls": "activity", "annotations": "note", "incidents": "case"}[entity]
        self.keep(key, Written(kind, interaction[1] if interaction else "", customer, text))

    def refused(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return _error(403, "0x80040220", "Principal user is missing prvReadContact privilege")

    def throttled(self, _asked: str) -> web.StreamResponse:
        response = _error(429, "0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 s.")
        response.headers["Retry-After"] = "17"
        return response

    def fault(self, _asked: str) -> web.StreamResponse:
        return _error(400, "0x80060888", f"Syntax error near '{self.known.email}' or {self.known.phone}")


def _as_text(entity: str, row: Row) -> dict[str, str]:
    """Return a row as the demo's filters want it: text, in small letters where Dataverse ignores case."""
    texts = {name: "" if row.get(name) is None else str(row[name]) for name in COLUMNS[entity]}
    return {name: text.lower() if name.startswith("emailaddress") else text for name, text in texts.items()}


def _error(status: int, code: str, message: str) -> web.StreamResponse:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
