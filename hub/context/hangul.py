"""Korean names: Hangul in Latin letters, and the many ways in which the same syllable is written in them.

What Hangul becomes follows the Revised Romanization of Korean (2000), without the changes of sound between syllables,
which names don't have.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from hub.context.name_tables import HANGUL_DOUBLE_SURNAMES, KOREAN_SURNAMES

_FIRST: Final = 0xAC00
_LAST: Final = 0xD7A3
_INITIALS, _VOWELS, _FINALS = (
    [letters.strip("-") for letters in row.split()]
    for row in (
        "g kk n d tt r m b pp s ss - j jj ch k t p h",
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
        "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
    )
)
_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]+")
_WHOLE_NAME: Final = range(2, 5)
"""Syllables of a surname and a given name written as one word."""
_MAX_LETTERS: Final = 14
_SYLLABLES: Final = re.compile(
    r"(?:(?:kk|tt|pp|ss|jj|ch|[gkndtrlmbpsjh])?(?:yeo|yae|wae|eo|eu|ae|oe|ya|ye|yo|yu|wa|wo|we|wi|ui|[aeiou])"
    r"(?:ng|[knltmp])?)+"
)
# As people write them, and what that is in the Revised Romanization; first comes what is part of nothing before it.
_WRITTEN: Final = tuple(
    (re.compile(pattern), letters)
    for pattern, letters in (
        (r"(?<=[aeiou])h(?![aeiouyw])", ""),
        (r"young|yung", "yeong"),
        (r"(?<=[sjkgmbyh])(y?)(?:ou|u)ng", r"\1eong"),
        (r"hyun", "hyeon"),
        (r"hyuk", "hyeok"),
        (r"chul", "cheol"),
        (r"s(?:eo|u)[bp]", "seop"),
        (r"bum", "beom"),
        (r"d(?:u|eo)k", "deok"),
        (r"k(?=[yw])", "g"),
        (r"^ki(?!m)", "gi"),
        (r"sh(?=i)", "s"),
        (r"h(?:ee|ui|ie)", "hi"),
        (r"ee", "i"),
        (r"oo", "u"),
        (r"wu", "u"),
    )
)


@lru_cache(maxsize=8_192)
def latin(text: str) -> str:
    """Return a text with its Hangul in Latin letters; without any, as it is."""
    return text if text.isascii() else _HANGUL.sub(lambda found: "".join(map(_syllable, found[0])), text)


def _syllable(character: str) -> str:
    number = ord(character) - _FIRST
    return _INITIALS[number // 588] + _VOWELS[number % 588 // 28] + _FINALS[number % 28]


def parted(text: str) -> str:
    """Return a whole name that is written as one word with a blank behind its surname."""
    name = text.strip()
    if len(name) not in _WHOLE_NAME or not all(_FIRST <= ord(character) <= _LAST for character in name):
        return text
    length = 2 if name[:2] in HANGUL_DOUBLE_SURNAMES and len(name) > 2 else 1  # noqa: PLR2004 - with a given name
    return f"{name[:length]} {name[length:]}"


def are_korean(words: list[str]) -> bool:
    """Whether plain words may be a Korean name: a surname at one end, and nothing that is no syllable of Korean."""
    if not 2 <= len(words) <= 4:  # noqa: PLR2004 - surname and given name, whose syllables may stand apart
        return False
    ends_with_surname = words[0] in KOREAN_SURNAMES or words[-1] in KOREAN_SURNAMES
    return ends_with_surname and all(word in KOREAN_SURNAMES or written(word) for word in words)


@lru_cache(maxsize=8_192)
def written(word: str) -> str:
    """Return a plain word of a Korean name as all write it alike; empty where that can't be Korean."""
    if word in KOREAN_SURNAMES:
        return KOREAN_SURNAMES[word]
    if len(word) > _MAX_LETTERS:
        return ""
    for pattern, letters in _WRITTEN:
        word = pattern.sub(letters, word)
    return word if _SYLLABLES.fullmatch(word) else ""
