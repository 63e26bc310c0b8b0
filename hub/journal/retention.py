"""What has been kept for its time is emptied, a few events at a time, from where the last time came to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hub.domain.call import CallEvent
from hub.domain.customer import CustomerContext, CustomerRecord
from hub.domain.event import Event, EventType, decode_event, encode_event
from hub.domain.store_place import StorePlace
from hub.journal import statements
from hub.journal.accesses import FORGET_ACCESSES
from hub.journal.customers import record_of
from hub.journal.erasure_tables import empty_call_log, of_calls, of_contexts, of_event
from hub.journal.search_terms import terms_of_record
from hub.journal.store import store_at
from hub.journal.writes import index_key, microseconds
from hub.store.connection import StoreConnection

PAGE: Final = 200
BETWEEN_PAGES_S: Final = 0.01
"""How long others have the store for themselves after each page."""

_READ: Final = "SELECT position, type, time, body FROM events WHERE position > $1 ORDER BY position LIMIT $2"
_UPDATE: Final = "UPDATE events SET subject = $2, partitionkey = $3, body = $4 WHERE position = $1"
_OLD_LETTERS: Final = "SELECT id FROM dead_letters WHERE at < $1 ORDER BY at LIMIT $2"
_FORGET_LETTERS: Final = "DELETE FROM dead_letters WHERE id = ANY ($1)"
_OLD_RECORDS: Final = """SELECT number, at, body FROM customer_records
    WHERE kind = 'customer' AND number > $1 AND at < $2 ORDER BY number LIMIT $3"""
_FORGET_RECORD: Final = "DELETE FROM customer_records WHERE number = $1"
_FORGET_TERMS: Final = "DELETE FROM customer_terms WHERE number = $1"
_CHANGE_RECORD: Final = "UPDATE customer_records SET body = $2 WHERE number = $1"
_SAVE_TERM: Final = "INSERT INTO customer_terms (term, number) VALUES ($1, $2) ON CONFLICT DO NOTHING"

_encoder = msgspec.json.Encoder()


class EventRule(NamedTuple):
    """Events of some types that are kept for some days; `emptied` returns what is left, None where that is all of it.

    `name` is that of the reader that keeps the place: events are looked at once, when their time is over. With
    `is_whole` nothing is left to be found by, so they leave the derived tables.
    """

    name: str
    days: int
    types: Collection[EventType]
    emptied: Callable[[Event], Event | None]
    is_whole: bool = True


class RecordRule(NamedTuple):
    """Records of customers; `left` returns what of one is kept on, None where nothing is."""

    days: int
    left: Callable[[CustomerRecord], CustomerRecord | None]


class Rules(NamedTuple):
    """Days for what has no events of its own; None: kept."""

    events: Sequence[EventRule] = ()
    records: Sequence[RecordRule] = ()
    dead_letters: int | None = None
    accesses: int | None = None


def retire(
    place: StorePlace, rules: Rules, now: datetime, *, is_over: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Empty what is over its time at `now`; return how much of each. Blocking; it ends early once `is_over` says so.

    Raises StoreError.
    """
    connection = store_at(place).open_beside()
    done: Counter[str] = Counter()
    try:
        if isinstance(place, Path):
            connection.execute("PRAGMA secure_delete = ON")
        for what, count in _pages(connection, rules, now):
            if count:
                done[what] += count
            time.sleep(BETWEEN_PAGES_S)
            if is_over():
                break
    finally:
        connection.close()
    return done


def _pages(connection: StoreConnection, rules: Rules, now: datetime) -> Iterator[tuple[str, int]]:
    """Do it a page at a time; yield what was emptied of it, and how many."""
    for rule in rules.events:
        yield from (("events", count) for count in _events(connection, rule, now))
    for record_rule in rules.records:
        yield from (("records", count) for count in _records(connection, record_rule, now))
    if rules.dead_letters is not None:
        yield from (("dead_letters", count) for count in _letters(connection, _before(now, rules.dead_letters)))
    if rules.accesses is not None:
        until = _before(now, rules.accesses)
        while count := connection.execute(FORGET_ACCESSES, (until, PAGE)):
            yield "accesses", count


def _events(connection: StoreConnection, rule: EventRule, now: datetime) -> Iterable[int]:
    reader = f"retention:{rule.name}"
    found = connection.rows(statements.CURSOR, (reader,))
    after: int = found[0][0] if found else 0
    until = now - timedelta(days=rule.days)
    while page := connection.rows(_READ, (after, PAGE)):
        # Events are stored in the order of their time, but for a moment's difference.
        due = [place for place, row in enumerate(page, start=1) if datetime.fromisoformat(row[2]) < until]
        if due:
            yield _empty(connection, rule, page[: due[-1]], reader)
            after = page[due[-1] - 1][0]
        if len(due) < len(page):
            return


def _empty(connection: StoreConnection, rule: EventRule, due: Sequence[Sequence[Any]], reader: str) -> int:
    """Empty what of a page the rule is about, and save the place, in one transaction."""
    changes = []
    for position, kind, _, body in due:
        if kind in rule.types and (event := _decoded(body)) is not None:
            left = rule.emptied(event)
            if left is not None and encode_event(left) != body:
                changes.append((position, event, left))
    with connection.transaction():
        for position, event, left in changes:
            connection.execute(_UPDATE, (position, left.subject, left.partitionkey, encode_event(left)))
            if rule.is_whole:
                _leave_tables(connection, position, event)
        connection.execute(statements.SAVE_CURSOR, (reader, due[-1][0]))
    return len(changes)


def _leave_tables(connection: StoreConnection, position: int, event: Event) -> None:
    writes = list(of_event(position, event))
    match event.data:
        case CallEvent(call=call):
            writes += of_calls((call.id,))
            empty_call_log(connection, (call.id,))
        case CustomerContext(call_id=call_id):
            writes += of_contexts((call_id,))
    for statement, values in writes:
        connection.execute(statement, values)


def _records(connection: StoreConnection, rule: RecordRule, now: datetime) -> Iterable[int]:
    after = 0
    while page := connection.rows(_OLD_RECORDS, (after, _before(now, rule.days), PAGE)):
        changed = 0
        with connection.transaction():
            for number, _, body in page:
                changed += _record(connection, rule, number, body)
        yield changed
        after = page[-1][0]


def _record(connection: StoreConnection, rule: RecordRule, number: int, body: bytes | None) -> bool:
    record = None if body is None else record_of(body)
    left = None if record is None else rule.left(record)
    if left is not None and left == record:
        return False
    connection.execute(_FORGET_TERMS, (number,))
    if left is None:
        connection.execute(_FORGET_RECORD, (number,))
    else:
        connection.execute(_CHANGE_RECORD, (number, _encoder.encode(left)))
        connection.execute_many(_SAVE_TERM, [(index_key(term), number) for term in terms_of_record(left)])
    return True


def _letters(connection: StoreConnection, before: int) -> Iterable[int]:
    while page := connection.rows(_OLD_LETTERS, (before, PAGE)):
        yield connection.execute(_FORGET_LETTERS, ([row[0] for row in page],))


def _decoded(body: bytes) -> Event | None:
    try:
        return decode_event(body)
    except msgspec.ValidationError:
        return None


def _before(now: datetime, days: int) -> int:
    return microseconds(now - timedelta(days=days))
