"""Taking what was stored before there were some derived tables into them: while the hub runs, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

import structlog

from hub.domain.event import Event, EventType
from hub.domain.ports import StoreError
from hub.journal import statements
from hub.journal.derived import in_layers
from hub.journal.queries import event_at
from hub.journal.readers import Readers
from hub.journal.writes import Derivation
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

BATCH: Final = 200
"""Few enough that what happens meanwhile waits for no more than some milliseconds."""
RETRY_S: Final = 5.0

WriteDown = Callable[..., Awaitable[int]]
"""Carries out a statement for each row of values, after what it was called with before."""


Rows = Sequence[Sequence[Any]]


class Filling(NamedTuple):
    """What a migration has left to do: `cursor` is up to where it is still to be done.

    `newest` reads rows up to a place, so many at most, the newest first: the place of each is its first value.
    """

    cursor: str
    newest: str
    derive: Callable[[Rows], Sequence[Derivation]]


def filling_of_events(
    cursor: str, types: Collection[EventType], derive: Callable[[int, Event], Sequence[Derivation]]
) -> Filling:
    """Return what takes in events of some types."""

    def derived(rows: Rows) -> Sequence[Derivation]:
        events = ((position, event_at(position, body)) for position, kind, body in rows if kind in types)
        return [one for position, event in events if event is not None for one in derive(position, event)]

    return Filling(cursor, statements.EVENTS_TO_FILL, derived)


class _Batch(NamedTuple):
    derivations: Sequence[Derivation]
    rest: int
    """Up to where it is still to be done."""


async def fill(filling: Filling, readers: Readers, write: WriteDown) -> None:
    """Take in what there is; returns at once where nothing is left to do. Goes on where it was ended before."""
    taken = 0

    def following(connection: StoreConnection) -> _Batch | None:
        return _next(connection, filling)

    while True:
        try:
            batch = await readers.run(following)
            if batch is None:
                break
            await _write(batch, filling, write)
        except StoreError as error:
            log.warning("filling_waits", cursor=filling.cursor, reason=str(error))
            await asyncio.sleep(RETRY_S)
            continue
        taken += len(batch.derivations)
        if batch.rest == 0:
            log.info("filled", cursor=filling.cursor, taken=taken)
            break


def is_filled(connection: StoreConnection, filling: Filling) -> bool:
    """Whether nothing of before is left to be taken in."""
    return _last_to_fill(connection, filling) == 0


async def _write(batch: _Batch, filling: Filling, write: WriteDown) -> None:
    """Hand the writes over together, in their order, and the place to go on from as the last of them."""
    handed = [write(statement, *rows) for layer in in_layers(batch.derivations) for statement, rows in layer.items()]
    handed.append(write(statements.SAVE_CURSOR, (filling.cursor, batch.rest)))
    await asyncio.gather(*handed)


def _last_to_fill(connection: StoreConnection, filling: Filling) -> int:
    found = connection.rows(statements.CURSOR, (filling.cursor,))
    return found[0][0] if found else 0


def _next(connection: StoreConnection, filling: Filling) -> _Batch | None:
    up_to = _last_to_fill(connection, filling)
    if up_to == 0:
        return None
    rows = connection.rows(filling.newest, (up_to, BATCH))
    return _Batch(filling.derive(rows), rows[-1][0] - 1 if rows else 0)
