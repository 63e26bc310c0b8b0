"""One group commit: everything that queued up while the last one ran, in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from hub.domain.event import Event, encode_event
from hub.domain.ports import StoredEvent
from hub.journal import statements
from hub.journal.derived import derive
from hub.journal.errors import EventRefusedError, JournalError, is_about_the_file

Waiter = asyncio.Future[int]


class PendingEvent(NamedTuple):
    """An event on its way to the disk; `waiter` gets its position, or the JournalError that refused it."""

    event: Event
    waiter: Waiter | None


class PendingCursor(NamedTuple):
    reader: str
    position: int
    waiter: Waiter


Pending = PendingEvent | PendingCursor


class Commit(NamedTuple):
    """What one transaction did: the new events in order, and for each pending its position or its refusal."""

    stored: Sequence[StoredEvent]
    outcomes: Sequence[tuple[Pending, int | JournalError]]


class _RefusedError(Exception):
    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index
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
            refused[refusal.index] = EventRefusedError(f"the event can't be stored: {refusal.reason}")


def _transaction(
    connection: sqlite3.Connection, batch: Sequence[Pending], refused: dict[int, EventRefusedError]
) -> Commit:
    stored: list[StoredEvent] = []
    outcomes: list[tuple[Pending, int | JournalError]] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        position: int = connection.execute(statements.LAST_POSITION).fetchone()[0]
        for index, pending in enumerate(batch):
            if index in refused:
                outcomes.append((pending, refused[index]))
            elif isinstance(pending, PendingCursor):
                connection.execute(statements.SAVE_CURSOR, (pending.reader, pending.position))
                outcomes.append((pending, pending.position))
            else:
                new = _insert(connection, index, position + 1, pending.event)
                if new is None:
                    known = connection.execute(statements.POSITION_OF, (pending.event.id,)).fetchone()[0]
                    outcomes.append((pending, known))
                else:
                    position += 1
                    stored.append(new)
                    outcomes.append((pending, position))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return Commit(stored, outcomes)


def _insert(connection: sqlite3.Connection, index: int, position: int, event: Event) -> StoredEvent | None:
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
        raise _RefusedError(index, f"{type(error).__name__}: {error}") from error
    return new


def sequence(position: int) -> str:
    """Return a position as CloudEvents' `sequence`: text that sorts like the number."""
    return f"{position:020d}"


def _timestamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
