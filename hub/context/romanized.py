"""Chinese names in Latin letters otherwise than in pinyin: Wade-Giles as in Taiwan, Cantonese as in Hong Kong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Final

from hub.context import hanzi
from hub.context.name_tables import (
    CANTONESE,
    HAN_SURNAME_READINGS,
    PINYIN_SYLLABLES,
    WADE_GILES_FINALS,
    WADE_GILES_INITIALS,
    WADE_GILES_WHOLE,
)

_INITIAL: Final = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]")
_MAX_SYLLABLES: Final = 6
_MAX_PARTINGS: Final = 32
_MAX_WORDS: Final = 4
_ONE_SYLLABLE: Final = frozenset(PINYIN_SYLLABLES)

Written = Callable[[str], Iterable[str]]
"""How one character may be written."""


@lru_cache(maxsize=1_024)
def wade_giles(syllable: str) -> str:
    """Return a syllable of pinyin as Wade and Giles wrote it, without apostrophes and umlauts."""
    plain = syllable.replace("lv", "lu").replace("nv", "nu")
    if plain in WADE_GILES_WHOLE:
        return WADE_GILES_WHOLE[plain]
    found = _INITIAL.match(plain)
    initial = found[0] if found else ""
    final = plain[len(initial) :]
    return WADE_GILES_INITIALS.get(initial, initial) + WADE_GILES_FINALS.get(final, final)


def _in_taiwan(character: str) -> Iterable[str]:
    return {wade_giles(reading) for reading in hanzi.readings(character)}


def _in_hong_kong(character: str) -> Iterable[str]:
    return CANTONESE.get(character, ())


@lru_cache(maxsize=8_192)
def is_written(surname: str, given: str, words: tuple[str, ...]) -> bool:
    """Whether words in Latin letters are a Chinese name in Wade-Giles or Cantonese, its surname first or last.

    What may be pinyin throughout is, unless its surname is no pinyin of this one: Li Ping is not what 李冰 is written.
    In Hong Kong a name of one's own in English often stands beside it: one word more is none against it.
    """
    families = hanzi.readings(surname, is_surname=True)
    if all(hanzi.is_pinyin(word) for word in words) and not families.isdisjoint((words[0], words[-1])):
        return False
    return any(_fits(surname, given, words, written) for written in (_in_taiwan, _in_hong_kong))


def _fits(surname: str, given: str, words: Sequence[str], written: Written) -> bool:
    families = _surnames(surname, written)
    for orders in (words, words[1:], words[:-1]):
        if len(orders) < 2:  # noqa: PLR2004 - surname and given name
            continue
        for family, first in ((orders[0], orders[1:]), (orders[-1], orders[:-1])):
            if family in families and _spell("".join(first), given, written):
                return True
    return False


def _surnames(surname: str, written: Written) -> Iterable[str]:
    if written is _in_hong_kong:
        return CANTONESE.get(surname, ())
    return {wade_giles(HAN_SURNAME_READINGS[surname])} if surname in HAN_SURNAME_READINGS else _in_taiwan(surname)


def _spell(text: str, characters: str, written: Written) -> bool:
    ends = {0}
    for character in characters:
        ends = {end + len(one) for end in ends for one in written(character) if text.startswith(one, end)}
    return bool(characters) and len(text) in ends


@lru_cache(maxsize=8_192)
def in_wade_giles(words: tuple[str, ...]) -> frozenset[str]:
    """Return in Wade-Giles, without blanks, what words of pinyin may be; none where they are none."""
    if len(words) > _MAX_WORDS or not all(hanzi.is_pinyin(word) for word in words):
        return frozenset()
    partings = product(*(islice(_partings(word), _MAX_PARTINGS) for word in words))
    return frozenset("".join(parts) for parts in islice(partings, _MAX_PARTINGS))


def _partings(word: str, syllables: int = 0) -> Iterable[str]:
    if not word:
        yield ""
        return
    if syllables == _MAX_SYLLABLES:
        return
    for length in range(min(6, len(word)), 0, -1):
        if word[:length] in _ONE_SYLLABLE:
            for rest in _partings(word[length:], syllables + 1):
                yield wade_giles(word[:length]) + rest
