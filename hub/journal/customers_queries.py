"""What the journal knows of customers without asking anybody (`CustomerRecords` of hub/domain/ports.py)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from hub.domain.customer import CustomerRecord
from hub.domain.search import (
    FOUND_IN,
    FoundBy,
    FoundRecord,
    FoundRecords,
    Matter,
    UnclaimedMatter,
    as_record,
)
from hub.journal import customers_statements as statements
from hub.journal.customers import ORDER, told_of
from hub.journal.readers import Readers
from hub.journal.search_found import Finding, find
from hub.journal.search_terms import backwards, names_of, numbers_of, terms_of_name
from hub.journal.search_words import endings_of_id, folded_id
from hub.journal.writes import index_key
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

MAX_KEYS: Final = 1_000
MAX_RECORDS: Final = 1_000
_MOST_OWNERS: Final = 10


class _Telling(NamedTuple):
    number: int
    kind: str
    told: CustomerRecord | Matter


class JournalCustomers:
    """The newest that each system told of each customer, order and case. Every method raises JournalError.

    Searches have readers of their own: what is asked for at a call doesn't wait for them.
    """

    def __init__(self, readers: Readers, searching: Readers) -> None:
        self._readers = readers
        self._searching = searching

    async def records(self, keys: Sequence[str], *, limit: int = 50) -> Sequence[CustomerRecord]:
        return await self._readers.run(partial(records, keys=keys, limit=limit))

    async def matters(self, keys: Sequence[str], *, system: str, limit: int = 200) -> Sequence[Matter]:
        return await self._readers.run(partial(matters, keys=keys, system=system, limit=limit))

    async def search(self, text: str, *, region: str, limit: int = 20) -> FoundRecords:
        return await self._searching.run(partial(search, text=text, region=region, limit=limit))


def records(connection: StoreConnection, keys: Sequence[str], limit: int) -> Sequence[CustomerRecord]:
    """Return the records known by any of `keys`, at most `limit` of each key, what was told last first."""
    (known,) = _known_by(connection, [keys[:MAX_KEYS]], limit)
    return [one.told for one in known if isinstance(one.told, CustomerRecord)]


def matters(connection: StoreConnection, keys: Sequence[str], system: str, limit: int) -> Sequence[Matter]:
    """Return the orders and cases that `system` told of whom `keys` name, what was told last first."""
    (known,) = _known_by(connection, [[f"of:{key}" for key in keys[:MAX_KEYS]]], limit)
    return [one.told for one in known if isinstance(one.told, Matter) and one.told.system == system]


def search(connection: StoreConnection, text: str, region: str, limit: int) -> FoundRecords:
    """Return the records that fit what was typed, or whose orders and cases do; the surest first.

    A record is there once for each field that fits: who may not see the one may see the other.
    """
    limit = max(1, min(limit, MAX_RECORDS))
    findings = find(connection, text, region, limit)
    told = _tellings(connection, list(dict.fromkeys(finding.number for finding in findings.found)))
    whose = _whose(connection, [one for one in told.values() if isinstance(one.told, Matter)])
    found: dict[tuple[str, str], dict[frozenset[str], FoundRecord]] = {}
    unclaimed: dict[int, UnclaimedMatter] = {}
    for finding in findings.found:
        telling = told.get(finding.number)
        if telling is None:
            continue
        for one in _found(finding, telling, whose):
            if isinstance(one, UnclaimedMatter):
                unclaimed.setdefault(telling.number, one)
            else:
                found.setdefault((one.record.system, one.record.id), {}).setdefault(FOUND_IN[one.by], one)
    first = islice(found.values(), limit)
    return FoundRecords(
        records=tuple(one for reasons in first for one in reasons.values()),
        has_more=findings.has_more or len(found) > limit,
        unclaimed=tuple(unclaimed.values()),
    )


def _found(
    finding: Finding, telling: _Telling, whose: Mapping[int, Sequence[CustomerRecord]]
) -> Sequence[FoundRecord | UnclaimedMatter]:
    told = telling.told
    if isinstance(told, CustomerRecord):
        by, text = _what_fits(told, finding)
        return [FoundRecord(record=told, by=by, text=text, is_exact=finding.is_exact)]
    by = FoundBy.ORDER if telling.kind == ORDER else FoundBy.CASE
    number = told.order.id if told.order else told.case.id if told.case else ""
    owners = whose[telling.number]
    if not owners:
        return [
            UnclaimedMatter(by=by, text=number, system=told.system, customer=told.customer, is_exact=finding.is_exact)
        ]
    return [FoundRecord(record=record, by=by, text=number, is_exact=finding.is_exact) for record in owners]


def _whose(connection: StoreConnection, tellings: Sequence[_Telling]) -> Mapping[int, Sequence[CustomerRecord]]:
    """Return the records of whom orders and cases belong to; of one who is known by it alone what it says."""
    matters = {one.number: one.told for one in tellings if isinstance(one.told, Matter)}
    whose: dict[int, Sequence[CustomerRecord]] = {}
    for by_ids_alone in (True, False):
        open_ones = [number for number in matters if not whose.get(number)]
        refs = [matters[number].customer for number in open_ones]
        if by_ids_alone:
            refs = [msgspec.structs.replace(ref, phones=(), emails=()) for ref in refs]
        found = _known_by(connection, [ref.keys() for ref in refs], _MOST_OWNERS)
        for number, known in zip(open_ones, found, strict=True):
            whose[number] = [one.told for one in known if isinstance(one.told, CustomerRecord)]
    for number, matter in matters.items():
        if not whose.get(number) and (alone := as_record(matter)) is not None:
            whose[number] = [alone]
    return whose


def _what_fits(record: CustomerRecord, finding: Finding) -> tuple[FoundBy, str]:
    """Return what of a record was found, as it stands there."""
    kind, _, rest = finding.term.partition(":")
    match kind:
        case "tel" | "mailto":
            return finding.by, rest
        case "end":
            number = next((one.number for one in record.phones if backwards(one.number) == rest), "")
            return finding.by, number
        case "at":
            return finding.by, next((one.address for one in record.emails if one.address.lower().endswith(rest)), "")
        case "no":
            return _which_number(record, lambda one: rest in (folded_id(one), folded_id(one).lstrip("0")))
        case "part":
            return _which_number(record, lambda one: rest in endings_of_id(one))
        case _:
            names = names_of(record)
            return finding.by, next((name for name in names if finding.term in terms_of_name(record, name)), names[0])


def _which_number(record: CustomerRecord, fits: Callable[[str], bool]) -> tuple[FoundBy, str]:
    for by, ids in ((FoundBy.RECORD_ID, (record.id, *record.ids.values())), *numbers_of(record)):
        for one in ids:
            if fits(one):
                return by, one
    return FoundBy.RECORD_ID, record.id


def _known_by(connection: StoreConnection, terms: Sequence[Sequence[str]], limit: int) -> Sequence[Sequence[_Telling]]:
    """Return for each of several what has any of its terms, the newest first, at most `limit` of each term."""
    limit = max(0, min(limit, MAX_RECORDS))
    asked = [(place, index_key(term), limit) for place, some in enumerate(terms) for term in dict.fromkeys(some)]
    rows = connection.rows_of_each(statements.WITH_TERM, asked)
    told = _decoded(row[1:] for row in rows)
    numbers: list[set[int]] = [set() for _ in terms]
    for place, number, *_ in rows:
        numbers[place].add(number)
    return [[told[number] for number in sorted(some, reverse=True) if number in told] for some in numbers]


def _tellings(connection: StoreConnection, numbers: Collection[int]) -> Mapping[int, _Telling]:
    return _decoded(connection.rows(statements.TELLINGS, (list(numbers),))) if numbers else {}


def _decoded(rows: Iterable[Sequence[Any]]) -> Mapping[int, _Telling]:
    """Return tellings by their number, without those that nobody can read."""
    told: dict[int, _Telling] = {}
    for number, kind, system, body in {row[0]: row for row in rows}.values():
        try:
            told[number] = _Telling(number, kind, told_of(kind, body))
        except msgspec.ValidationError as error:
            log.warning("journal_customer_unreadable", system=system, kind=kind, reason=str(error), number=number)
    return told
