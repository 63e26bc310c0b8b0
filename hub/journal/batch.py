"""One group commit: everything that queued up while the last one ran, in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from hub.domain.event import Event, encode_event
from hub.domain.ports import Appended, EventRefusedError, StoredEvent
from hub.journal import statements
from hub.journal.database import execute
from hub.journal.derived import derive
from hub.journal.errors import is_about_the_file

Outcome = Appended | EventRefusedError
"""What became of one event."""


class PendingEvents(NamedTuple):
    """Events on their way to the disk; `waiter` gets what became of each, or the JournalError for all of them."""

    events: Sequence[Event]
    waiter: asyncio.Future[Sequence[Outcome]] | None

    @property
    def size(self) -> int:
        return len(self.events)


class PendingWrite(NamedTuple):
    """A statement that is no event, carried out for each row of values; `waiter` gets how many rows it changed."""

    statement: str
    rows: Sequence[Sequence[Any]]
    waiter: asyncio.Future[int]

    @property
    def size(self) -> int:
        return len(self.rows)


Pending = PendingEvents | PendingWrite


class Commit(NamedTuple):
    """What one transaction did: the new events in order, and what became of each pending."""

    stored: Sequence[StoredEvent]
    events: Sequence[tuple[PendingEvents, Sequence[Outcome]]]
    writes: Sequence[tuple[PendingWrite, int]]


class _RefusedError(Exception):
    def __init__(self, event: Event, reason: str) -> None:
        super().__init__(reason)
        self.event = event
        self.reason = reason


def write_batch(connection: sqlite3.Connection, batch: Sequence[Pending]) -> Commit:
    """Store a batch as one transaction.

    An event that can't be stored whatever the disk does (text that is no UTF-8) is refused and the others are
    stored without it. Raises sqlite3.DatabaseError, with nothing stored, when the file or the disk fails.
    """
    refused: dict[int, EventRefusedError] = {}
    while True:
        try:
            return _transaction(connection, batch, refused)
        except _RefusedError as refusal:
            refused[id(refusal.event)] = EventRefusedError(f"the event can't be stored: {refusal.reason}")


def _transaction(
    connection: sqlite3.Connection, batch: Sequence[Pending], refused: dict[int, EventRefusedError]
) -> Commit:
    stored: list[StoredEvent] = []
    events: list[tuple[PendingEvents, Sequence[Outcome]]] = []
    writes: list[tuple[PendingWrite, int]] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        position: int = connection.execute(statements.LAST_POSITION).fetchone()[0]
        for pending in batch:
            if isinstance(pending, PendingWrite):
                writes.append((pending, sum(execute(connection, pending.statement, row) for row in pending.rows)))
                continue
            outcomes: list[Outcome] = []
            for event in pending.events:
                if id(event) in refused:
                    outcomes.append(refused[id(event)])
                    continue
                new = _insert(connection, position + 1, event)
                if new is None:
                    known = connection.execute(statements.POSITION_OF, (event.id,)).fetchone()[0]
                    outcomes.append(Appended(known, is_new=False))
                else:
                    position += 1
                    stored.append(new)
                    outcomes.append(Appended(position, is_new=True))
            events.append((pending, outcomes))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return Commit(stored, events, writes)


def _insert(connection: sqlite3.Connection, position: int, event: Event) -> StoredEvent | None:
    """Store one event and what is derived from it; None if its id is there already."""
    try:
        new = StoredEvent(
            position=position,
            type=str(event.type),
            subject=event.subject,
            partitionkey=event.partitionkey,
            id=event.id,
            time=_timestamp(event.time),
            source=event.source,
            body=encode_event(msgspec.structs.replace(event, sequence=sequence(position))),
        )
        row = (position, new.id, new.type, new.source, new.subject, new.partitionkey, new.time, new.body)
        if connection.execute(statements.INSERT_EVENT, row).rowcount == 0:
            return None
        derive(connection, position, event)
    except Exception as error:
        if is_about_the_file(error):
            raise
        raise _RefusedError(event, f"{type(error).__name__}: {error}") from error
    return new


def sequence(position: int) -> str:
    """Return a position as CloudEvents' `sequence`: text that sorts like the number."""
    return f"{position:020d}"


def _timestamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
