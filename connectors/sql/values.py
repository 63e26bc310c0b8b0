"""Values on their way into a statement, and cells on their way out of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Boolean, Date, DateTime, Double, Numeric, String, bindparam
from sqlalchemy.types import TypeEngine

from connectors.base import ConnectorError
from connectors.quoting import plain
from connectors.resolve import NothingToAskError, Scope, value_of, values_of
from hub.config.request import Found
from hub.config.sql_text import SqlText
from hub.domain.customer import Problem
from hub.domain.path import Path

MAX_BYTES = 256
"""Of a binary cell, which is shown as hexadecimal digits: ids are short. Longer ones (pictures) are left out."""
_WIDEST = 2**63

Row = dict[str, Any]


def bound(text: SqlText, values: Mapping[str, Found], scope: Scope) -> list[BindParameter[Any]]:
    """Return the statement's parameters. Raises NothingToAskError, and ConnectorError for what is no plain value."""
    return [_parameter(name, is_list, values[name], scope) for name, is_list in text.values.items()]


def samples(text: SqlText, values: Mapping[str, Found]) -> list[BindParameter[Any]]:
    """Return parameters of the types that those of a question will have, for the database to look at a statement."""
    found = {name: _sample(values[name]) for name in text.values}
    return [
        bindparam(name, [found[name]] if is_list else found[name], _type(found[name]), expanding=is_list)
        for name, is_list in text.values.items()
    ]


def _parameter(name: str, is_list: bool, found: Found, scope: Scope) -> BindParameter[Any]:
    if is_list:
        given = [_sent(value, found) for value in values_of(found, scope)]
        return bindparam(name, given, _type(given[0]), expanding=True)
    try:
        value = _sent(value_of(found, scope), found)
    except NothingToAskError:
        if not found.optional:
            raise
        value = None
    return bindparam(name, value, _type(value))


def _sent(value: Any, found: Found) -> Any:
    # What is written may be long; what is searched for is clean and short, or nobody's.
    if isinstance(value, str) and Path(found.source).first != "entry":
        return plain(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _WIDEST:
        return Decimal(value)
    return value


def _sample(found: Found) -> Any:
    if found.type == "number" or found.date in {"unix", "unix_ms"}:
        return 0
    is_text = found.date is not None or (found.table is None and Path(found.source).first in {"query", "item"})
    return "" if is_text else None


_TYPES: tuple[tuple[type, Callable[[], TypeEngine[Any]]], ...] = (
    (bool, Boolean),
    (str, String),
    (int, BigInteger),
    (float, Double),
    (Decimal, Numeric),
    (date, Date),
)


def _type(value: Any) -> TypeEngine[Any] | None:
    """Return the type that the database is told: by it a text is never taken for a number, nor the other way round."""
    if isinstance(value, datetime):
        return DateTime(timezone=value.tzinfo is not None)
    return next((made() for kind, made in _TYPES if isinstance(value, kind)), None)


def names_of(keys: Sequence[str]) -> Sequence[str]:
    """Return the columns' names. Raises ConnectorError if two are the same: one would hide the other."""
    twice = next((name for index, name in enumerate(keys) if name in keys[:index]), None)
    if twice is not None:
        raise ConnectorError(
            Problem.MALFORMED,
            f"two columns are named {twice!r}: give one of them another name with AS in the statement",
        )
    return keys


def cell(value: Any) -> Any:
    """Return a cell as mappings read it: text, number, truth value, date, list or None."""
    match value:
        case None | bool() | int() | float() | Decimal() | str() | date():
            return value
        case bytes() | bytearray() | memoryview():
            raw = bytes(value)
            return raw.hex() if len(raw) <= MAX_BYTES else None
        case list() | tuple():
            return [cell(inner) for inner in value]
        case time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            # UUIDs, network addresses, ranges: as the database writes them.
            return str(value)


def size_of(value: Any) -> int:
    """Return about how many bytes a cell takes."""
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    return sum(map(size_of, value)) if isinstance(value, list | tuple) else 8
