"""Arabic and Persian names in their own letters, and whether a word in Latin letters is how one may be written there.

Short vowels are not written and long ones in several ways, and each language of the reader's has its own for the rest:
so a word is read as all that it may be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from hub.context.name_tables import ARABIC_LETTERS

_VOWELS: Final = frozenset("اأإآٱعءئؤوىةيی")
_SHORT: Final = ("", "a", "e", "i", "o", "u")
_GLIDES: Final = frozenset("عويی")
_MARKS: Final = re.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u0640\u200c\u200d]")
_ARTICLE: Final = "ال"
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_SERVANT: Final = re.compile(r"\b(عبد)\s+(?=ال)")
MAX_LETTERS: Final = 16


def has_arabic(text: str) -> bool:
    return not text.isascii() and _ARABIC.search(text) is not None


def unmarked(text: str) -> str:
    """Return a text without vowel marks, and with Abd al- written as one word with what follows, as it is in Latin."""
    return _SERVANT.sub(r"\1", _MARKS.sub("", text)) if has_arabic(text) else text


def is_read(arabic: str, latin: str) -> bool:
    """Whether a word in Arabic letters may be this plain one in Latin letters."""
    if len(arabic) > MAX_LETTERS or len(latin) > 2 * MAX_LETTERS:
        return False
    ends = {0}
    for ways in _ways(arabic):
        ends = {end + len(way) for end in ends for way in ways if latin.startswith(way, end)}
    return len(latin) > 1 and len(latin) in ends


@lru_cache(maxsize=4_096)
def _ways(word: str) -> Sequence[Sequence[str]]:
    """Return how each letter may be written, and what may stand between two; nothing for what is no word."""
    letters = unicodedata.normalize("NFC", word)
    if len(letters) < 2 or any(letter not in ARABIC_LETTERS for letter in letters):  # noqa: PLR2004 - an initial
        return ()
    found: list[Sequence[str]] = []
    if letters.startswith(_ARTICLE) and len(letters) > 4:  # noqa: PLR2004 - Ali begins with neither
        found.append(("", "al", "el"))
        letters = letters[2:]
    for letter, following in zip(letters, [*letters[1:], ""], strict=True):
        ways = ARABIC_LETTERS[letter]
        if letter in _VOWELS:
            found.append(ways)
            continue
        found.append([*ways, *(way * 2 for way in ways)])
        if following and following not in _VOWELS:
            found.append(_SHORT)
        elif following in _GLIDES:
            found.append(("", "a"))
    return found
