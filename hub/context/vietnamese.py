"""Vietnamese names as they are written with all their marks, by which alone many of them differ."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# The horn, the hook above and the dot below, or two marks at one letter, are no other language's.
_ITS_OWN: Final = re.compile(r"[\u031b\u0309\u0323]|[\u0300-\u036f]{2}")


@lru_cache(maxsize=8_192)
def is_marked(text: str) -> bool:
    """Whether a name is written with marks that only Vietnamese has."""
    return not text.isascii() and _ITS_OWN.search(unicodedata.normalize("NFD", text)) is not None


def marked(word: str) -> str:
    """Return a small word with its marks behind it, since either vowel of two may carry them: Thủy is Thuỷ."""
    letters = unicodedata.normalize("NFD", word)
    marks = sorted(letter for letter in letters if unicodedata.combining(letter))
    return "".join([*(letter for letter in letters if not unicodedata.combining(letter)), ":", *marks])
