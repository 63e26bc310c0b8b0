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

TEXT_NAMES = ("#text", "_value_1")
"""Under which an element's own text stands beside its attributes: in XML, and in the reply of a SOAP service."""

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
# Half a character of UTF-16, as broken systems send it: it can't be written in UTF-8.
_HALVES = re.compile(r"[\ud800-\udfff]")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
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
    if value is None:
        return None
    if value is True or value is False:
        return "true" if value else "false"
    return _other_text(value)


def _other_text(value: Any) -> str | None:
    match value:
        case str():
            text = _HALVES.sub("", _SPACES.sub(" ", value[: MAX_TEXT * 4]))
            return clean_text(text, MAX_TEXT) or None
        case int() | float() | Decimal():
            return _digits(value) if isinstance(value, int) else _decimal(value)
        case date() | time():
            return value.isoformat()
        case Mapping() if any(name in value for name in TEXT_NAMES):
            return to_text(next(value[name] for name in TEXT_NAMES if name in value))
        case _:
            raise ValueProblemError(f"needs a plain value, but found {kind_of(value)}")


def _digits(value: int) -> str:
    if value.bit_length() > 1_024:  # noqa: PLR2004 - no id is that long, and Python refuses to print still longer ones
        raise ValueProblemError("the number is too long")
    return str(value)


def _decimal(value: float | Decimal) -> str:
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
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


def to_whole(value: Any) -> int | None:
    """Read a whole number, also one that is text or has only zeros behind its point; empty is missing."""
    text = to_text(value)
    if text is None:
        return None
    whole, _, fraction = text.partition(".")
    if isinstance(value, bool) or fraction.strip("0") or not _WHOLE.fullmatch(whole):
        raise ValueProblemError("needs a whole number")
    return int(whole)


def midnight_of(value: date) -> datetime:
    return datetime.combine(value, time())
