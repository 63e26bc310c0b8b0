"""Names as they are looked for: without case, accents, order of words, titles' punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

MAX_WORDS: Final = 8
MAX_TERM: Final = 100
LEAST_OF_A_NUMBER: Final = 4
"""Characters of an id's or an order's number that are looked for, where it is not the whole of it."""

_MOST_ENDINGS: Final = 3
_LEGAL_FORMS: Final = frozenset(
    {
        "gmbh",
        "ag",
        "kg",
        "ohg",
        "ug",
        "mbh",
        "se",
        "inc",
        "llc",
        "ltd",
        "limited",
        "corp",
        "co",
        "sa",
        "sarl",
        "bv",
        "nv",
    }
)
_WORD: Final = re.compile(r"\w+")
_LETTERS_AND_DIGITS: Final = re.compile(r"[^\W_]+")
_DIGITS_BEHIND_LETTERS: Final = re.compile(r"[^\W\d_]*(\d+)")
_APOSTROPHE: Final = re.compile(r"['\u2019\u02bc`\u00b4.]")
_TRANSCRIBED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})
# Letters that Unicode does not take apart.
_PLAIN: Final = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_EAST_ASIAN: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af]+"
)
_HAN: Final = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+")


def spellings(text: str) -> Sequence[Sequence[str]]:
    """Return the words of a name in each way it may be typed: accents dropped, or umlauts transcribed (ü as ue).

    What is written without blanks (Chinese, Japanese, Korean) is in `east_asian` instead. Legal forms don't count, but
    in a name of nothing else.
    """
    folded = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text[: MAX_TERM * 4]).casefold())
    folded = _EAST_ASIAN.sub(" ", folded)
    found: list[Sequence[str]] = []
    for spelling in (folded, folded.translate(_TRANSCRIBED)):
        words = _WORD.findall(_without_accents(spelling))
        words = ([word for word in words if word not in _LEGAL_FORMS] or words)[:MAX_WORDS]
        if words and words not in found:
            found.append(words)
    return found


def east_asian(text: str) -> Iterator[str]:
    """Yield what of a text is written in characters without blanks between words."""
    for run in _EAST_ASIAN.findall(unicodedata.normalize("NFKC", text[: MAX_TERM * 4])):
        yield run[:MAX_TERM]


def is_han(text: str) -> bool:
    """Whether all of it is in Chinese characters."""
    return _HAN.fullmatch(text) is not None


def folded_id(text: str) -> str:
    """Return an order's, a case's or a record's number as it is looked for: letters and digits, without case."""
    folded = unicodedata.normalize("NFKC", text[: MAX_TERM * 2]).casefold()
    return "".join(one for one in folded if one.isalnum())[:MAX_TERM]


def endings_of_id(text: str) -> Iterator[str]:
    """Yield a number as people read it out who leave its beginning away: 77001 of CMD-77001, the last such first.

    Digits alone, or behind nothing but letters, between what is neither: an id of letters and digits mixed has none.
    Leading zeros may be left out.
    """
    parts = _LETTERS_AND_DIGITS.findall(unicodedata.normalize("NFKC", text[: MAX_TERM * 2]).casefold())
    found = 0
    for place in reversed(range(len(parts))):
        digits = _DIGITS_BEHIND_LETTERS.fullmatch(parts[place])
        if digits is None or (place == 0 and digits[1] == parts[0]):
            continue
        ending = (digits[1] + "".join(parts[place + 1 :]))[:MAX_TERM]
        if len(ending) < LEAST_OF_A_NUMBER:
            continue
        yield from (one for one in dict.fromkeys((ending, ending.lstrip("0"))) if len(one) >= LEAST_OF_A_NUMBER)
        found += 1
        if found == _MOST_ENDINGS:
            break


def turned(words: Sequence[str]) -> Iterator[str]:
    """Yield the name beginning with each of its words in turn: so any of them finds it, and the next after it."""
    for first in range(len(words)):
        yield " ".join((*words[first:], *words[:first]))[:MAX_TERM]


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    taken_apart = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(one for one in taken_apart if not unicodedata.combining(one)))
