"""The character encodings that other systems may speak."""

from __future__ import annotations

import codecs

# Nobody sends data in these, and with two of them the work grows with the square of the length.
_NO_WIRE_ENCODINGS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def wire_encoding(name: str) -> str:
    """Return the one name by which the standard library knows an encoding. Raises LookupError."""
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        raise LookupError(name) from None
    is_text = known._is_text_encoding  # noqa: SLF001 - there is no public way to tell rot13 from an encoding
    if not is_text or known.name.replace("_", "-") in _NO_WIRE_ENCODINGS:
        raise LookupError(name)
    return known.name
