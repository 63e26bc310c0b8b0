"""What is known of names (`names.yaml`), in the form that `hub.context.spelling.plain` gives."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import yaml

_DATA: Final[dict[str, str]] = yaml.load(
    (files("hub.context") / "names.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)


def _words(key: str) -> frozenset[str]:
    return frozenset(_DATA[key].split())


def _texts(key: str) -> frozenset[str]:
    return frozenset(_DATA[key].splitlines())


def _lines(key: str) -> list[list[str]]:
    return [line.split() for line in _DATA[key].splitlines()]


def _meanings(key: str) -> dict[str, str]:
    return {word: line[0] for line in _lines(key) for word in line}


TITLES: Final = _words("titles")
LORDS: Final = _words("lords")
LADIES: Final = _words("ladies")
NO_NAMES: Final = _texts("no_names")
"""What people write where they know no name, in small letters, its words one blank apart."""
PARTICLES: Final = _words("particles")
GENERATIONS: Final = _meanings("generations")
LEADING_LEGAL_FORMS: Final = _words("leading_legal_forms")
LEGAL_FORMS_IN_ENGLISH: Final = {line[0]: frozenset(line[1:]) for line in _lines("legal_forms_in_english")}
COMPANY_ABBREVIATIONS: Final = _meanings("company_abbreviations")
NO_COMPANIES: Final = _texts("no_companies")
NO_MAILBOXES: Final = _words("no_mailboxes")
NO_MAIL_DOMAINS: Final = _words("no_mail_domains")
LEGAL_FORMS: Final = {**{form: form for form in _words("other_legal_forms")}, **_meanings("legal_forms")}
WRITTEN_OUT_FORMS: Final = tuple(
    (long.strip(), short.strip())
    for long, _, short in (line.partition("=") for line in _DATA["written_out_forms"].splitlines())
)
HAN_LEGAL_FORMS: Final = tuple(sorted(_words("han_legal_forms"), key=len, reverse=True))
HANGUL_LEGAL_FORMS: Final = _words("hangul_legal_forms")
COMPANY_FILLERS: Final = _words("company_fillers")
ROLE_MAILBOXES: Final = _words("role_mailboxes")
GIVEN_NAME_GROUPS: Final[dict[str, frozenset[int]]] = {}
"""Given name to the lines of short forms that it stands in."""
for _number, _line in enumerate(_lines("short_forms")):
    for _name in _line:
        GIVEN_NAME_GROUPS[_name] = GIVEN_NAME_GROUPS.get(_name, frozenset()) | {_number}
GIVEN_NAMES: Final = frozenset(GIVEN_NAME_GROUPS) | _words("given_names")
COMMON_SURNAMES: Final = _words("common_surnames")
COMMON_HAN_SURNAMES: Final = frozenset(_DATA["common_han_surnames"].strip())
HAN_DOUBLE_SURNAMES: Final = _words("han_double_surnames")
HAN_TITLES: Final = tuple(sorted(_words("han_titles"), key=len, reverse=True))
HAN_SURNAME_READINGS: Final = {line[0]: line[1] for line in _lines("han_surname_readings")}
CANTONESE: Final[dict[str, frozenset[str]]] = {}
"""Simplified character, or surname of two, to how it is written in Hong Kong."""
for _line in _lines("cantonese"):
    _signs = [_line[1]] if _line[1] in HAN_DOUBLE_SURNAMES else list(_line[1])
    for _sign in _signs:
        CANTONESE[_sign] = CANTONESE.get(_sign, frozenset()) | {_line[0]}


def _equations(key: str) -> dict[str, str]:
    return {one: other for one, _, other in (pair.partition("=") for pair in _DATA[key].split())}


WADE_GILES_WHOLE: Final = _equations("wade_giles_whole")
WADE_GILES_INITIALS: Final = _equations("wade_giles_initials")
WADE_GILES_FINALS: Final = _equations("wade_giles_finals")
PINYIN_SYLLABLES: Final = _words("pinyin")
ARABIC_LETTERS: Final = {
    letter: tuple(way.strip("-") for way in ways) for letters, *ways in _lines("arabic_letters") for letter in letters
}
"""Letter to what it may be in Latin letters, which may be nothing."""
KOREAN_SURNAMES: Final = _meanings("korean_surnames")
HANGUL_DOUBLE_SURNAMES: Final = _words("hangul_double_surnames")
