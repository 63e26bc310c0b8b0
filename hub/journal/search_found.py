"""What a search found, read from the customers' tables: bounded, whatever was typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from hub.domain.search import FoundBy
from hub.journal import customers_statements as statements
from hub.journal.search_question import Probe, probes
from hub.journal.writes import index_key
from hub.store.connection import StoreConnection

MOST_LOOKED_AT: Final = 20_000
"""Of a word that very many have, so many are looked through for one that has the other words, too."""


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
    """Return at most `limit` tellings that fit, the surest first, each once."""
    found: dict[int, Finding] = {}
    has_more = False
    for probe in probes(text, region):
        if len(found) > limit:
            break
        rows, is_bounded = _rows(connection, probe, limit + 1)
        has_more = has_more or is_bounded
        for term, number in rows:
            found.setdefault(number, Finding(number, probe.by, term, probe.is_exact))
    return Findings(list(found.values())[:limit], has_more or len(found) > limit)


def _rows(connection: StoreConnection, probe: Probe, limit: int) -> tuple[Sequence[tuple[str, int]], bool]:
    """Return terms and numbers, and whether not all that might fit was looked at."""
    low, high = probe.range
    if probe.is_exact:
        term = index_key(low)
        return [(term, number) for (number,) in connection.rows(statements.WITH_TERM, (term, limit))], False
    if not probe.others:
        return [(term, number) for term, number in connection.rows(statements.IN_RANGE, (low, high, limit))], False
    values = [bound for group in probe.others for one in group for bound in one]
    statement = _with_others(tuple(len(group) for group in probe.others))
    found = [(term, number) for term, number in connection.rows(statement, (low, high, MOST_LOOKED_AT, limit, *values))]
    if len(found) >= limit:
        return found, False
    ((count,),) = connection.rows(statements.COUNT_IN_RANGE, (low, high, MOST_LOOKED_AT))
    return found, count >= MOST_LOOKED_AT


@cache
def _with_others(sizes: tuple[int, ...]) -> str:
    """Return the statement for so many groups of further ranges, of which each must have a term in one."""
    places = _pairs_from(5)
    groups = [
        " OR ".join(statements.HAS_TERM.format(low=low, high=high) for low, high in _take(places, size))
        for size in sizes
    ]
    return statements.IN_RANGE_WITH.format(conditions=" AND ".join(f"({group})" for group in groups))


def _pairs_from(first: int) -> Iterator[tuple[int, int]]:
    while True:
        yield first, first + 1
        first += 2


def _take(places: Iterator[tuple[int, int]], count: int) -> Sequence[tuple[int, int]]:
    return [next(places) for _ in range(count)]
