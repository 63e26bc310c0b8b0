"""Japanese names in kana, in Latin letters after Hepburn (1886), long vowels as one letter or as two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_KANA: Final = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_TO_HIRAGANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_ROWS: Final = (
    ("あいうえお", "a i u e o"),
    ("かきくけこ", "ka ki ku ke ko"),
    ("がぎぐげご", "ga gi gu ge go"),
    ("さしすせそ", "sa shi su se so"),
    ("ざじずぜぞ", "za ji zu ze zo"),
    ("たちつてと", "ta chi tsu te to"),
    ("だぢづでど", "da ji zu de do"),
    ("なにぬねの", "na ni nu ne no"),
    ("はひふへほ", "ha hi fu he ho"),
    ("ばびぶべぼ", "ba bi bu be bo"),
    ("ぱぴぷぺぽ", "pa pi pu pe po"),
    ("まみむめも", "ma mi mu me mo"),
    ("やゆよ", "ya yu yo"),
    ("らりるれろ", "ra ri ru re ro"),
    ("わゐゑをん", "wa i e o n"),
    ("ぁぃぅぇぉ", "a i u e o"),
    ("ゔ", "vu"),
)
_READ: Final = {sign: read for signs, reads in _ROWS for sign, read in zip(signs, reads.split(), strict=True)}
_SMALL: Final = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
_DOUBLED: Final = "っ"
_LONG: Final = "ー"
_LONG_VOWELS: Final = re.compile(r"ou|oo|oh(?![aeiouy])|uu")


def has_kana(text: str) -> bool:
    return not text.isascii() and _KANA.search(text) is not None


@lru_cache(maxsize=8_192)
def spellings(word: str) -> tuple[str, ...]:
    """Return a word in kana as it is written in Latin letters, long vowels short first."""
    full = "".join(_spoken(word.translate(_TO_HIRAGANA)))
    short = _LONG_VOWELS.sub(lambda found: found[0][0], full)
    return (short,) if short == full else (short, full)


def _spoken(word: str) -> Iterator[str]:
    is_doubled = False
    for number, sign in enumerate(word):
        if sign == _DOUBLED:
            is_doubled = True
            continue
        if sign == _LONG or sign in _SMALL:
            continue
        read = _READ.get(sign, sign)
        small = _SMALL.get(word[number + 1 : number + 2], "")
        if small and read.endswith("i"):
            # きょ is kyo, しょ is sho.
            read = read[:-1] + ("" if read in {"shi", "chi", "ji"} else "y") + small
        yield ("t" if read.startswith("ch") else read[:1]) + read if is_doubled else read
        is_doubled = False
