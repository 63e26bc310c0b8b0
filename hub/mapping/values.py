"""From the loose values of JSON, XML and SOAP to text, truth and numbers as text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from hub.domain.phone import clean_text
from hub.mapping.errors import ValueProblemError

MAX_TEXT = 4_000
"""Characters of one text that are kept."""

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_TRUE = frozenset({"true", "1", "x", "yes", "y"})
_FALSE = frozenset({"false", "0", "no", "n"})


_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool,), "true or false"),
    ((str,), "a text"),
    ((int, float, Decimal), "a number"),
    ((date, time), "a date or time"),
    ((Mapping,), "an object"),
    ((list, tuple), "a list"),
    ((bytes, bytearray), "binary data"),
)


def kind_of(value: Any) -> str:
    """Name what a value is, without showing it."""
    return next((kind for types, kind in _KINDS if isinstance(value, types)), "something that is no plain value")


def to_text(value: Any) -> str | None:
    """Return a value as text: leading zeros stay, control characters go, empty is missing (None)."""
    if type(value) is str and len(value) <= MAX_TEXT and value.isprintable():
        # Nothing to clean: the format and control characters that clean_text takes out are not printable.
        return value.strip() or None
    return _other_text(value)


def _other_text(value: Any) -> str | None:
    match value:
        case str():
            return clean_text(_SPACES.sub(" ", value[: MAX_TEXT * 4]), MAX_TEXT) or None
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int():
            return _digits(value)
        case float() | Decimal():
            return _decimal(value)
        case date() | time():
            return value.isoformat()
        case _:
            raise ValueProblemError(f"needs a plain value, but found {kind_of(value)}")


def _digits(value: int) -> str:
    if value.bit_length() > 1_024:  # noqa: PLR2004 - no id is that long, and Python refuses to print still longer ones
        raise ValueProblemError("the number is too long")
    return str(value)


def _decimal(value: float | Decimal) -> str:
    if not math.isfinite(value):
        raise ValueProblemError("needs a finite number")
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if abs(exact.adjusted()) > 60:  # noqa: PLR2004 - no amount has that many digits
        raise ValueProblemError("the number is too long")
    text = format(exact, "f")
    whole, _, fraction = text.partition(".")
    return whole if isinstance(value, float) and not fraction.strip("0") else text


def to_bool(value: Any) -> bool | None:
    """Read true, false, 1, 0, yes, no, and SAP's X; empty is missing."""
    if isinstance(value, bool):
        return value
    text = to_text(value)
    if text is None:
        return None
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueProblemError("needs true or false, but found another text; a `table` can translate it")


def midnight_of(value: date) -> datetime:
    return datetime.combine(value, time())
