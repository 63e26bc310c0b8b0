"""What a search found, read from the customers' tables: bounded, whatever was typed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from hub.domain.search import FoundBy
from hub.journal import customers_statements as statements
from hub.journal.search_question import Probe, Range, probes
from hub.journal.writes import index_key
from hub.store.connection import StoreConnection

MOST_TERMS: Final = 50_000
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
    if probe.within:
        statement = _with(statements.HAS_WITHIN, len(probe.within))
        rows = connection.rows(statement, (low, high, MOST_TERMS, limit, *probe.within))
        return _found(rows), len(rows) < limit and _is_bounded(connection, probe.range)
    if probe.others:
        statement = _with(statements.HAS_TERM, len(probe.others))
        bounds = [bound for one in probe.others for bound in one]
        return _found(connection.rows(statement, (low, high, MOST_TELLINGS, limit, *bounds))), False
    return _found(connection.rows(statements.IN_RANGE, (low, high, limit))), False


def _found(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[str, int]]:
    return [(term, number) for term, number in rows]


def _is_bounded(connection: StoreConnection, within: Range) -> bool:
    ((count,),) = connection.rows(statements.COUNT_IN_RANGE, (*within, MOST_TERMS))
    return bool(count >= MOST_TERMS)


@cache
def _with(condition: str, times: int) -> str:
    """Return the statement for terms for which a condition holds with each of so many sets of values."""
    size = condition.count("{")
    places = [range(_FIRST + size * number, _FIRST + size * (number + 1)) for number in range(times)]
    conditions = " AND ".join(condition.format(*numbers) for numbers in places)
    return statements.IN_RANGE_WITH.format(conditions=conditions)
