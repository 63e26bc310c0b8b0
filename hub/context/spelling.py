"""One word as it may be written: accents, transcriptions, sounds that are spelt in several ways, slips."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from hub.context import hangul, kana
from hub.context.name_tables import GIVEN_NAME_GROUPS, GIVEN_NAMES

MIN_TYPO_LENGTH: Final = 5
"""A shorter word with another letter in it is another word."""
_TWO_TYPOS_LENGTH: Final = 9
_LONG_LENGTH: Final = 8
"""A word of which a slip is likelier than that another one is as like it."""

# Letters that are no letter with an accent; the rest falls to its base letter.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n", "ə": "e"}
)
_TRANSCRIBED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "đ": "dj", "ñ": "ny"})
# Cyrillic after ICAO 9303, with the letters of Ukrainian and Belarusian.
_CYRILLIC: Final = (
    dict(zip("абвгдезийклмнопрстуфхыіїєґў", "abvgdeziiklmnoprstufhyiiegw", strict=True))
    | {"ё": "e", "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "э": "e", "ю": "yu"}
    | {"я": "ya", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz"}
)
# Greek after ISO 843, its digraphs as they sound.
_GREEK: Final = (
    dict(zip("αβγδεζηικλμνξοπρστυφχω", "avgdeziiklmnxoprstyfho", strict=True))
    | dict(zip("άέήίϊΐόύϋΰώ", "aeiiiioyyyo", strict=True))
    | {"θ": "th", "ψ": "ps", "ς": "s"}
)
_LATIN = str.maketrans(_CYRILLIC | _GREEK)
# The second way in which both are written, as passports did before and English does.
_LATIN_OTHERWISE = str.maketrans(_CYRILLIC | _GREEK | {"х": "kh", "й": "y", "ё": "yo", "χ": "ch", "υ": "i"})
_ADJECTIVE = re.compile("[иы]й$")
_GREEK_DIGRAPHS: Final = tuple(
    (re.compile(pattern), letters)
    for pattern, letters in (
        ("ο[υύ]", "ou"),
        ("([αε])[υύ](?=[βγδζλμνραεηιοωάέήίόώ])", r"\1v"),
        ("([αε])[υύ]", r"\1f"),
        ("γ(?=[γκχξ])", "n"),
        ("^μπ", "b"),
        ("^ντ", "d"),
        ("^γκ", "g"),
    )
)
_IS_GREEK = re.compile("[\u0370-\u03ff]")
_IS_CYRILLIC = re.compile("[\u0400-\u04ff]")
_VOWELS = frozenset("aeiouy")
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("schtsch|shch|szcz|sch|sh|sz", "7"),
        ("tsch|tch", "6"),
        ("ph", "f"),
        ("th|dt", "t"),
        ("ck|ch|kh|c|q", "k"),
        ("tz|z", "s"),
        ("x", "ks"),
        ("[yj]", "i"),
        ("w", "v"),
        ("ae", "a"),
        ("oe", "o"),
        ("ue", "u"),
        ("(?<=[aeiou])h", ""),
        ("ei", "ai"),
        ("ie|ee", "i"),
        ("oo|ou", "u"),
        ("d$", "t"),
        (r"(.)\1+", r"\1"),
    )
)


def decomposed(text: str) -> str:
    """Return a text without accents."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=32_768)
def spellings(word: str) -> tuple[str, ...]:
    """Return a small word (NFKC, case folded) as it may be written: without accents first, then transcribed."""
    if word.isascii():
        return (word,)
    whole = hangul.latin(unicodedata.normalize("NFKC", word))
    if kana.has_kana(whole):
        return kana.spellings(whole)
    otherwise = ""
    if _IS_GREEK.search(whole):
        for digraph, letters in _GREEK_DIGRAPHS:
            whole = digraph.sub(letters, whole)
        otherwise = decomposed(whole.translate(_LATIN_OTHERWISE))
    elif _IS_CYRILLIC.search(whole):
        otherwise = decomposed(_ADJECTIVE.sub("y", whole).translate(_LATIN_OTHERWISE))
    latin = whole.translate(_LATIN)
    plain = decomposed(latin.translate(_PLAIN))
    transcribed = decomposed(latin.translate(_TRANSCRIBED).translate(_PLAIN))
    return tuple(dict.fromkeys(filter(None, (plain, otherwise, transcribed)))) or ("",)


def plain(word: str) -> str:
    return spellings(word)[0]


@lru_cache(maxsize=32_768)
def sound(word: str) -> str:
    """Return a plain word as it may sound: Meyer and Maier, Stephan and Stefan are one."""
    for pattern, heard in _SOUNDS:
        word = pattern.sub(heard, word)
    return word


def are_sound_alike(one: str, other: str) -> bool:
    """Whether two plain words may be spellings of one."""
    return len(one) > 2 < len(other) and sound(one) == sound(other)  # noqa: PLR2004 - initials sound like anything


def is_slip(one: str, other: str) -> bool:
    """Whether two plain words differ by a slip: one letter, or two exchanged; two slips in a long word.

    A last vowel that is another, or is there in one of them alone, is none: Mario and Maria, Daniel and Daniela.
    """
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < MIN_TYPO_LENGTH:
        return False
    allowed = 2 if len(shorter) >= _TWO_TYPOS_LENGTH else 1
    if len(longer) - len(shorter) > allowed or _ends_differ(shorter, longer):
        return False
    if len(set(shorter).difference(longer)) > allowed:
        return False  # each letter that the other has not is a slip of its own
    return _distance(shorter, longer, allowed) <= allowed


def _ends_differ(shorter: str, longer: str) -> bool:
    if len(shorter) == len(longer):
        return shorter[:-1] == longer[:-1] and (shorter[-1] in _VOWELS or longer[-1] in _VOWELS)
    return longer.startswith(shorter) and longer[-1] in _VOWELS


def _distance(one: str, other: str, limit: int) -> int:
    """Return the optimal string alignment distance (Damerau, 1964); anything above `limit` may be less than it is."""
    more = limit + 1
    before: list[int] = []
    row = [min(j, more) for j in range(len(other) + 1)]
    for i, letter in enumerate(one, 1):
        current = [more] * len(row)
        current[0] = min(i, more)
        # Farther from the diagonal it is more than the limit.
        for j in range(max(1, i - limit), min(len(other), i + limit) + 1):
            against = other[j - 1]
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (letter != against))
            if i > 1 < j and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            current[j] = cost
        if min(current) > limit:
            return more
        before, row = row, current
    return row[-1]


def is_other_letter(one: str, other: str) -> bool:
    """Whether two short plain words are apart by one letter that is another and sounds otherwise: Sofia and Sonia."""
    if len(one) != len(other) or len(one) >= _LONG_LENGTH or are_sound_alike(one, other):
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def are_one_given_name(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether one is the other's short form, or what it is in another language; both as they may be spelt."""
    return not _groups(one).isdisjoint(_groups(other))


def _groups(word: Iterable[str]) -> frozenset[int]:
    return frozenset().union(*(GIVEN_NAME_GROUPS.get(spelling, frozenset()) for spelling in word))


def are_known_apart(one: str, other: str) -> bool:
    """Whether both are given names that many people have: then they are no slip of each other, whatever they sound."""
    return one in GIVEN_NAMES and other in GIVEN_NAMES
