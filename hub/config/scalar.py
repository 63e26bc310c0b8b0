"""Plain scalars by the core schema of YAML 1.2 (10.3.2), where NO is Norway and not false, and 12:30 is no number."""

from __future__ import annotations

import re
from decimal import Decimal

Scalar = str | int | float | Decimal | bool | None

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")


def core_scalar(text: str, *, exact: bool = False) -> Scalar:
    """Return the value that an unquoted text stands for; infinity and not-a-number stay text.

    With `exact`, fractions are Decimals that keep their digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return Decimal(text) if exact else float(text)
    return text
