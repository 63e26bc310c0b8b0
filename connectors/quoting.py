"""Search values as literals of each language they are put into: whatever they hold, they stay values."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from yarl import URL

from connectors.base import ConnectorError
from hub.domain.customer import Problem
from hub.domain.phone import clean_text

MAX_VALUE = 500
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TRUTH = re.compile("true|false")
_ODATA_KINDS = {bool: "bool", int: "number", float: "number", Decimal: "number", datetime: "datetime"}
_IN_ADDRESSES = "!#$%&'()*+,/:;=?@[]~-._"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?(Z|[+-]\d\d:\d\d)?")


def plain(value: Any) -> str:
    """Return a value as clean text. Raises ConnectorError for what is no plain value."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _short(value)
        case int() | Decimal():
            return str(value)
        case float():
            return repr(value)
        case date():
            return value.isoformat()
        case {"#text": text}:  # an element of XML that has attributes as well
            return plain(text)
        case _:
            raise ConnectorError(Problem.INTERNAL, "a value to search for is a list or an object: point to one field")


def _short(value: str) -> str:
    text = clean_text(value, MAX_VALUE + 1)
    if len(text) > MAX_VALUE:
        # Cut, it could be somebody else's.
        raise ConnectorError(Problem.INTERNAL, f"a value to search for is too long: at most {MAX_VALUE} characters")
    return text


def number(value: Any) -> str:
    """Return a value that has to be a number as digits. Raises ConnectorError."""
    return _matching(_NUMBER, value, "number")


def _matching(pattern: re.Pattern[str], value: Any, what: str) -> str:
    text = plain(value)
    if not pattern.fullmatch(text):
        raise ConnectorError(Problem.INTERNAL, f"a value to search for has to be a {what}, and is none")
    return text


def odata_literal(value: Any, version: str, kind: str | None) -> str:
    """Write a value as an OData literal (V2: OData 2.0, 2.2.2; V4: ABNF primitiveLiteral). Quotes are doubled."""
    kind = kind or _ODATA_KINDS.get(type(value), "text")
    if isinstance(value, datetime):
        value = _utc(value, zoned=version == "v4" or kind == "datetimeoffset")
    match kind:
        case "bool":
            return _matching(_TRUTH, value, "truth value")
        case "number":
            return number(value)
        case "guid" | "datetime" | "datetimeoffset":
            pattern, what = (_GUID, "GUID") if kind == "guid" else (_MOMENT, "date")
            text = _matching(pattern, value, what)
            return f"{kind}'{text}'" if version == "v2" else text
        case "int64" | "decimal":
            text = number(value)
            return f"{text}{'L' if kind == 'int64' else 'M'}" if version == "v2" else text
        case _:
            return "'" + plain(value).replace("'", "''") + "'"


def _utc(moment: datetime, *, zoned: bool) -> str:
    """Write a moment in UTC; Edm.DateTime of V2 has no zone."""
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ" if zoned else "%Y-%m-%dT%H:%M:%S")


def path_segment(value: Any) -> str:
    """Write a value as exactly one segment of a path (RFC 3986): no slash, and neither `.` nor `..`."""
    text = plain(value)
    if text in {"", ".", ".."}:
        raise ConnectorError(Problem.INTERNAL, "a value to search for can't stand in an address")
    return quote(text, safe="")


def linked_address(link: str) -> URL:
    """Return a link that a backend gave, escaped where it is not (RFC 3986). Raises ValueError if it is no address."""
    return URL(quote(link, safe=_IN_ADDRESSES), encoded=True)
