"""Text that was read in another encoding than it was written in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_MISREAD: Final = re.compile(
    r"[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122\u20ac]"
)


@lru_cache(maxsize=8_192)
def repaired(text: str) -> str:
    """Return what a text in UTF-8 was before it was taken for Windows-1252 or ISO 8859-1; else as it is."""
    if text.isascii() or _MISREAD.search(text) is None:
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue  # it is what it seems to be, in this encoding
    return text
