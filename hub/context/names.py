"""Whether two spellings can be the name of the same person, and how much they say of it."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from hub.context import hanzi, spelling
from hub.context.name_tables import (
    COMMON_HAN_SURNAMES,
    COMMON_SURNAMES,
    GENERATIONS,
    GIVEN_NAMES,
    HAN_TITLES,
    PARTICLES,
    TITLES,
)

MAX_LENGTH: Final = 120
"""Characters of a name that are looked at."""
MAX_WORDS: Final = 8

_APOSTROPHE = re.compile(r"['’`´ʼ‘.]")
_WORD = re.compile(r"[^\W_]+")
_COUPLE = re.compile(r"\w[ .](?:und|and|u\.|et|&|\+) ?\w", re.IGNORECASE)


_SURE_PARTICLES: Final = frozenset({"von", "vom", "zum", "zur", "der", "den", "della", "del", "dos"})


class Part(enum.IntEnum):
    GIVEN = 1
    SURNAME = 2


class Word(NamedTuple):
    """One word of a name; `is_sure` where the record itself says which part it is."""

    spellings: tuple[str, ...]
    part: Part
    is_sure: bool
    is_particle: bool = False

    @property
    def plain(self) -> str:
        return self.spellings[0]


class PersonName(NamedTuple):
    """A name taken apart: words in Latin letters, and the Chinese characters as surname and given name."""

    words: tuple[Word, ...]
    han_surname: str
    han_given: str
    generation: str
    is_couple: bool = False

    @property
    def han(self) -> str:
        return self.han_surname + self.han_given

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.han)

    @property
    def is_common(self) -> bool:
        """Whether several people may well have this very name: a frequent surname, or one of two characters."""
        if self.han:
            return len(self.han) <= 2 or self.han_surname in COMMON_HAN_SURNAMES  # noqa: PLR2004 - surname and given
        return any(word.plain in COMMON_SURNAMES for word in self.words)


class NameRelation(enum.Enum):
    """How two names are to each other, from the same to another."""

    SAME = "same"
    SIMILAR = "similar"
    TRANSCRIBED = "transcribed"
    COMPATIBLE = "compatible"
    NEARLY = "nearly"
    """But for a slip in a given name that nobody has heard of: it may be a sister's."""
    PARTLY = "partly"
    UNKNOWN = "unknown"
    OTHER_SURNAME = "other surname"
    OTHER_GIVEN = "other given name"
    OTHER = "other"


@lru_cache(maxsize=16_384)
def person_name(full: str, given: str = "", surname: str = "") -> PersonName:
    """Take a name apart. Titles don't count; the order of a full name is guessed, unless it has a comma."""
    if given and surname:
        said, text = (given, surname), ""
    else:
        said, text = ("", ""), full or given or surname
        if "," in text and not hanzi.han(text):
            family, _, first = text.partition(",")
            # "Karl Huber, jun." has no name behind its comma.
            behind = [word for word in _words(first) if word not in GENERATIONS and word not in TITLES]
            said, text = ((first, family), "") if behind else (said, text)
    generation = _generation([*_words(said[1]), *_words(said[0])] if said[0] else _words(text))
    if said[0] or said[1]:
        words = [*_named(said[0], Part.GIVEN), *_named(said[1], Part.SURNAME)]
        family, first = hanzi.han(said[1]), hanzi.han(said[0])
    else:
        words = _guessed(text)
        family, first = hanzi.split(_untitled(hanzi.han(text)))
    is_couple = _COUPLE.search(full[:MAX_LENGTH]) is not None
    return PersonName(tuple(words[:MAX_WORDS]), family, first, generation, is_couple)


def _untitled(characters: str) -> str:
    """Return a name in Chinese characters without what stands behind it: 王先生."""
    found = next((title for title in HAN_TITLES if characters.endswith(title) and characters != title), "")
    return characters.removesuffix(found)


def _words(text: str) -> list[str]:
    """Return the words in Latin letters, small and plain enough to look them up."""
    if not text:
        return []
    folded = unicodedata.normalize("NFKC", hanzi.without_han(text[:MAX_LENGTH])).casefold()
    return _WORD.findall(_APOSTROPHE.sub(_joined, folded))


def _joined(found: re.Match[str]) -> str:
    return " " if found[0] == "." else ""


def _generation(words: Sequence[str]) -> str:
    """Return junior, senior or the like where it stands behind a name, as in Karl Huber sen."""
    return next((GENERATIONS[word] for word in words[1:] if word in GENERATIONS), "")


def _spelt(words: Iterable[str], *, first: bool) -> list[tuple[str, ...]]:
    kept = []
    for number, word in enumerate(words):
        spelt = spelling.spellings(word)
        behind = number > 0 or not first
        if not spelt[0] or spelt[0] in TITLES or (behind and spelt[0] in GENERATIONS) or (number == 0 and word == "sr"):
            continue
        kept.append(spelt)
    return kept


def _named(text: str, part: Part) -> list[Word]:
    spelt = _spelt(_words(text), first=part is Part.GIVEN)
    particles = len(spelt) > 1 or part is Part.GIVEN
    return [Word(one, part, is_sure=True, is_particle=particles and one[0] in PARTICLES) for one in spelt]


def _guessed(text: str) -> list[Word]:
    """Take the last word for the surname; the first where it alone is in capitals, or the last is a given name."""
    spelt = _spelt(_words(text), first=True)
    named = [number for number, one in enumerate(spelt) if one[0] not in PARTICLES]
    if len(named) < 2:  # noqa: PLR2004 - Goethe, von Goethe; Do Van Minh, whose every word is a name
        return [
            Word(one, Part.SURNAME, is_sure=False, is_particle=_is_von(spelt, number))
            for number, one in enumerate(spelt)
        ]
    first, last = spelt[named[0]][0], spelt[named[-1]][0]
    written = _WORD.findall(text)
    shouted = len(written) > 1 and len(written[0]) > 1 and written[0].isupper() and not written[-1].isupper()
    is_reversed = shouted or (last in GIVEN_NAMES and first not in GIVEN_NAMES and len(first) > 1)
    is_sure = (last in GIVEN_NAMES) != (first in GIVEN_NAMES)
    surname = named[0] if is_reversed else named[-1]
    return [
        Word(
            one,
            Part.SURNAME if number == surname or one[0] in PARTICLES else Part.GIVEN,
            is_sure=is_sure,
            is_particle=one[0] in PARTICLES,
        )
        for number, one in enumerate(spelt)
    ]


def _is_von(spelt: Sequence[tuple[str, ...]], number: int) -> bool:
    """Whether a word of a surname alone is a particle: a long one, as in von Goethe; Du Wei is a whole name."""
    return number < len(spelt) - 1 and spelt[number][0] in _SURE_PARTICLES


class _Fit(enum.IntEnum):
    INITIAL = 1
    SIMILAR = 2
    SAME = 3


def _fit(one: Word, other: Word) -> _Fit | None:
    if not set(one.spellings).isdisjoint(other.spellings):
        return _Fit.SAME
    a, b = one.plain, other.plain
    if len(a) == 1 or len(b) == 1:
        return _Fit.INITIAL if a[0] == b[0] else None
    if spelling.are_known_apart(a, b):
        return None
    if spelling.are_one_given_name(a, b) and Part.GIVEN in (one.part, other.part):
        return _Fit.SIMILAR
    if hanzi.is_pinyin(a) and hanzi.is_pinyin(b):
        return None  # each syllable is one that somebody is called
    alike = any(
        spelling.are_sound_alike(x, y) or spelling.is_slip(x, y) for x in one.spellings for y in other.spellings
    )
    return _Fit.SIMILAR if alike else None


class _Pairing:
    """The words of two names, laid beside each other: those that fit best first, whatever their order."""

    def __init__(self, ours: Sequence[Word], theirs: Sequence[Word]) -> None:
        self.ours, self.theirs = list(ours), list(theirs)
        self.pairs: list[tuple[Word, Word, _Fit]] = []
        self._pair(_Fit.SAME)
        self._pair_joined(self.ours, self.theirs)
        self._pair_joined(self.theirs, self.ours)
        self._pair(_Fit.SIMILAR)
        self._pair(_Fit.INITIAL)
        self.ours = [word for word in self.ours if not word.is_particle]
        self.theirs = [word for word in self.theirs if not word.is_particle]

    def _pair(self, wanted: _Fit) -> None:
        for one in list(self.ours):
            other = next((word for word in self.theirs if _fit(one, word) is wanted), None)
            if other is not None:
                self.pairs.append((one, other, wanted))
                self.ours.remove(one)
                self.theirs.remove(other)

    def _pair_joined(self, apart: list[Word], joined: list[Word]) -> None:
        """Pair words with the one that they make together: Anna Maria and Annamaria, Mc Donald and McDonald."""
        for whole in list(joined):
            for length in range(2, min(4, len(apart)) + 1):
                for start in range(len(apart) - length + 1):
                    run = apart[start : start + length]
                    written = {"".join(word.spellings[-1] for word in run), "".join(word.plain for word in run)}
                    if whole in joined and not written.isdisjoint(whole.spellings):
                        self.pairs.append((run[-1], whole, _Fit.SAME))
                        joined.remove(whole)
                        del apart[start : start + length]

    @property
    def named(self) -> list[tuple[Word, Word, _Fit]]:
        return [pair for pair in self.pairs if not (pair[0].is_particle or pair[1].is_particle)]


@lru_cache(maxsize=65_536)
def compare_people(one: PersonName, other: PersonName) -> NameRelation:
    """Say how two people's names are to each other."""
    if one.is_empty or other.is_empty:
        return NameRelation.UNKNOWN
    if one.han and other.han:
        return _compare_han(one, other)
    if one.han and not one.words:
        return _compare_scripts(one, other)
    if other.han and not other.words:
        return _compare_scripts(other, one)
    relation = _compare_words(one, other)
    if one.is_couple is not other.is_couple and relation not in (NameRelation.OTHER, NameRelation.UNKNOWN):
        return NameRelation.PARTLY
    return relation


def _compare_words(one: PersonName, other: PersonName) -> NameRelation:
    pairing = _Pairing(one.words, other.words)
    fits = [fit for _, _, fit in pairing.named]
    if _Fit.SAME not in fits and _Fit.SIMILAR not in fits:
        return NameRelation.UNKNOWN if fits and not (pairing.ours and pairing.theirs) else NameRelation.OTHER
    if pairing.ours and pairing.theirs:
        return _contradiction(pairing)
    if len(fits) == 1:
        return NameRelation.PARTLY
    if any(fit is _Fit.SIMILAR and _is_doubtful(a, b) for a, b, fit in pairing.named):
        return NameRelation.NEARLY
    if pairing.ours or pairing.theirs or _Fit.INITIAL in fits:
        return NameRelation.COMPATIBLE
    crossed = any(a.is_sure and b.is_sure and a.part is not b.part for a, b, _ in pairing.named)
    return NameRelation.SAME if set(fits) == {_Fit.SAME} and not crossed else NameRelation.SIMILAR


def _is_doubtful(one: Word, other: Word) -> bool:
    """Whether two given names, neither of them known, are as like as those of brothers and sisters may be."""
    if Part.SURNAME in (one.part, other.part) or {one.plain, other.plain} & GIVEN_NAMES:
        return False
    return not spelling.are_sound_alike(one.plain, other.plain)


def _contradiction(pairing: _Pairing) -> NameRelation:
    """Say what contradicts where both names have words that the other has not."""
    ours, theirs = {word.part for word in pairing.ours}, {word.part for word in pairing.theirs}
    fitting = [(a, b) for a, b, fit in pairing.named if fit is not _Fit.INITIAL]
    if Part.GIVEN in ours and Part.GIVEN in theirs:
        return NameRelation.OTHER_GIVEN
    if ours == theirs == {Part.SURNAME}:
        # Only where it is sure which is which: two sisters are no one who has married.
        sure = any(a.part is b.part is Part.GIVEN and (a.is_sure or b.is_sure) for a, b in fitting)
        return NameRelation.OTHER_SURNAME if sure else NameRelation.OTHER
    if len(fitting) > 1:
        return NameRelation.COMPATIBLE  # each has a middle name or a second surname more
    return NameRelation.OTHER


def _compare_han(one: PersonName, other: PersonName) -> NameRelation:
    if one.han == other.han:
        return NameRelation.SAME if len(one.han) > 1 else NameRelation.PARTLY
    shorter, longer = sorted((one.han, other.han), key=len)
    if len(shorter) == 1 and longer.startswith(shorter):
        return NameRelation.PARTLY
    return NameRelation.OTHER_GIVEN if one.han_surname == other.han_surname else NameRelation.OTHER


def _compare_scripts(han: PersonName, latin: PersonName) -> NameRelation:
    """Compare Chinese characters with Latin letters, which may be their pinyin; another transcription says nothing."""
    words = [word.plain for word in latin.words]
    if not words:
        return NameRelation.UNKNOWN
    surnames = hanzi.readings(han.han_surname, is_surname=True)
    family = next((word for word in (words[0], words[-1]) if word in surnames), "")
    if han.han_given and _is_read(han, "".join(words)):
        return NameRelation.TRANSCRIBED
    if not han.han_given or len(words) == 1:
        return NameRelation.PARTLY if family else NameRelation.UNKNOWN
    if not family:
        return NameRelation.OTHER if all(hanzi.is_pinyin(word) for word in words) else NameRelation.UNKNOWN
    return _compare_given(hanzi.readings(han.han_given), _without(words, family))


def _compare_given(given: frozenset[str], rest: Sequence[str]) -> NameRelation:
    """Compare a given name's readings with the words beside the surname."""
    if all(len(word) == 1 for word in rest):
        is_initial = any(reading.startswith(rest[0]) for reading in given)
        return NameRelation.COMPATIBLE if is_initial else NameRelation.OTHER_GIVEN
    if all(hanzi.is_pinyin(word) and word not in GIVEN_NAMES for word in rest):
        return NameRelation.OTHER_GIVEN
    return NameRelation.PARTLY  # an English given name


def _is_read(han: PersonName, word: str) -> bool:
    return any(
        word in (family + given, given + family)
        for family in hanzi.readings(han.han_surname, is_surname=True)
        for given in hanzi.readings(han.han_given)
    )


def _without(words: Sequence[str], family: str) -> Sequence[str]:
    if words[0] == family:
        return words[1:]
    return words[:-1]


_NOT_ONE_BEARER: Final = frozenset({NameRelation.OTHER, NameRelation.OTHER_GIVEN, NameRelation.OTHER_SURNAME})


def compatible(one: str, other: str) -> bool:
    """Whether nothing in two full names speaks against one bearer; an empty name speaks against nobody."""
    return compare_people(person_name(one), person_name(other)) not in _NOT_ONE_BEARER
