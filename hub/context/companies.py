"""Whether two spellings can be the name of the same company: legal forms in many languages, Chinese characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from hub.context import hanzi, spelling
from hub.context.name_tables import COMPANY_FILLERS, HAN_LEGAL_FORMS, LEGAL_FORMS, WRITTEN_OUT_FORMS
from hub.context.names import NameRelation

MAX_LENGTH: Final = 200
_MIN_TYPO_LENGTH: Final = 7

_WORD = re.compile(r"[^\W_]+|&")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.[ ]?){1,6}(?:[^\W\d_]\b)?")
_APOSTROPHE = re.compile(r"['’`´]")
_POLISH = ("sp", "z", "oo")


class CompanyName(NamedTuple):
    """A company's name taken apart: `core` is what tells it from others, `forms` its legal form."""

    core: tuple[tuple[str, ...], ...]
    forms: frozenset[str]
    han: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.core or self.han)


@lru_cache(maxsize=16_384)
def company_name(text: str) -> CompanyName:
    """Take a company's name apart."""
    text = text[:MAX_LENGTH]
    characters, forms = _han(text)
    folded = unicodedata.normalize("NFKC", _APOSTROPHE.sub("", hanzi.without_han(text))).casefold()
    for long, short in WRITTEN_OUT_FORMS:
        if len(folded) > len(long) and spelling.decomposed(folded).endswith(long):
            folded = f"{folded[: len(spelling.decomposed(folded)) - len(long)]}{short}"
    words = [spelling.spellings(word) for word in _WORD.findall(_DOTTED.sub(_undotted, folded))]
    plain = [word[0] for word in words]
    core: list[tuple[str, ...]] = []
    found = set(forms)
    number = 0
    while number < len(words):
        if tuple(plain[number : number + 3]) == _POLISH or tuple(plain[number : number + 2]) == ("spz", "oo"):
            found.add("sp. z o.o.")
            number += 3 if plain[number] == "sp" else 2
            continue
        # A name's first word is no legal form: AS Roma, SE Bordnetze.
        if plain[number] in LEGAL_FORMS and core:
            found.add(LEGAL_FORMS[plain[number]])
        elif plain[number] not in COMPANY_FILLERS:
            core.append(words[number])
        number += 1
    if found & {"ltd", "inc", "corp", "llc"}:
        found.discard("co")  # Co., Ltd. is one form
    return CompanyName(tuple(core), frozenset(found), characters)


def _undotted(found: re.Match[str]) -> str:
    letters = re.sub(r"[. ]", "", found[0])
    return letters + (" " if found[0].endswith((" ", ".")) else "")


def _han(text: str) -> tuple[str, set[str]]:
    characters = hanzi.han(text)
    for form in HAN_LEGAL_FORMS:
        simplified = hanzi.han(form) or form
        if simplified in characters:
            return characters.replace(simplified, ""), {simplified}
    return characters, set()


@lru_cache(maxsize=16_384)
def has_legal_form(text: str) -> bool:
    """Whether a name says that it is a company's."""
    name = company_name(text)
    return bool(name.forms - {"co", "as", "ab", "sa", "se", "sl", "ou", "cv", "pty", "eg", "ev", "ag"}) or (
        bool(name.forms) and bool(name.core) and _ends_with_form(text)
    )


def _ends_with_form(text: str) -> bool:
    """Whether the last word is a legal form as those are written: AG, S.A., not a surname such as Ag or As."""
    last = text.strip().rsplit(" ", 1)[-1]
    return len(last) > 1 and ("." in last.rstrip(".") or last.isupper() or last in {"eG", "e.V.", "eV", "OÜ"})


@lru_cache(maxsize=65_536)
def compare_companies(one: CompanyName, other: CompanyName) -> NameRelation:
    """Say how two companies' names are to each other; one that is only a part of the other is another company."""
    if one.is_empty or other.is_empty:
        return NameRelation.UNKNOWN
    if one.han and other.han:
        relation = NameRelation.SAME if one.han == other.han else NameRelation.OTHER
    elif one.core and other.core:
        relation = _compare_cores(one.core, other.core)
    else:
        return NameRelation.UNKNOWN
    if relation in (NameRelation.SAME, NameRelation.SIMILAR) and one.forms and other.forms and one.forms != other.forms:
        return NameRelation.OTHER  # Huber GmbH and Huber GmbH & Co. KG are two
    return relation


def _compare_cores(one: Sequence[tuple[str, ...]], other: Sequence[tuple[str, ...]]) -> NameRelation:
    ours, theirs = list(one), list(other)
    for word in list(ours):
        same = next((w for w in theirs if not set(w).isdisjoint(word)), None)
        if same is not None:
            ours.remove(word)
            theirs.remove(same)
    if not ours and not theirs:
        return NameRelation.SAME
    if "".join(word[0] for word in one) == "".join(word[0] for word in other):
        return NameRelation.SAME
    if len(ours) != len(theirs):
        return NameRelation.OTHER
    slips = all(any(_is_slip(a, b) for b in theirs) for a in ours)
    return NameRelation.SIMILAR if slips else NameRelation.OTHER


def _is_slip(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    a, b = one[0], other[0]
    return min(len(a), len(b)) >= _MIN_TYPO_LENGTH and spelling.is_slip(a, b)
