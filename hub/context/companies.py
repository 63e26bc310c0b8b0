"""Whether two spellings can be the name of the same company: legal forms in many languages, Chinese characters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from hub.context import hangul, hanzi, spelling
from hub.context.encodings import repaired
from hub.context.name_tables import (
    COMPANY_ABBREVIATIONS,
    COMPANY_FILLERS,
    HAN_LEGAL_FORMS,
    HANGUL_LEGAL_FORMS,
    LEADING_LEGAL_FORMS,
    LEGAL_FORMS,
    LEGAL_FORMS_IN_ENGLISH,
    NO_COMPANIES,
    NO_NAMES,
    WRITTEN_OUT_FORMS,
)
from hub.context.names import NameRelation

MAX_LENGTH: Final = 200
_MIN_TYPO_LENGTH: Final = 7
_MIN_SHORT_LENGTH: Final = 3
"""Letters of an abbreviation by which a word is known."""
_MIN_READ: Final = 3
"""Characters of a Chinese name that have to stand in a Latin one to be more than a place."""

_WORD = re.compile(r"[^\W_]+|&")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.[ ]?){1,6}(?:[^\W\d_]\b)?")
_SHORTENED = re.compile(rf"([^\W\d_]{{{_MIN_SHORT_LENGTH},}})\.(?=[\s\w])")
_APOSTROPHE = re.compile(r"['’`´]")
_POLISH = ("sp", "z", "oo")


class CompanyName(NamedTuple):
    """A company's name taken apart: `core` is what tells it from others, `forms` its legal form.

    `shortened` are words of the core with a full stop behind them.
    """

    core: tuple[tuple[str, ...], ...]
    forms: frozenset[str]
    han: str = ""
    shortened: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.core or self.han)


@lru_cache(maxsize=16_384)
def company_name(text: str) -> CompanyName:
    """Take a company's name apart."""
    text = unicodedata.normalize("NFKC", repaired(text[:MAX_LENGTH]))
    text, found = _without_hangul_forms(text)
    text = hangul.latin(text)[:MAX_LENGTH]
    characters, forms = _han(text)
    found |= forms
    folded = _APOSTROPHE.sub("", hanzi.without_han(text)).casefold()
    for long, short in WRITTEN_OUT_FORMS:
        if len(folded) > len(long) and spelling.decomposed(folded).endswith(long):
            folded = f"{folded[: len(spelling.decomposed(folded)) - len(long)]}{short}"
    undotted = _DOTTED.sub(_undotted, folded)
    words = [_spelt(word) for word in _WORD.findall(undotted)]
    plain = [word[0] for word in words]
    if " ".join(plain) in NO_NAMES | NO_COMPANIES:
        return CompanyName((), frozenset())
    core: list[tuple[str, ...]] = []
    number = 0
    while number < len(words):
        if tuple(plain[number : number + 3]) == _POLISH or tuple(plain[number : number + 2]) == ("spz", "oo"):
            found.add("sp. z o.o.")
            number += 3 if plain[number] == "sp" else 2
            continue
        # A name's first word is hardly ever a legal form: AS Roma, SE Bordnetze.
        is_leading = number == 0 and plain[0] in LEADING_LEGAL_FORMS and len(words) > 1
        if plain[number] in LEGAL_FORMS and (core or is_leading):
            found.add(LEGAL_FORMS[plain[number]])
        elif plain[number] not in COMPANY_FILLERS:
            core.append(words[number])
        number += 1
    if found & {"ltd", "inc", "corp", "llc"}:
        found.discard("co")  # Co., Ltd. is one form
    shortened = frozenset(word for one in _SHORTENED.findall(undotted) for word in spelling.spellings(one))
    return CompanyName(tuple(core), frozenset(found), characters, shortened)


def _spelt(word: str) -> tuple[str, ...]:
    spelt = spelling.spellings(word)
    return (*spelt, COMPANY_ABBREVIATIONS[spelt[0]]) if spelt[0] in COMPANY_ABBREVIATIONS else spelt


def _undotted(found: re.Match[str]) -> str:
    letters = re.sub(r"[. ]", "", found[0])
    return letters + (" " if found[0].endswith((" ", ".")) else "")


def _without_hangul_forms(text: str) -> tuple[str, set[str]]:
    found = set()
    for form in HANGUL_LEGAL_FORMS:
        if form in text:
            text = text.replace(form, " ")
            found.add("주식회사" if "주" in form else "유한회사")
    return text, found


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
        relation = _compare_cores(one, other)
    else:
        relation = _compare_scripts(one, other) if one.han else _compare_scripts(other, one)
    if relation in (NameRelation.SAME, NameRelation.SIMILAR) and _have_other_forms(one.forms, other.forms):
        return NameRelation.OTHER  # Huber GmbH and Huber GmbH & Co. KG are two
    return relation


def _have_other_forms(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    if not ours or not theirs or ours == theirs:
        return False
    return not (_are_in_english(ours, theirs) or _are_in_english(theirs, ours))


def _are_in_english(forms: frozenset[str], english: frozenset[str]) -> bool:
    """Whether a legal form is what another is called in English: ООО and LLC."""
    return all(form in LEGAL_FORMS_IN_ENGLISH and english <= LEGAL_FORMS_IN_ENGLISH[form] for form in forms)


def _compare_scripts(han: CompanyName, latin: CompanyName) -> NameRelation:
    """Compare Chinese characters with Latin letters, which may begin with their pinyin; what follows is translated."""
    words = [word[0] for word in latin.core]
    read = next((number for number, word in enumerate(words) if not hanzi.is_pinyin(word)), len(words))
    characters = hanzi.characters_read(han.han, "".join(words[:read]))
    if read == len(words) and characters == len(han.han):
        return NameRelation.TRANSCRIBED
    return NameRelation.PARTLY if characters >= _MIN_READ else NameRelation.UNREAD


def _compare_cores(one: CompanyName, other: CompanyName) -> NameRelation:
    ours, theirs = list(one.core), list(other.core)
    for word in list(ours):
        same = next((w for w in theirs if not set(w).isdisjoint(word)), None)
        if same is not None:
            ours.remove(word)
            theirs.remove(same)
    if not ours and not theirs:
        return NameRelation.SAME
    if "".join(word[0] for word in one.core) == "".join(word[0] for word in other.core):
        return NameRelation.SAME
    if len(ours) != len(theirs):
        return NameRelation.OTHER
    shortened = one.shortened | other.shortened
    alike = all(any(_is_slip(a, b) or _is_shortened(a, b, shortened) for b in theirs) for a in ours)
    return NameRelation.SIMILAR if alike else NameRelation.OTHER


def _is_shortened(one: tuple[str, ...], other: tuple[str, ...], shortened: frozenset[str]) -> bool:
    """Whether one is the other's beginning, with a full stop: Wilh. and Wilhelm."""
    return (one[0] in shortened and other[0].startswith(one[0])) or (
        other[0] in shortened and one[0].startswith(other[0])
    )


def _is_slip(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    a, b = one[0], other[0]
    return min(len(a), len(b)) >= _MIN_TYPO_LENGTH and spelling.is_slip(a, b)
