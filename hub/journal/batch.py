"""One group commit: everything that queued up while the last one ran, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from hub.domain.event import Event, encode_event
from hub.domain.ports import Appended, EventRefusedError, StoredEvent
from hub.journal import statements
from hub.journal.customers import Remembers, derive_customers
from hub.journal.derived import derive, in_layers
from hub.journal.errors import JournalError
from hub.journal.writes import Derivation
from hub.store.connection import StoreConnection, ValuesRefusedError

Outcome = Appended | EventRefusedError
"""What became of one event."""


class PendingEvents(NamedTuple):
    """Events on their way to the disk; `waiter` gets what became of each, or the JournalError for all of them."""

    events: Sequence[Event]
    waiter: asyncio.Future[Sequence[Outcome]] | None

    @property
    def size(self) -> int:
        return len(self.events)

    @property
    def held_bytes(self) -> int:
        """What it holds beside the events, which are small."""
        return 0


class PendingWrite(NamedTuple):
    """A statement that is no event, carried out for each row of values; `waiter` gets how many rows it changed."""

    statement: str
    rows: Sequence[Sequence[Any]]
    waiter: asyncio.Future[int]

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def held_bytes(self) -> int:
        """The originals of dead letters, above all."""
        return sum(len(value) for row in self.rows for value in row if isinstance(value, bytes))


Pending = PendingEvents | PendingWrite


class Commit(NamedTuple):
    """What was made durable: the new events in order, what became of each pending, and the newest position now."""

    position: int
    stored: Sequence[StoredEvent]
    events: Sequence[tuple[PendingEvents, Sequence[Outcome]]]
    writes: Sequence[tuple[PendingWrite, int | JournalError]]


class _Entry:
    """One event of a batch, and what became of it."""

    __slots__ = ("event", "position", "refusal", "stored")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.position = 0
        self.stored: StoredEvent | None = None
        self.refusal: EventRefusedError | None = None

    def refuse(self, reason: object) -> None:
        self.stored = None
        self.refusal = EventRefusedError(f"the event can't be stored: {reason}")


class _Order:
    """One other write of a batch, and what became of it."""

    def __init__(self, pending: PendingWrite) -> None:
        self.pending = pending
        self.outcome: int | JournalError = 0

    def refuse(self, reason: object) -> None:
        self.outcome = JournalError(f"this can't be stored: {reason}")


def write_batch(
    connection: StoreConnection, batch: Sequence[Pending], *, known_up_to: int, remembers: Remembers
) -> Commit:
    """Store a batch as one transaction; `remembers` says which systems' answers to lookups are kept.

    What can't be stored whatever the store does (text that is no UTF-8) is refused and the rest is stored without it.
    Raises StoreFailedError when the store fails. The batch may have become durable all the same, where the
    confirmation of a commit was lost: handed in again, its events are found by their ids above `known_up_to`, the
    newest position that was confirmed, and count as new.
    """
    entries: dict[str, _Entry] = {}
    work: list[_Entry | _Order] = []
    for pending in batch:
        if isinstance(pending, PendingWrite):
            work.append(_Order(pending))
            continue
        for event in pending.events:
            if event.id not in entries:
                entries[event.id] = _Entry(event)
                work.append(entries[event.id])
    position = _store(connection, work, remembers) if work else known_up_to
    told: set[str] = set()
    return Commit(
        position,
        [entry.stored for entry in entries.values() if entry.stored is not None],
        [
            (pending, [_outcome(entries[event.id], told, known_up_to) for event in pending.events])
            for pending in batch
            if isinstance(pending, PendingEvents)
        ],
        [(order.pending, order.outcome) for order in work if isinstance(order, _Order)],
    )


def _outcome(entry: _Entry, told: set[str], known_up_to: int) -> Outcome:
    if entry.refusal is not None:
        return entry.refusal
    is_first = entry.event.id not in told
    told.add(entry.event.id)
    return Appended(entry.position, is_new=is_first and entry.position > known_up_to)


def _store(connection: StoreConnection, work: Sequence[_Entry | _Order], remembers: Remembers) -> int:
    """Store all of it; where values are refused, in halves, until the one that they belong to is found."""
    try:
        return _transaction(connection, work, remembers)
    except ValuesRefusedError as reason:
        if len(work) == 1:
            work[0].refuse(reason)
            last: int = connection.rows(statements.LAST_POSITION)[0][0]
            return last
    middle = len(work) // 2
    _store(connection, work[:middle], remembers)
    return _store(connection, work[middle:], remembers)


def _transaction(connection: StoreConnection, work: Sequence[_Entry | _Order], remembers: Remembers) -> int:
    entries = [one for one in work if isinstance(one, _Entry)]
    with connection.transaction():
        position: int = connection.rows(statements.LAST_POSITION)[0][0]
        if entries:
            position = _insert(connection, position, entries, remembers)
        for order in work:
            if isinstance(order, _Order):
                order.outcome = _carry_out(connection, order.pending)
    return position


def _insert(connection: StoreConnection, position: int, entries: Sequence[_Entry], remembers: Remembers) -> int:
    """Store the events that are not there yet, and what is derived from them; return the newest position."""
    ids = [entry.event.id for entry in entries]
    known: dict[str, int] = {row[0]: row[1] for row in connection.rows(statements.POSITIONS_OF, (ids,))}
    derivations: list[Derivation] = []
    for entry in entries:
        entry.stored = None
        if entry.event.id in known:
            entry.position = known[entry.event.id]
            continue
        try:
            stored = _stored(position + 1, entry.event)
            derivation = derive(position + 1, entry.event)
            of_customers = derive_customers(position + 1, entry.event, remembers)
        except Exception as reason:  # noqa: BLE001 - whatever it is, the other events don't wait for this one
            entry.refuse(f"{type(reason).__name__}: {reason}")
            continue
        position += 1
        entry.position, entry.stored = position, stored
        if derivation is not None:
            derivations.append(derivation)
        derivations += of_customers
    connection.execute_many(statements.INSERT_EVENT, [_row(entry.stored) for entry in entries if entry.stored])
    for layer in in_layers(derivations):
        for statement, rows in layer.items():
            connection.execute_many(statement, rows)
    return position


def _carry_out(connection: StoreConnection, pending: PendingWrite) -> int:
    if len(pending.rows) == 1:
        return connection.execute(pending.statement, pending.rows[0])
    connection.execute_many(pending.statement, pending.rows)
    return len(pending.rows)


def _stored(position: int, event: Event) -> StoredEvent:
    return StoredEvent(
        position=position,
        type=str(event.type),
        subject=event.subject,
        partitionkey=event.partitionkey,
        id=event.id,
        time=_timestamp(event.time),
        source=event.source,
        body=encode_event(msgspec.structs.replace(event, sequence=sequence(position))),
    )


def _row(new: StoredEvent) -> Sequence[Any]:
    return (new.position, new.id, new.type, new.source, new.subject, new.partitionkey, new.time, new.body)


def sequence(position: int) -> str:
    """Return a position as CloudEvents' `sequence`: text that sorts like the number."""
    return f"{position:020d}"


def _timestamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{in_utc.replace(tzinfo=None).isoformat()}Z"
