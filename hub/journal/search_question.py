"""What a person may mean by what they typed, as ranges of terms: the surest meaning first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from hub.domain.phone import clean_text, parse_number
from hub.domain.search import MAX_TEXT, FoundBy
from hub.journal.search_terms import backwards, numbers
from hub.journal.search_words import LEAST_OF_A_NUMBER, MAX_WORDS, east_asian, folded_id, spellings

LEAST_DIGITS: Final = 5
_INITIALS: Final = range(2, 13)
_LAST_CHARACTER: Final = "\U0010ffff"
_NUMBER: Final = re.compile(r"(?:tel:)?[\d\s()+./\-\u2010-\u2015\u00a0\uff0b]+")
_LATIN: Final = re.compile(r"[a-z\u00fc' ]+")
_NAME: Final = "name:"
_DOMAIN: Final = re.compile(r"@?[\w-]+(?:\.[\w-]+)+")


class Range(NamedTuple):
    """Terms from `low` on, less than `high`."""

    low: str
    high: str


class Probe(NamedTuple):
    """One thing to look for: a term, or terms of a range.

    With `within` names that have words which begin with these as well, with `others` what has a term in each of these
    ranges, too.
    """

    by: FoundBy
    range: Range
    is_exact: bool = False
    within: Sequence[str] = ()
    others: Sequence[Range] = ()

    @property
    def is_alone(self) -> bool:
        """Whether nothing else must fit."""
        return not (self.within or self.others)

    def ranges(self) -> Sequence[Range]:
        """Return all ranges in each of which whatever fits has a term: any of them can be gone through."""
        return [self.range, *self.others, *(_beginning(f"{_NAME}{word}") for word in self.within)]

    def through(self, one: int) -> Probe:
        """Return what finds the same by going through another of `ranges`."""
        ranges = self.ranges()
        if not one:
            return self
        if self.others:
            return self._replace(range=ranges[one], others=[*ranges[:one], *ranges[one + 1 :]])
        words = [self.range.low.removeprefix(_NAME), *self.within]
        return self._replace(range=ranges[one], within=[*words[:one], *words[one + 1 :]])


def probes(text: str, region: str) -> Sequence[Probe]:
    """Return what to look for. Nothing of a text that says nothing."""
    typed = clean_text(text, MAX_TEXT)
    if not typed:
        return ()
    return [*_of_number(typed, region), *_of_address(typed), *_of_id(typed), *_of_name(typed)]


def _exact(by: FoundBy, term: str) -> Probe:
    return Probe(by, Range(term, term), is_exact=True)


def _beginning(term: str) -> Range:
    return Range(term, term + _LAST_CHARACTER)


def _of_number(typed: str, region: str) -> Iterator[Probe]:
    if not _NUMBER.fullmatch(typed):
        return
    bare = typed.removeprefix("tel:")
    digits = backwards(bare)
    parsed = parse_number(bare, region)
    if parsed.e164:
        yield _exact(FoundBy.PHONE, f"tel:{parsed.e164}")
    plain = digits[::-1]
    if plain and f"tel:{plain}" != f"tel:{parsed.e164}":
        # Extensions, and numbers that no numbering plan has, are kept as they came.
        yield _exact(FoundBy.PHONE, f"tel:{plain}")
    if len(digits) < LEAST_DIGITS:
        return
    begins = bare.lstrip()
    if begins.startswith(("+", "\uff0b", "00")):
        yield Probe(FoundBy.PHONE, _beginning(f"tel:+{plain.removeprefix('00') if begins[0] == '0' else plain}"))
    yield Probe(FoundBy.PHONE_END, _beginning(f"end:{digits}"))
    without_trunk = backwards(plain.lstrip("0"))
    if without_trunk != digits and len(without_trunk) >= LEAST_DIGITS:
        yield Probe(FoundBy.PHONE_END, _beginning(f"end:{without_trunk}"))


def _of_address(typed: str) -> Iterator[Probe]:
    address = typed.removeprefix("mailto:").lower()
    if any(one.isspace() for one in address):
        return
    local, at, domain = address.rpartition("@")
    if local and domain:
        yield _exact(FoundBy.EMAIL, f"mailto:{address}")
    if local or not at:
        yield Probe(FoundBy.EMAIL, _beginning(f"mailto:{address}"))
    if not local and _DOMAIN.fullmatch(address):
        yield Probe(FoundBy.EMAIL, _beginning(f"at:{domain or address}"))


def _of_id(typed: str) -> Iterator[Probe]:
    folded = folded_id(typed)
    for term in numbers(folded):
        yield _exact(FoundBy.RECORD_ID, term)
    if len(folded) >= LEAST_OF_A_NUMBER and any(one.isdecimal() for one in folded):
        yield Probe(FoundBy.RECORD_ID, _beginning(f"no:{folded}"))
        if folded.isdecimal():
            yield Probe(FoundBy.RECORD_ID, _beginning(f"part:{folded}"))


def _of_name(typed: str) -> Iterator[Probe]:
    runs = sorted(east_asian(typed), key=len, reverse=True)[:MAX_WORDS]
    if runs:
        longest_run, *rest = (_beginning(f"east:{one}") for one in runs)
        yield Probe(FoundBy.NAME, longest_run, others=rest)
    ways = spellings(typed)
    for words in ways:
        yield Probe(FoundBy.NAME, Range(f"name:{' '.join(words)}", f"name:{' '.join(words)}"), is_exact=True)
    for words in ways:
        yield Probe(FoundBy.NAME, _beginning(f"name:{' '.join(words)}"))
    several = [sorted(words, key=len, reverse=True) for words in ways if len(words) > 1]
    for longest, *others in several:
        # A name is a term from each of its words on: in that the others stand behind a blank.
        yield Probe(FoundBy.NAME, _beginning(f"{_NAME}{longest}"), within=others)
    for longest, *others in several:
        # Some of the words may be the person's name and others the company's.
        yield Probe(FoundBy.NAME, _beginning(f"name:{longest}"), others=[_beginning(f"name:{one}") for one in others])
    yield from _of_pinyin(typed.casefold())


def _of_pinyin(typed: str) -> Iterator[Probe]:
    if not _LATIN.fullmatch(typed):
        return
    joined = typed.replace("ü", "v").replace("'", "").replace(" ", "")
    if len(joined) < min(_INITIALS):
        return
    yield _exact(FoundBy.PINYIN, f"py:{joined}")
    yield Probe(FoundBy.PINYIN, _beginning(f"py:{joined}"))
    if len(joined) in _INITIALS:
        yield _exact(FoundBy.INITIALS, f"ini:{joined}")
        yield Probe(FoundBy.INITIALS, _beginning(f"ini:{joined}"))
