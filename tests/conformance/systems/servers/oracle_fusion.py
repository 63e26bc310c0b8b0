"""Oracle Fusion over REST: contacts, service requests, orders and activities, asked for with `q`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import phonenumbers
from aiohttp import web

from tests.conformance.systems.servers.row_match import BadExpressionError, RowMatch
from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.system import Person, Written

CRM = "/crmRestApi/resources/11.13.18.05/"
SCM = "/fscmRestApi/resources/11.13.18.05/"
KNOWN = Person(
    "300100012", "Petra Vogt", "+493515550123", "petra@example.com", ("5001", "5002"), ("SR0000041", "SR0000042")
)
SHARED: tuple[Person, ...] = (
    Person("300100077", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("300100078", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
STRANGER = Person("300100099", "Other Area", "+49305550123", "other@example.com")
"""Has the known one's number in another area."""
COMPANY = Person(
    "300100500", "Hansen Maschinenbau GmbH", "+493515550100", "info@hansen.example", ("5100",), ("SR0000099",)
)
"""An account, not a contact."""

Row = dict[str, Any]


class OracleFusion(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        self.resources: dict[str, list[Row]] = {
            CRM + "contacts": [contact(person) for person in (*self.people, STRANGER)],
            CRM + "accounts": [_account(COMPANY)],
            CRM + "serviceRequests": [
                *(_request(case, KNOWN.id, "ORA_SVC_OPEN") for case in KNOWN.cases),
                _request("SR0000001", KNOWN.id, "ORA_SVC_CLOSED"),
                _request("SR0000002", STRANGER.id, "ORA_SVC_OPEN"),
                {**_request(COMPANY.cases[0], "0", "ORA_SVC_OPEN"), "AccountPartyId": int(COMPANY.id)},
            ],
            CRM + "activities": [],
            SCM + "salesOrdersForOrderHub": [
                *(_order(order, KNOWN.id, "OPEN") for order in KNOWN.orders),
                _order("4000", KNOWN.id, "CLOSED"),
                _order("4001", STRANGER.id, "OPEN"),
                {**_order(COMPANY.orders[0], "0", "OPEN"), "BuyingPartyId": int(COMPANY.id)},
            ],
        }

    def add_requests(self, person: Person, count: int) -> None:
        """Give a contact that many more open service requests."""
        rows = self.resources[CRM + "serviceRequests"]
        rows += [_request(f"SR1{index:06}", person.id, "ORA_SVC_OPEN") for index in range(count)]

    @property
    def environment(self) -> dict[str, str]:
        return {"FUSION_PASSWORD": self.password}

    @property
    def place(self) -> dict[str, Any]:
        return {"url": self.url}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if not self.is_basic(request):
            return self.refused("")
        if int(request.headers.get("REST-Framework-Version", "1")) < 2:
            return _problem(400, "q is a query by example in this version")
        rows = self.resources.get(request.path)
        if rows is None:
            return _problem(404, "Not Found")
        if request.method == "POST":
            return self._made(request.path, await request.json())
        return _collection(rows, request)

    def _made(self, path: str, body: Row) -> web.StreamResponse:
        try:
            made = self._activity(body) if path.endswith("activities") else self._service_request(body)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            return _problem(400, f"{type(error).__name__}: {error}")
        self.resources[path].append(made)
        return web.json_response(made, status=201)

    def _activity(self, body: Row) -> Row:
        number = f"CDRM_{len(self.resources[CRM + 'activities']) + 1}"
        kind, _, interaction = body["CtihubReference_c"].partition(" ")
        text = base64.b64decode(body["ActivityDescription"], validate=True).decode()
        kinds = {"call": "activity", "note": "note"}
        party = self._party(body, PrimaryContactId="contacts", AccountId="accounts")
        self.keep(number, Written(kinds[kind], interaction, party, text))
        return {**body, "ActivityNumber": number}

    def _service_request(self, body: Row) -> Row:
        number = f"SR9{len(self.resources[CRM + 'serviceRequests']):06}"
        party = self._party(body, PrimaryContactPartyId="contacts", AccountPartyId="accounts")
        made = _request(number, "0", "ORA_SVC_NEW")
        text = f"{body['Title']}\n{body.get('ProblemDescription', '')}"
        self.keep(number, Written("case", body["CtihubReference_c"], party, text))
        return {**made, **body}

    def _party(self, body: Row, **resources: str) -> str:
        """Return whose it is. Raises ValueError unless exactly one field names a party of its resource."""
        [(field, resource)] = [(field, resource) for field, resource in resources.items() if field in body]
        if body[field] not in {row["PartyId"] for row in self.resources[CRM + resource]}:
            raise ValueError(f"{field} is not valid")
        return str(body[field])

    def refused(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=401, text="<html>Authorization Required</html>", content_type="text/html")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=403, text="Forbidden")

    def fault(self, asked: str) -> web.StreamResponse:
        return _problem(400, f"JBO-25318: petra@example.com and +49 351 5550123 are not valid in {asked}")


def contact(person: Person) -> Row:
    """Return a contact as the REST interface gives it: area and number apart, the formatted one whole."""
    number = phonenumbers.parse(person.phone)
    significant = phonenumbers.national_significant_number(number)
    area = phonenumbers.length_of_national_destination_code(number)
    given, _, surname = person.name.partition(" ")
    return {
        "PartyId": int(person.id),
        "PartyNumber": f"CDRM_{person.id}",
        "ContactName": person.name,
        "FirstName": given,
        "LastName": surname,
        "Salutation": None,
        "JobTitle": None,
        "AccountName": "Hansen Maschinenbau GmbH",
        "OwnerName": None,
        "MobileNumber": None,
        "HomePhoneNumber": None,
        "WorkPhoneNumber": significant[area:],
        "FormattedMobileNumber": None,
        "FormattedWorkPhoneNumber": f"+{number.country_code} ({significant[:area]}) {significant[area:]}",
        "FormattedHomePhoneNumber": None,
        "EmailAddress": person.email,
        "AddressLine1": "Lindenallee 12",
        "PostalCode": "01067",
        "City": "Dresden",
        "Country": "DE",
        "DateOfBirth": None,
        "DoNotCallFlag": False,
        "DoNotEmailFlag": False,
        "LastUpdateDate": "2026-11-18T23:30:00+00:00",
    }


def _account(person: Person) -> Row:
    digits = person.phone.removeprefix("+49")
    return {
        "PartyId": int(person.id),
        "PartyNumber": f"CDRM_{person.id}",
        "PartyType": "ORGANIZATION",
        "OrganizationName": person.name,
        "OwnerName": None,
        "PhoneNumber": digits[3:],
        "FormattedPhoneNumber": f"+49 ({digits[:3]}) {digits[3:]}",
        "EmailAddress": person.email,
        "AddressLine1": "Lindenallee 12",
        "PostalCode": "01067",
        "City": "Dresden",
        "Country": "DE",
    }


def _request(number: str, contact_id: str, status_type: str) -> Row:
    return {
        "SrNumber": number,
        "Title": "Pump leaks",
        "StatusCd": "ORA_SVC_NEW",
        "StatusCdMeaning": "New",
        "StatusTypeCd": status_type,
        "SeverityCd": "ORA_SVC_SEV2",
        "CreationDate": "2026-11-18T08:15:00+00:00",
        "PrimaryContactPartyId": int(contact_id),
        "AccountPartyId": None,
        "CtihubReference_c": None,
    }


def _order(number: str, contact_id: str, status: str) -> Row:
    return {
        "HeaderId": int(number) + 300_000_000,
        "OrderNumber": number,
        "Status": status.title(),
        "StatusCode": status,
        "TransactionOn": "2026-11-02T10:00:00+00:00",
        "RequestedShipDate": None,
        "CustomerPONumber": "PO 7",
        "TransactionalCurrencyCode": "EUR",
        "BuyingPartyContactId": int(contact_id),
        "BuyingPartyId": None,
    }


def _collection(rows: list[Row], request: web.Request) -> web.StreamResponse:
    columns = {name for row in rows for name in row} | {"CtihubReference_c", "ActivityNumber"}
    try:
        wanted = RowMatch(request.query["q"]) if "q" in request.query else None
        found = [row for row in rows if wanted is None or wanted.qualifies({name: row.get(name) for name in columns})]
    except BadExpressionError as error:
        return _problem(400, str(error))
    fields = request.query["fields"].split(",")
    if not set(fields) <= columns:
        return _problem(400, f"{min(set(fields) - columns)} is no field")
    limit, offset = int(request.query.get("limit", "25")), int(request.query.get("offset", "0"))
    page = found[offset : offset + limit]
    return web.json_response(
        {
            "items": [{name: row.get(name) for name in fields} for row in page],
            "count": len(page),
            "hasMore": len(found) > offset + limit,
            "limit": limit,
            "offset": offset,
            "links": [],
        }
    )


def _problem(status: int, detail: str) -> web.StreamResponse:
    body = {"title": "Bad Request", "status": str(status), "o:errorDetails": [{"detail": detail}], "detail": detail}
    return web.Response(status=status, text=json.dumps(body), content_type="application/vnd.oracle.adf.error+json")
