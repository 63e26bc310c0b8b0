"""Whether two spellings can be the name of the same person, and how much they say of it."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from hub.context import arabic, hangul, hanzi, romanized, spelling, vietnamese
from hub.context.encodings import repaired
from hub.context.name_tables import (
    COMMON_HAN_SURNAMES,
    COMMON_SURNAMES,
    GENERATIONS,
    GIVEN_NAMES,
    HAN_TITLES,
    LADIES,
    LORDS,
    NO_NAMES,
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

_FRENCH_LADIES: Final = frozenset({"mme", "mlle", "madame", "mademoiselle"})
_TWO_SEXES: Final = ({"lady", "lord"}, {"madame", "lord"}, {"madame", "monsieur"})


class Part(enum.IntEnum):
    GIVEN = 1
    SURNAME = 2


class Word(NamedTuple):
    """One word of a name; `is_sure` where the record itself says which part it is.

    `is_chinese`: all words of the name may be pinyin. `marked` is a word of a Vietnamese name that is written with its
    marks: Ánh and Anh, Hùng and Hưng are two names.
    """

    spellings: tuple[str, ...]
    part: Part
    is_sure: bool
    is_particle: bool = False
    is_chinese: bool = False
    marked: str = ""

    @property
    def plain(self) -> str:
        return self.spellings[0]


class PersonName(NamedTuple):
    """A name taken apart: words in Latin letters, and the Chinese characters as surname and given name.

    `addressed` is how the person is: as a lady or a lord, in French where that is M., which may be an initial as well;
    empty where nothing says so.
    """

    words: tuple[Word, ...]
    han_surname: str
    han_given: str
    generation: str
    is_couple: bool = False
    addressed: str = ""

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
    UNREAD = "unread"
    """In letters that can't be compared: kanji and romaji."""
    UNKNOWN = "unknown"
    OTHER_SURNAME = "other surname"
    OTHER_GIVEN = "other given name"
    OTHER = "other"


@lru_cache(maxsize=16_384)
def person_name(full: str, given: str = "", surname: str = "") -> PersonName:
    """Take a name apart. Titles don't count; the order of a full name is guessed, unless it has a comma."""
    full, given, surname = (_cleaned(part) for part in (full, given, surname))
    if _is_nobody(full or f"{given} {surname}"):
        return PersonName((), "", "", "")
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
    is_couple = _COUPLE.search(full) is not None
    addressed = "" if is_couple else _addressed(f"{full} {given} {surname}")
    words = words[:MAX_WORDS]
    whole = full or f"{given} {surname}"
    if vietnamese.is_marked(whole):
        marked = {spelling.plain(word): vietnamese.marked(word) for word in _words(whole)}
        words = [word._replace(marked=marked.get(word.plain, "")) for word in words]
    if words and all(hanzi.is_pinyin(word.plain) for word in words):
        words = [word._replace(is_chinese=True) for word in words]
    return PersonName(tuple(_as_korean(words)), family, first, generation, is_couple, addressed)


def _cleaned(text: str) -> str:
    """Return a name as it was before it was misread, its parts told apart."""
    return arabic.unmarked(hangul.parted(repaired(text[:MAX_LENGTH]))) if text else ""


def _is_nobody(text: str) -> bool:
    """Whether it stands for no name: n/a, unknown."""
    return " ".join(_WORD.findall(text.casefold())) in NO_NAMES


def _addressed(text: str) -> str:
    """Return as whom the name addresses somebody, by what stands at its beginning, or behind Chinese characters."""
    words = _words(text)
    first = words[0] if words else next((title for title in HAN_TITLES if hanzi.han(text).endswith(title)), "")
    if first == "m" and len(words) > 2:  # noqa: PLR2004 - M. Dominique Rey; M. Rey is one with an initial
        return "monsieur"
    return "madame" if first in _FRENCH_LADIES else "lady" if first in LADIES else "lord" if first in LORDS else ""


def _as_korean(words: list[Word]) -> list[Word]:
    """Return the words of what may be a Korean name, each also as all write it alike."""
    if not hangul.are_korean([word.plain for word in words if word.plain.isascii()]):
        return words
    return [
        word._replace(spellings=tuple(dict.fromkeys((*word.spellings, hangul.written(word.plain))))) for word in words
    ]


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
    return next((GENERATIONS[word] for word in words[1:] if _is_generation(word, words)), "")


def _is_generation(word: str, words: Sequence[str]) -> bool:
    """Whether a word behind others tells who of several is meant; Li Jun and Kim Min-jun are called so."""
    if word not in GENERATIONS:
        return False
    others = [other for other in words if other not in GENERATIONS and other not in TITLES]
    return not (others and (all(hanzi.is_pinyin(other) for other in others) or hangul.are_korean(list(words))))


def _spelt(words: Sequence[str], *, first: bool) -> list[tuple[str, ...]]:
    kept = []
    for number, word in enumerate(words):
        spelt = spelling.spellings(word)
        behind = number > 0 or not first
        is_title = spelt[0] in TITLES or (number == 0 and word == "sr")
        if not spelt[0] or is_title or (behind and _is_generation(spelt[0], words)):
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


def _are_same(one: Word, other: Word) -> bool:
    if one.marked and other.marked:
        return one.marked == other.marked
    return not set(one.spellings).isdisjoint(other.spellings)


def _fit(one: Word, other: Word) -> _Fit | None:
    """Say how two words fit that are not the same."""
    a, b = one.plain, other.plain
    if len(a) == 1 or len(b) == 1:
        return _Fit.INITIAL if a[0] == b[0] else None
    if not a.isascii() or not b.isascii():
        return _Fit.SIMILAR if arabic.is_read(a, b) or arabic.is_read(b, a) else None
    if Part.GIVEN in (one.part, other.part) and spelling.are_one_given_name(one.spellings, other.spellings):
        return _Fit.SIMILAR
    if (one.marked and other.marked) or spelling.are_known_apart(a, b):
        return None
    if one.is_chinese and other.is_chinese:
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
        self._pair(_Fit.SAME, _are_same)
        self._pair_joined(self.ours, self.theirs)
        self._pair_joined(self.theirs, self.ours)
        if self.ours and self.theirs:
            fits = {(id(one), id(other)): _fit(one, other) for one in self.ours for other in self.theirs}
            if any(fits.values()):
                self._pair(_Fit.SIMILAR, lambda one, other: fits[id(one), id(other)] is _Fit.SIMILAR)
                self._pair(_Fit.INITIAL, lambda one, other: fits[id(one), id(other)] is _Fit.INITIAL)
        self.ours = [word for word in self.ours if not word.is_particle]
        self.theirs = [word for word in self.theirs if not word.is_particle]

    def _pair(self, wanted: _Fit, fits: Callable[[Word, Word], bool]) -> None:
        for one in list(self.ours):
            other = next((word for word in self.theirs if fits(one, word)), None)
            if other is not None:
                self.pairs.append((one, other, wanted))
                self.ours.remove(one)
                self.theirs.remove(other)

    def _pair_joined(self, apart: list[Word], joined: list[Word]) -> None:
        """Pair words with the one that they make together: Anna Maria and Annamaria, Mc Donald and McDonald."""
        runs = _runs(apart)
        for whole in list(joined):
            found = [runs[written] for written in whole.spellings if written in runs]
            if found:
                length, start = min(found)
                self.pairs.append((apart[start + length - 1], whole, _Fit.SAME))
                joined.remove(whole)
                del apart[start : start + length]
                runs = _runs(apart)

    @property
    def named(self) -> list[tuple[Word, Word, _Fit]]:
        return [pair for pair in self.pairs if not (pair[0].is_particle or pair[1].is_particle)]


def _runs(words: Sequence[Word]) -> dict[str, tuple[int, int]]:
    """Return what two to four words make together; of how many, the first of which number."""
    runs: dict[str, tuple[int, int]] = {}
    for length in range(2, min(4, len(words)) + 1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            for written in ("".join(word.spellings[-1] for word in run), "".join(word.plain for word in run)):
                runs.setdefault(written, (length, start))
    return runs


@lru_cache(maxsize=65_536)
def compare_people(one: PersonName, other: PersonName) -> NameRelation:
    """Say how two people's names are to each other."""
    if one.is_empty or other.is_empty:
        return NameRelation.UNKNOWN
    if one.han and other.han:
        return _compare_han(one, other)
    for han, latin in ((one, other), (other, one)):
        if han.han and not han.words:
            return _compare_scripts(han, latin)
    relation = _compare_words(one, other)
    if relation is NameRelation.OTHER:
        is_transcribed = _are_two_systems(one, other) or _are_two_systems(other, one)
        return NameRelation.TRANSCRIBED if is_transcribed else relation
    if {one.addressed, other.addressed} in _TWO_SEXES:
        return NameRelation.OTHER_GIVEN  # Mrs John Smith is not Mr John Smith
    is_part = one.is_couple is not other.is_couple and relation is not NameRelation.UNKNOWN
    return NameRelation.PARTLY if is_part else relation


def _are_two_systems(pinyin: PersonName, other: PersonName) -> bool:
    """Whether one is in pinyin what the other is in Wade-Giles, surname first: Zhang Guohua and Chang Kuo-hua.

    Li Bing and Li Ping are two in pinyin, though Wade and Giles write 冰 as ping.
    """
    if len(other.words) < 2 or not pinyin.words[0].is_chinese:  # noqa: PLR2004 - surname and given name
        return False
    ours, theirs = (tuple(word.plain for word in name.words) for name in (pinyin, other))
    if other.words[0].is_chinese and set(ours) & set(theirs):
        return False
    return "".join(theirs) in romanized.in_wade_giles(ours)


def _compare_words(one: PersonName, other: PersonName) -> NameRelation:
    pairing = _Pairing(one.words, other.words)
    fits = [fit for _, _, fit in pairing.named]
    if _Fit.SAME not in fits and _Fit.SIMILAR not in fits:
        return NameRelation.UNKNOWN if fits and not (pairing.ours and pairing.theirs) else NameRelation.OTHER
    if pairing.ours and pairing.theirs:
        return _contradiction(pairing)
    if len(fits) == 1:
        return NameRelation.PARTLY
    is_doubtful = any(fit is _Fit.SIMILAR and _is_doubtful(a, b) for a, b, fit in pairing.named)
    if is_doubtful or _are_exchanged(((a, b) for a, b, _ in pairing.named), one.words, other.words):
        return NameRelation.NEARLY
    if pairing.ours or pairing.theirs or _Fit.INITIAL in fits:
        return NameRelation.COMPATIBLE
    crossed = any(a.is_sure and b.is_sure and a.part is not b.part for a, b, _ in pairing.named)
    return NameRelation.SAME if set(fits) == {_Fit.SAME} and not crossed else NameRelation.SIMILAR


def _is_doubtful(one: Word, other: Word) -> bool:
    """Whether two given names are as like as those of brothers and sisters may be: neither known, another letter."""
    if Part.SURNAME in (one.part, other.part) or not (one.plain.isascii() and other.plain.isascii()):
        return False
    if spelling.are_one_given_name(one.spellings, other.spellings):
        return False
    if {one.plain, other.plain} & GIVEN_NAMES:
        return spelling.is_other_letter(one.plain, other.plain)
    return not spelling.are_sound_alike(one.plain, other.plain)


def _are_exchanged(pairs: Iterable[tuple[Word, Word]], ours: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Whether words stand in another order than one with the surname in front does: José María is no María José."""
    here = {id(word): place for place, word in enumerate(ours)}
    there = {id(word): place for place, word in enumerate(theirs)}
    places = sorted((here[id(a)], there[id(b)]) if id(a) in here else (here[id(b)], there[id(a)]) for a, b in pairs)
    order = [place for _, place in places]
    return sum(later < earlier for earlier, later in zip(order, [*order[1:], *order[:1]], strict=True)) > 1


def _contradiction(pairing: _Pairing) -> NameRelation:
    """Say what contradicts where both names have words that the other has not."""
    ours, theirs = {word.part for word in pairing.ours}, {word.part for word in pairing.theirs}
    fitting = [(a, b) for a, b, fit in pairing.named if fit is not _Fit.INITIAL]
    are_marked = all(any(word.marked for word in words) for words in (pairing.ours, pairing.theirs))
    if are_marked or (Part.GIVEN in ours and Part.GIVEN in theirs):
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
        return NameRelation.UNREAD
    surnames = hanzi.readings(han.han_surname, is_surname=True)
    family = next((word for word in (words[0], words[-1]) if word in surnames), "")
    pinyin = [word for word in words if hanzi.is_pinyin(word)]
    # One word more may be an English name of one's own: Grace Zhu Xiaofeng.
    spoken = pinyin if len(words) - 1 == len(pinyin) > 1 else words
    if han.han_given and (
        _is_read(han, "".join(spoken)) or romanized.is_written(han.han_surname, han.han_given, tuple(words))
    ):
        return NameRelation.TRANSCRIBED
    if not han.han_given or len(words) == 1:
        return NameRelation.PARTLY if family else NameRelation.UNREAD
    if not family:
        return NameRelation.OTHER if all(hanzi.is_pinyin(word) for word in words) else NameRelation.UNREAD
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
