"""Postal addresses as they are compared: `Hauptstr. 1` is `Hauptstraße 1`, and `Köln` is `Koeln`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from hub.context.spelling import spellings

_WORD: Final = re.compile(r"[^\W_]+")
# Inside a word as well: Hauptstraße, Hauptstr.
_STREET: Final = re.compile(r"stra(?:ss|ß)e\b|str\b\.?|street\b|st\b\.?")
_MAX_TEXT: Final = 200
_MAX_POSTCODE: Final = 20


@lru_cache(maxsize=16_384)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a street or a place, in their order."""
    folded = unicodedata.normalize("NFKC", text[:_MAX_TEXT]).casefold()
    return tuple(spellings(word)[-1] for word in _WORD.findall(_STREET.sub("str ", folded)))


def postcode(text: str) -> str:
    """Return a postcode without blanks and signs, in capitals."""
    return "".join(_WORD.findall(text[:_MAX_POSTCODE])).upper()
