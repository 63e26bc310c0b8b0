"""The body of a change, with each value as the protocol's version writes it in JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

INT32 = range(-(2**31), 2**31)


def entity_json(body: Any, version: str) -> bytes:
    """Write an entity (OData V2 JSON, 4; OData 4.01 JSON, 7.1).

    V2 has decimals and 64 bit numbers as text and moments as `/Date(ms)/`; V4 has numbers, and moments as in ISO 8601.
    """
    return msgspec.json.encode(_v2(body) if version == "v2" else _v4(body))


def _v2(value: Any) -> Any:
    match value:
        case dict():
            return {name: _v2(inner) for name, inner in value.items()}
        case list():
            return [_v2(inner) for inner in value]
        case _:
            return _v2_scalar(value)


def _v2_scalar(value: Any) -> Any:
    match value:
        case datetime():
            return f"/Date({_milliseconds(value)})/"
        case date():
            return f"/Date({_milliseconds(datetime.combine(value, time()))})/"
        case Decimal() | float():
            return str(value)
        case int() if not isinstance(value, bool) and value not in INT32:
            return str(value)
        case _:
            return value


def _v4(value: Any) -> Any:
    match value:
        case dict():
            return {name: _v4(inner) for name, inner in value.items()}
        case list():
            return [_v4(inner) for inner in value]
        case datetime():
            return _aware(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case Decimal():
            # A number with all its digits, not a text.
            return msgspec.Raw(format(value, "f").encode())
        case _:
            return value


def _milliseconds(moment: datetime) -> int:
    return round(_aware(moment).timestamp() * 1000)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
