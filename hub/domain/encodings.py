"""The character encodings that other systems may speak."""

from __future__ import annotations

import codecs
import re
from typing import Final

# Nobody sends data in these, and with two of them the work grows with the square of the length.
_NO_WIRE_ENCODINGS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})

# Names of IANA's list, of browsers and of Java that the standard library does not have.
_OTHER_NAMES: Final = {
    "windows-31j": "cp932",
    "cswindows31j": "cp932",
    "x-ms932": "cp932",
    "x-sjis": "shift_jis",
    "x-gbk": "gbk",
    "x-euc-jp": "euc_jp",
    "x-windows-949": "cp949",
    "x-windows-950": "cp950",
}
_CODE_PAGE: Final = re.compile(r"(?:x-)?ibm-?(\d{2,5})")
"""A code page as IBM, ICU and Java call it: ibm-037, IBM01140, x-IBM1026."""


def wire_encoding(name: str) -> str:
    """Return the one name by which the standard library knows an encoding. Raises LookupError."""
    lowered = name.lower()
    if page := _CODE_PAGE.fullmatch(lowered):
        lowered = f"cp{int(page[1]):03}"
    try:
        known = codecs.lookup(_OTHER_NAMES.get(lowered, lowered))
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        raise LookupError(name) from None
    is_text = known._is_text_encoding  # noqa: SLF001 - there is no public way to tell rot13 from an encoding
    if not is_text or known.name.replace("_", "-") in _NO_WIRE_ENCODINGS:
        raise LookupError(name)
    return known.name
