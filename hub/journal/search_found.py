"""What a search found, read from the customers' tables: bounded, whatever was typed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

from hub.domain.search import FOUND_IN, FoundBy
from hub.journal import customers_statements as statements
from hub.journal.search_question import Probe, Range, probes
from hub.journal.writes import index_key
from hub.store.connection import StoreConnection

MOST_TERMS: Final = 10_000
"""Of names with a word that very many have, so many are looked through for the other words."""

MOST_TELLINGS: Final = 2_000
"""Of those who have it, so many are asked for their other names: for each that is a look into the index."""


_FIRST: Final = 5
"""The first placeholder of the conditions."""


class Finding(NamedTuple):
    """A telling by its number, and the term that it was found by."""

    number: int
    by: FoundBy
    term: str
    is_exact: bool


class Findings(NamedTuple):
    found: Sequence[Finding]
    has_more: bool


def find(connection: StoreConnection, text: str, region: str, limit: int) -> Findings:
    """Return at most `limit` tellings that fit, the surest first, each once for each field that fits."""
    found: dict[int, dict[Hashable, Finding]] = {}
    has_more = False
    asked = probes(text, region)
    looking = _Looking(connection, limit + 1, asked)
    for place, probe in enumerate(asked):
        if len(found) > limit:
            break
        rows, is_bounded = looking.rows(place)
        has_more = has_more or is_bounded
        for term, number in rows:
            finding = Finding(number, probe.by, term, probe.is_exact)
            # Which field a number is in stands in the record: an order's, an invoice's, its own.
            field = term if probe.by is FoundBy.RECORD_ID else FOUND_IN[probe.by]
            found.setdefault(number, {}).setdefault(field, finding)
    first = islice(found.values(), limit)
    return Findings([one for reasons in first for one in reasons.values()], has_more or len(found) > limit)


class _Looking:
    """One search, at most `limit` rows of each probe."""

    def __init__(self, connection: StoreConnection, limit: int, asked: Sequence[Probe]) -> None:
        self._connection = connection
        self._limit = limit
        self._asked = asked
        self._counts: dict[Range, int] = {}
        self._alone = self._read_alone()

    def rows(self, place: int) -> tuple[Sequence[tuple[str, int]], bool]:
        """Return terms and numbers of a probe, and whether not all that might fit was looked at."""
        probe = self._asked[place]
        if probe.is_alone:
            return self._alone.get(place, ()), False
        # The rarest of all words is gone through; where one of them is nobody's there is nothing to go through.
        counts = self._count(probe.ranges())
        rarest = counts.index(min(counts))
        return self._with_others(probe.through(rarest), counts[rarest])

    def _read_alone(self) -> Mapping[int, Sequence[tuple[str, int]]]:
        """Return what the probes find that are a term or a range and no more: all in one question."""
        values: list[Sequence[Any]] = []
        for place, probe in enumerate(self._asked):
            low, high = probe.range
            if probe.is_exact:
                values.append((place, index_key(low), "", "", self._limit))
            elif probe.is_alone:
                values.append((place, None, low, high, self._limit))
        found: dict[int, list[tuple[str, int]]] = {}
        for place, term, number in self._connection.rows_of_each(statements.WITH_TERM_OR_IN_RANGE, values):
            found.setdefault(place, []).append((term, number))
        return found

    def _with_others(self, probe: Probe, count: int) -> tuple[Sequence[tuple[str, int]], bool]:
        if not count:
            return (), False
        if probe.within:
            most, statement = MOST_TERMS, _with(statements.HAS_WITHIN, len(probe.within))
            values = [f" {word}" for word in probe.within]  # a name is a term from each of its words on
        else:
            most, statement = MOST_TELLINGS, _with(statements.HAS_TERM, len(probe.others))
            values = [bound for one in probe.others for bound in one]
        rows = self._connection.rows(statement, (*probe.range, most, self._limit, *values))
        return sorted(_found(rows)), len(rows) < self._limit and count >= most

    def _count(self, ranges: Sequence[Range]) -> Sequence[int]:
        """Return how many terms there are in each, of very many not the number."""
        unknown = [one for one in dict.fromkeys(ranges) if one not in self._counts]
        values = [(*one, MOST_TERMS) for one in unknown]
        rows = self._connection.rows_of_each(statements.COUNT_IN_RANGE, values)
        self._counts.update((one, count) for one, (count,) in zip(unknown, rows, strict=True))
        return [self._counts[one] for one in ranges]


def _found(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[str, int]]:
    return [(term, number) for term, number in rows]


@cache
def _with(condition: str, times: int) -> str:
    """Return the statement for terms for which a condition holds with each of so many sets of values."""
    size = condition.count("{")
    places = [range(_FIRST + size * number, _FIRST + size * (number + 1)) for number in range(times)]
    conditions = " AND ".join(condition.format(*numbers) for numbers in places)
    return statements.IN_RANGE_WITH.format(conditions=conditions)
