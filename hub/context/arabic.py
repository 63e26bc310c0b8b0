"""Arabic and Persian names in their own letters, and whether a word in Latin letters is how one may be written there.

Short vowels are not written and long ones in several ways, and each language of the reader's has its own for the rest:
so a word is read as the pattern of all that it may be.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = {
    **dict.fromkeys("اأإآٱع", "(?:aa|[aeiou])?"),
    **dict.fromkeys("ءئؤ", "(?:[aeiouy])?"),
    "ب": "b",
    "پ": "p",
    "ت": "t",
    "ث": "(?:th|s)",
    "ج": "(?:dj|dsch|j|g)",
    "چ": "(?:tsch|ch)",
    "ح": "h",
    "خ": "(?:kh|ch|k|h)",
    "د": "d",
    "ذ": "(?:dh|th|d|z)",
    "ر": "r",
    "ز": "z",
    "ژ": "(?:zh|j)",
    "س": "s",
    "ش": "(?:sch|sh|ch)",
    "ص": "s",
    "ض": "(?:dh|d|z)",
    "ط": "t",
    "ظ": "(?:dh|th|z)",
    "غ": "(?:gh|g)",
    "ف": "f",
    "ق": "(?:gh|q|k|g)",
    **dict.fromkeys("كک", "(?:ck|k|c)"),
    "گ": "g",
    "ل": "l",
    "م": "m",
    "ن": "n",
    "ه": "h",
    "ة": "(?:ah|eh|a|e)",
    "و": "(?:ou|oo|ow|aw|au|w|v|u|o)",
    **dict.fromkeys("يی", "(?:ee|ei|ai|ay|ey|iy|y|i|e)"),
    "ى": "(?:a|i|y|ee)",
}
_VOWELS: Final = frozenset("اأإآٱعءئؤوىةيی")
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
    pattern = _pattern(arabic)
    return pattern is not None and pattern.fullmatch(latin) is not None


@lru_cache(maxsize=4_096)
def _pattern(word: str) -> re.Pattern[str] | None:
    letters = unicodedata.normalize("NFC", word)
    if len(letters) < 2 or any(letter not in _LETTERS for letter in letters):  # noqa: PLR2004 - an initial
        return None
    parts = []
    if letters.startswith(_ARTICLE) and len(letters) > 4:  # noqa: PLR2004 - Ali begins with neither
        parts.append("(?:[ae]l)?")
        letters = letters[2:]
    for number, letter in enumerate(letters):
        parts.append(_LETTERS[letter] if letter in _VOWELS else f"(?:{_LETTERS[letter]}){{1,2}}")
        following = letters[number + 1 : number + 2]
        if letter not in _VOWELS and following and following not in _VOWELS:
            parts.append("[aeiou]?")
        elif letter not in _VOWELS and following in {"ع", "و", "ي", "ی"}:
            parts.append("a?")
    return re.compile("".join(parts))
