"""Salesforce over REST: tokens by JWT or secret, SOQL, SOSL, and upserts by an external id."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conformance.systems.servers.served import Served
from tests.conformance.systems.servers.small_query import SOQL, BadQueryError, Column, Query, Row, chosen, value_of
from tests.conformance.systems.servers.sosl import read_find
from tests.conformance.systems.system import Person, Weather, Written

CONSUMER_KEY = "3MVG9.consumer.KEY"
CONSUMER_SECRET = "s3cr€t/+="
USER = "ctihub@example.com"
AUDIENCE = "https://login.salesforce.com"
TOKEN_PATH = "/services/oauth2/token"
VERSION = "/services/data/v61.0/"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFERENCE = "CtihubReference__c"

KNOWN = Person(
    "0035g00000Petra1AA", "Petra Vogt", "+493515550123", "petra@example.com", ("00000100",), ("00001041", "00001042")
)
SHARED: tuple[Person, ...] = (
    Person("0035g00000Anna77AA", "Anna Berg", "+493515550777", "anna@example.com"),
    Person("0035g00000Bernd8AA", "Bernd Berg", "+493515550777", "bernd@example.com"),
)
ABROAD = Person("0035g00000Abroad9A", "Other Country", "+13515550123", "other@example.com")
"""Has the known one's number in another country, so that the significant part is the same."""
COMPANY = Person("0015g00000Company1", "Hansen Maschinenbau GmbH", "+493515550900", "", ("00000200",), ("00001050",))
LEAD = Person("00Q5g00000LeadMaxA", "Max Neu", "+493515550800", "max@example.com")
_ACCOUNT = "0015g00000PetrasAc"

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_IDS = {"id", "contactid", "accountid"}
_TASK = {
    "WhoId", "WhatId", "Subject", "Status", "ActivityDate", "CallType", "CallDurationInSeconds", "CallDisposition",
    "CallObject", "Description",
}  # fmt: skip
_CASE = {"ContactId", "AccountId", "Subject", "Description", "Origin", "SuppliedPhone"}


class Salesforce(Served):
    known = KNOWN
    shared = SHARED

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._key_file = Path(self._folder.name) / "key.pem"
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self._key_file.write_bytes(_KEY.private_bytes(*pem))
        self._tokens: set[str] = set()
        self._forgot = False
        self.queries: list[str] = []
        self.knows_orders = True
        self.hidden: dict[str, set[str]] = {}
        """Fields that the field-level security of the hub's user hides, by object."""
        self.rows: dict[str, list[Row]] = {
            "Contact": [_contact(KNOWN, _ACCOUNT), *(_contact(person, None) for person in (*SHARED, ABROAD))],
            "Lead": [_lead(LEAD, converted=False), _lead(LEAD._replace(id="00Q5g00000LeadOldA"), converted=True)],
            "Account": [_account(COMPANY)],
            "Case": [
                *(_case(number, KNOWN.id, _ACCOUNT, closed=False) for number in KNOWN.cases),
                _case("00001000", KNOWN.id, _ACCOUNT, closed=True),
                _case("00001001", ABROAD.id, None, closed=False),
                *(_case(number, None, COMPANY.id, closed=False) for number in COMPANY.cases),
            ],
            "Order": [
                *(_order(number, _ACCOUNT, "Activated", None) for number in KNOWN.orders),
                _order("00000101", _ACCOUNT, "Activated", "2020-12-31"),
                _order("00000102", _ACCOUNT, "Canceled", None),
                *(_order(number, COMPANY.id, "Draft", "2999-12-31") for number in COMPANY.orders),
            ],
        }
        self._upserted: dict[tuple[str, str], str] = {}

    async def stop(self) -> None:
        await super().stop()
        self._folder.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SALESFORCE_CONSUMER_KEY": CONSUMER_KEY,
            "SALESFORCE_CONSUMER_SECRET": CONSUMER_SECRET,
            "SALESFORCE_KEY_FILE": str(self._key_file),
        }

    @property
    def place(self) -> dict[str, Any]:
        return {"url": self.url}

    def is_contract(self, request: web.Request) -> bool:
        return request.path == TOKEN_PATH

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == TOKEN_PATH:
            return self._token({name: str(value) for name, value in (await request.post()).items()})
        if self.weather is Weather.FORGETFUL and not self._forgot:
            self._forgot = True
            self._tokens.clear()
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return self.refused("")
        response = await self._routed(request)
        response.headers["Sforce-Limit-Info"] = "api-usage=18/15000"
        return response

    def _token(self, form: dict[str, str]) -> web.StreamResponse:
        if self.weather is Weather.REFUSING:
            return _no_token("invalid_grant", "user hasn't approved this consumer")
        if form.get("grant_type") == "client_credentials":
            if (form.get("client_id"), form.get("client_secret")) != (CONSUMER_KEY, CONSUMER_SECRET):
                return _no_token("invalid_client", "invalid client credentials")
        elif form.get("grant_type") == JWT_BEARER:
            try:
                claims = jwt.decode(
                    form.get("assertion", ""),
                    _KEY.public_key(),
                    algorithms=["RS256"],
                    audience=AUDIENCE,
                    issuer=CONSUMER_KEY,
                    options={"require": ["iss", "sub", "aud", "exp"]},
                )
            except jwt.InvalidTokenError:
                return _no_token("invalid_grant", "invalid assertion")
            if claims["sub"] != USER or claims["exp"] > time.time() + 300:
                return _no_token("invalid_grant", "invalid assertion")
        else:
            return _no_token("unsupported_grant_type", "grant type not supported")
        self.signed_in += 1
        token = f"00D5g000000!token.{self.signed_in}"
        self._tokens.add(token)
        body = {"access_token": token, "scope": "api", "instance_url": self.url, "token_type": "Bearer"}
        return web.json_response(body)

    async def _routed(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(VERSION).rstrip("/")
        try:
            match request.method, path:
                case "GET", "query":
                    return self._queried(request.query["q"])
                case "GET", "search":
                    return self._searched(request.query["q"])
                case "PATCH", _ if request.path.startswith(f"{VERSION}sobjects/"):
                    segments = request.rel_url.raw_path.removeprefix(f"{VERSION}sobjects/").split("/")
                    return self._upsert(*map(unquote, segments), body=await request.json())
                case _:
                    return _error(404, "NOT_FOUND", "The requested resource does not exist")
        except BadQueryError as error:
            return _error(400, "MALFORMED_QUERY", str(error))
        except TypeError:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")

    def _table(self, name: str) -> list[Row]:
        found = next((rows for table, rows in self.rows.items() if table.lower() == name.lower()), None)
        if found is None or (name == "Order" and not self.knows_orders):
            raise LookupError(name)
        return found

    def _queried(self, text: str) -> web.Response:
        self.queries.append(text)
        select = Query(text, SOQL).select()
        try:
            rows = self._table(select.table)
        except LookupError:
            return _error(400, "INVALID_TYPE", f"sObject type '{select.table}' is not supported.")
        if refused := self._unknown_column(select.table, select.columns, text):
            return refused
        for value in _compared_ids(select.where):
            if not re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", str(value)):
                return _error(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
        records = [_shown(row, select.columns) for row in chosen(select, rows, SOQL)]
        return web.json_response({"totalSize": len(records), "done": True, "records": records})

    def _searched(self, text: str) -> web.Response:
        self.queries.append(text)
        find = read_find(text)
        if find.group != "PHONE":
            raise BadQueryError("these tests search in phone fields")
        records: list[Row] = []
        for returned in find.returning:
            if refused := self._unknown_column(returned.table, returned.columns, text):
                return refused
            hits = [row for row in self._table(returned.table) if _has_number(row, find.terms)]
            select = Query("SELECT Id FROM X", SOQL).select()._replace(where=returned.where, limit=returned.limit)
            records += [_shown(row, returned.columns) for row in chosen(select, hits, SOQL)]
        return web.json_response({"searchRecords": records})

    def _unknown_column(self, table: str, columns: tuple[Column, ...], text: str) -> web.Response | None:
        """Refuse the first field that the object has not, or not for this user, as Salesforce says it."""
        there = {name for row in self._table(table) for name in row} - self.hidden.get(table, set())
        for column in columns:
            name = str(column.expression[1]).partition(".")[0]
            if name not in there:
                at = text.index(name, max(0, text.find(f"{table}(")))
                begin = max(0, at - 45)
                place = f"\n{text[begin : at + 40]}\n{' ' * (at - begin)}^\nERROR at Row:1:Column:{at + 1}\n"
                hint = "If you are attempting to use a custom field, be sure to append the '__c' after the custom field"
                words = f"No such column '{name}' on entity '{table}'. {hint} name. Please reference your WSDL."
                return _error(400, "INVALID_FIELD", f"{place}{words}")
        return None

    def _upsert(self, table: str, field: str, reference: str, *, body: Row) -> web.Response:
        allowed = {"Task": _TASK, "Case": _CASE}.get(table)
        if allowed is None or field != REFERENCE:
            return _error(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible")
        if unknown := sorted(set(body) - allowed):
            return _error(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type {table}")
        prefixes = {"WhoId": ("003", "00Q"), "WhatId": ("001", "500"), "ContactId": ("003",), "AccountId": ("001",)}
        owners = [name for name in prefixes if name in body]
        if len(owners) != 1 or not str(body[owners[0]]).startswith(prefixes[owners[0]]):
            return _error(400, "FIELD_INTEGRITY_EXCEPTION", "id value of incorrect type")
        if len(body["Subject"]) > 255 or len(body["Description"]) > 32_000 or len(reference) > 80:
            return _error(400, "STRING_TOO_LONG", "data value too large")
        interaction, _, suffix = reference.rpartition("-")
        kind = {"call": "activity", "note": "note", "case": "case"}[suffix]
        created = (table, reference) not in self._upserted
        number = self._upserted.setdefault((table, reference), f"00T5g0000000000{len(self._upserted):03}")
        text = f"{body['Subject']}\n{body['Description']}"
        self.keep(f"{table} {reference}", Written(kind, interaction, str(body[owners[0]]), text))
        answer = {"id": number, "success": True, "errors": [], "created": created}
        return web.json_response(answer, status=201 if created else 200)

    def refused(self, _asked: str) -> web.StreamResponse:
        return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def forbidden(self, _asked: str) -> web.StreamResponse:
        return _error(403, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")

    def throttled(self, _asked: str) -> web.StreamResponse:
        return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def fault(self, asked: str) -> web.StreamResponse:
        return _error(400, "MALFORMED_QUERY", f"Email = 'petra@example.com' or +49 351 5550123\nERROR at Row:1 {asked}")


def _no_token(error: str, words: str) -> web.Response:
    return web.json_response({"error": error, "error_description": words}, status=400)


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response([{"message": message, "errorCode": code}], status=status)


def _compared_ids(tree: Any) -> list[Any]:
    """Return the values that ids are compared with: Salesforce refuses what can be none."""
    match tree:
        case ("or" | "and", one, other):
            return [*_compared_ids(one), *_compared_ids(other)]
        case ("in", ("name", name), values, _) if name.lower() in _IDS:
            return [value[1] for value in values]
        case ("=" | "!=" | "<>", ("name", name), ("value", value)) if name.lower() in _IDS:
            return [value]
        case _:
            return []


def _has_number(row: Row, terms: tuple[re.Pattern[str], ...]) -> bool:
    """Whether a term is one of the row's numbers, of which the index has the digits as they were typed."""
    for name in ("Phone", "MobilePhone", "HomePhone", "OtherPhone"):
        digits = re.sub(r"\D", "", str(row.get(name) or ""))
        if digits and any(term.fullmatch(digits) for term in terms):
            return True
    return False


def _shown(row: Row, columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return a row's columns as the interface does: related objects as objects of their own."""
    shown: dict[str, Any] = {"attributes": row["attributes"]}
    for column in columns:
        first, _, rest = str(column.expression[1]).partition(".")
        value = value_of(column.expression, row)
        if not rest:
            shown[first] = value
        elif row.get(first) is None:
            shown[first] = None
        else:
            shown.setdefault(first, {"attributes": {"type": first}})[rest] = value
    return shown


def _attributes(kind: str, number: str) -> Row:
    return {"type": kind, "url": f"{VERSION}sobjects/{kind}/{number}"}


def _contact(person: Person, account: str | None) -> Row:
    given, _, surname = person.name.partition(" ")
    number = person.phone.removeprefix("+49")
    return {
        "attributes": _attributes("Contact", person.id),
        "Id": person.id,
        "Name": person.name,
        "FirstName": given,
        "LastName": surname,
        "Title": None,
        # As people type them.
        "Phone": f"0{number[:3]}/{number[3:]}" if person.phone.startswith("+49") else person.phone,
        "MobilePhone": None,
        "HomePhone": None,
        "OtherPhone": None,
        "Email": person.email.title(),
        "MailingStreet": "Lindenallee 12",
        "MailingPostalCode": "01067",
        "MailingCity": "Dresden",
        "MailingCountry": "Germany",
        "AccountId": account,
        "Account": {"Name": "Vogt GmbH"} if account else None,
        "Birthdate": "1979-05-12",
        "Department": "Purchasing",
        "DoNotCall": False,
        "HasOptedOutOfEmail": True,
        "Owner": {"Name": "Alice Weber"},
    }


def _lead(person: Person, *, converted: bool) -> Row:
    given, _, surname = person.name.partition(" ")
    return {
        "attributes": _attributes("Lead", person.id),
        "Id": person.id,
        "Name": person.name,
        "FirstName": given,
        "LastName": surname,
        "Title": None,
        "Phone": person.phone,
        "MobilePhone": None,
        "Email": person.email,
        "Street": None,
        "PostalCode": None,
        "City": "Dresden",
        "Country": None,
        "Company": "Neu AG",
        "DoNotCall": True,
        "HasOptedOutOfEmail": False,
        "Owner": {"Name": "Alice Weber"},
        "IsConverted": converted,
    }


def _account(company: Person) -> Row:
    return {
        "attributes": _attributes("Account", company.id),
        "Id": company.id,
        "Name": company.name,
        "Phone": f"+49 (351) {company.phone[6:]}",
        "BillingStreet": None,
        "BillingPostalCode": None,
        "BillingCity": "Dresden",
        "BillingCountry": None,
        "Website": None,
        "Owner": {"Name": "Alice Weber"},
    }


def _case(number: str, contact: str | None, account: str | None, *, closed: bool) -> Row:
    return {
        "attributes": _attributes("Case", number),
        "Id": f"5005g0000{number}A",
        "CaseNumber": number,
        "Subject": "Pump leaks",
        "Status": "Closed" if closed else "New",
        "Priority": "High",
        "CreatedDate": "2026-11-18T08:15:00.000+0000",
        "ContactId": contact,
        "AccountId": account,
        "IsClosed": closed,
    }


def _order(number: str, account: str, status: str, end: str | None) -> Row:
    return {
        "attributes": _attributes("Order", number),
        "Id": f"8015g0000{number}A",
        "OrderNumber": number,
        "Status": status,
        "StatusCode": status,
        "Description": "Spare parts",
        "EffectiveDate": "2026-11-02",
        "EndDate": end,
        "TotalAmount": 1249.5,
        "AccountId": account,
    }
