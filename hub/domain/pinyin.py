"""How Chinese characters are read, in pinyin without tones; ü is v, as it is typed.

The tables are pypinyin's. They are read here as the data that they are: loaded by that library they take a quarter of
a second in one piece, in which nothing else is done, and 57 MB.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

_TONES: Final = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))
_BETWEEN: Final = re.compile(r"[\s,:]*")
_decode: Final = json.JSONDecoder().raw_decode


@lru_cache(maxsize=8_192)
def readings(character: str) -> Sequence[str]:
    """Return each way in which a character is read, the most frequent first; of what is no Chinese character, none."""
    written = _characters().get(ord(character), "")
    return tuple(dict.fromkeys(_toneless(one) for one in written.split(",") if one))


@lru_cache(maxsize=8_192)
def spoken(text: str) -> Sequence[str]:
    """Return each character's reading, as it is read in the word in which it stands; what has no reading is left out.

    The first call reads all words, in a quarter of a second: for a thread in which nobody waits while a phone rings.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        word = next((text[at:end] for end in range(len(text), at + 1, -1) if text[at:end] in _words()), text[at])
        found += _words().get(word, "").split() or [usual for one in word for usual in readings(one)[:1]]
        at += len(word)
    return tuple(found)


def _toneless(syllable: str) -> str:
    bare = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v").translate(_TONES)
    return bare if bare.isascii() else unicodedata.normalize("NFC", bare)


def _table(name: str) -> bytes:
    spec = find_spec("pypinyin")
    if spec is None or spec.origin is None:
        raise RuntimeError("pypinyin is not installed")
    return (Path(spec.origin).parent / name).read_bytes()


@cache
def _characters() -> dict[int, str]:
    """Read the readings of characters, separated by commas."""
    return msgspec.json.decode(_table("pinyin_dict.json"), type=dict[int, str])


@cache
def _words() -> dict[str, str]:
    """Read words of several characters; those that are read as their characters are say nothing."""
    words: dict[str, str] = {}
    for word, syllables in _items(_table("phrases_dict.json").decode()):
        said = [_toneless(one[0]) for one in syllables if one]
        usual = [one for character in word for one in readings(character)[:1]]
        words[word] = "" if said == usual else " ".join(said)
    return words


def _items(text: str) -> Iterator[tuple[str, Any]]:
    """Yield what is in a JSON object piece by piece, so that meanwhile others have their turn."""
    at = _after(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _decode(text, at)
        value, at = _decode(text, _after(text, at))
        yield name, value
        at = _after(text, at)


def _after(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return at if found is None else found.end()
