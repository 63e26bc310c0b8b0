"""NetSuite over REST: requests signed with OAuth 1, SuiteQL, and records put under external ids."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from aiohttp import web

from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.small_query import SUITEQL, BadQueryError, Query, Row, chosen, value_of
from tests.conformance.systems.system import Person, Written

ACCOUNT = "1234567"
CONSUMER = ("c0nsumer.key", "c0nsumer&secret/+=")
TOKEN = ("t0ken.id", "t0ken%secret €")
QUERY = "/services/rest/query/v1/suiteql"
RECORDS = "/services/rest/record/v1/"

COMPANY_ID = "640"
KNOWN = Person("651", "Petra Vogt", "+493515550123", "petra@example.com", ("SO-1042",), ("CASE-81", "CASE-82"))
SHARED: tuple[Person, ...] = (
    Person("677", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("678", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
COMPANY = Person(COMPANY_ID, "Hansen Maschinenbau GmbH", "+493515550900", "info@example.com", ("SO-1042",), ())
STRANGER = Person("699", "Other Area", "+49305550123", "other@example.com")
_PHONE_CALL = {"title", "status", "startDate", "phone", "message", "company", "contact"}
_CASE = {"title", "incomingMessage", "phone", "company", "contact"}


class NetSuite(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        self._nonces: set[str] = set()
        self.queries: list[str] = []
        self.rows: dict[str, list[Row]] = {
            "customer": [_customer(COMPANY, "F"), *(_customer(person, "T") for person in (SHARED[0], STRANGER))],
            "contact": [_contact(KNOWN, COMPANY_ID), _contact(SHARED[1], COMPANY_ID)],
            "transaction": [
                _transaction("SO-1042", COMPANY_ID, "SalesOrd", "SalesOrd:B"),
                _transaction("SO-1000", COMPANY_ID, "SalesOrd", "SalesOrd:G"),
                _transaction("INV-7", COMPANY_ID, "CustInvc", "CustInvc:A"),
                _transaction("SO-2000", STRANGER.id, "SalesOrd", "SalesOrd:B"),
            ],
            "supportcase": [
                *(_case(number, KNOWN.id, 2) for number in KNOWN.cases),
                _case("CASE-1", KNOWN.id, 5),
                _case("CASE-2", SHARED[1].id, 2),
            ],
        }
        self._numbers: dict[tuple[str, str], str] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {
            "NETSUITE_CONSUMER_KEY": CONSUMER[0],
            "NETSUITE_CONSUMER_SECRET": CONSUMER[1],
            "NETSUITE_TOKEN": TOKEN[0],
            "NETSUITE_TOKEN_SECRET": TOKEN[1],
        }

    @property
    def place(self) -> dict[str, Any]:
        return {"url": self.url}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed(request):
            return self.refused("")
        if request.path == RECORDS + "metadata-catalog/customer":
            return web.json_response({"name": "customer", "mediaType": "application/json"})
        if request.path == QUERY and request.method == "POST":
            if request.headers.get("Prefer") != "transient":
                return _error(400, "INVALID_HEADER", "The Prefer header must be transient.")
            return self._queried((await request.json())["q"], request)
        put = re.fullmatch(rf"{RECORDS}(phoneCall|supportCase)/eid:([^/]+)", unquote(request.rel_url.raw_path))
        if put is not None and request.method == "PUT":
            return self._put(put[1], put[2], await request.json())
        return _error(404, "NONEXISTENT_ID", "The record instance does not exist.")

    def _is_signed(self, request: web.Request) -> bool:
        """See that the signature is the one of RFC 5849, 3.4, by this account's secrets, and was not seen before."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        fields = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}
        signature, realm = fields.pop("oauth_signature", ""), fields.pop("realm", "")
        nonce = fields.get("oauth_nonce", "")
        pairs = sorted((_escaped(name), _escaped(value)) for name, value in [*fields.items(), *_query_of(request)])
        text = "&".join(
            map(
                _escaped,
                (
                    request.method,
                    f"{self.url}{request.rel_url.raw_path}",
                    "&".join(f"{name}={value}" for name, value in pairs),
                ),
            )
        )
        key = f"{_escaped(CONSUMER[1])}&{_escaped(TOKEN[1])}".encode()
        wanted = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        is_new = len(nonce) >= 6 and nonce not in self._nonces
        self._nonces.add(nonce)
        return (
            (scheme, realm, fields.get("oauth_signature_method")) == ("OAuth", ACCOUNT, "HMAC-SHA256")
            and (fields.get("oauth_consumer_key"), fields.get("oauth_token")) == (CONSUMER[0], TOKEN[0])
            and abs(time.time() - int(fields.get("oauth_timestamp", "0"))) < 300
            and is_new
            and hmac.compare_digest(wanted, signature)
        )

    def _queried(self, text: str, request: web.Request) -> web.Response:
        self.queries.append(text)
        try:
            select = Query(text, SUITEQL).select()
            rows = self.rows.get(select.table.lower())
            if rows is None:
                return _error(400, "INVALID_PARAMETER", f"Record '{select.table}' was not found.")
            found = chosen(select, rows, SUITEQL)
            names = [column.name.lower() for column in select.columns]
            shown = [
                {"links": [], **_present(names, [value_of(column.expression, row) for column in select.columns])}
                for row in found
            ]
        except BadQueryError as error:
            return _error(400, "INVALID_PARAMETER", f"Invalid search query. {error}")
        limit, offset = int(request.query.get("limit", "1000")), int(request.query.get("offset", "0"))
        page = shown[offset : offset + limit]
        more = len(shown) > offset + limit
        body = {"links": [], "count": len(page), "hasMore": more, "items": page, "offset": offset}
        return web.json_response({**body, "totalResults": len(shown)})

    def _put(self, record: str, reference: str, body: Row) -> web.Response:
        if unknown := sorted(set(body) - (_PHONE_CALL if record == "phoneCall" else _CASE)):
            return _error(400, "INVALID_CONTENT", f"Unknown reference or field: {unknown[0]}")
        company, contact = body["company"]["id"], body.get("contact", {}).get("id", "")
        if company not in [row["id"] for row in self.rows["customer"]]:
            return _error(400, "INVALID_CONTENT", "Invalid Field Value for the following field: company")
        if contact and contact not in [row["id"] for row in self.rows["contact"]]:
            return _error(400, "INVALID_CONTENT", "Invalid Field Value for the following field: contact")
        interaction, _, suffix = reference.rpartition("-")
        kind = {"call": "activity", "note": "note", "case": "case"}[suffix]
        text = body["message"] if record == "phoneCall" else body["incomingMessage"]
        if len(body["title"]) > 300 or len(text) > 4_000:
            return _error(400, "INVALID_CONTENT", "The field contained more than the maximum number of characters.")
        number = self._numbers.setdefault((record, reference), str(900 + len(self._numbers)))
        if record == "supportCase":
            made = {**_case(f"CASE-{number}", contact, 1), "id": number, "company": company}
            self.rows["supportcase"].append({**made, "externalid": reference})
        self.keep(f"{record} {reference}", Written(kind, interaction, contact or company, f"{body['title']}\n{text}"))
        # The record's own address is in small letters.
        return web.Response(status=204, headers={"Location": f"{self.url}{RECORDS}{record.lower()}/{number}"})

    def refused(self, _asked: str) -> web.StreamResponse:
        return _error(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return _error(
            403, "INSUFFICIENT_PERMISSION", "Permission Violation: You need the 'Lists -> Contacts' permission."
        )

    def throttled(self, _asked: str) -> web.StreamResponse:
        return _error(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")

    def fault(self, asked: str) -> web.StreamResponse:
        return _error(400, "INVALID_PARAMETER", f"Search error near petra@example.com, +49 351 5550123: {asked}")


def _present(names: list[str], values: list[Any]) -> dict[str, Any]:
    """Return what is there: SuiteQL leaves empty columns out."""
    return {name: str(value) for name, value in zip(names, values, strict=True) if value not in (None, "")}


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _query_of(request: web.Request) -> list[tuple[str, str]]:
    return parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)


def _error(status: int, code: str, detail: str) -> web.Response:
    details = [{"detail": detail, "o:errorCode": code}]
    body = {"type": "about:blank", "title": "Error", "status": status, "o:errorDetails": details}
    return web.json_response(body, status=status, content_type="application/vnd.oracle.resource+json")


def _named(person: Person) -> Row:
    given, _, surname = person.name.partition(" ")
    number = person.phone.removeprefix("+49")
    return {
        "id": person.id,
        "entityid": person.name,
        "firstname": given,
        "lastname": surname,
        "phone": f"(0{number[:3]}) {number[3:6]}-{number[6:]}",
        "mobilephone": None,
        "homephone": None,
        "email": person.email.title(),
        "isinactive": "F",
        "companyname": None,
    }


def _customer(person: Person, is_person: str) -> Row:
    name = {"companyname": person.name, "firstname": None, "lastname": None} if is_person == "F" else {}
    return {**_named(person), "altphone": None, "salesrep": None, "isperson": is_person, **name}


def _contact(person: Person, company: str) -> Row:
    return {**_named(person), "officephone": None, "title": None, "company": company}


def _transaction(number: str, entity: str, kind: str, status: str) -> Row:
    return {
        "id": number.rpartition("-")[2],
        "tranid": number,
        "trandate": "2026-11-02 00:00:00",
        "shipdate": None,
        "type": kind,
        "status": status,
        "otherrefnum": "PO 7",
        "foreigntotal": 1249.5,
        "currency": "EUR",
        "entity": entity,
    }


def _case(number: str, contact: str, status: int) -> Row:
    return {
        "id": number.rpartition("-")[2],
        "casenumber": number,
        "title": "Pump leaks",
        "status": status,
        "priority": "High",
        "startdate": "2026-11-18 08:15:00",
        "company": "0",
        "contact": contact,
        "externalid": None,
    }
