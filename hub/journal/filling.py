"""Taking events of before there were some derived tables into them: while the hub runs, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

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


class Filling(NamedTuple):
    """What a migration has left to do: `cursor` is up to where events of these types are still to be taken in."""

    cursor: str
    types: frozenset[EventType]
    derive: Callable[[int, Event], Sequence[Derivation]]


class _Batch(NamedTuple):
    derivations: Sequence[Derivation]
    rest: int
    """Up to where events are still to be taken in."""


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
            log.info("filled", cursor=filling.cursor, events=taken)
            break


def is_filled(connection: StoreConnection, filling: Filling) -> bool:
    """Whether no events of before are left to be taken in."""
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
    rows = connection.rows(statements.EVENTS_TO_FILL, (up_to, BATCH))
    events = ((position, event_at(position, body)) for position, kind, body in rows if kind in filling.types)
    derived = [one for position, event in events if event is not None for one in filling.derive(position, event)]
    return _Batch(derived, rows[-1][0] - 1 if rows else 0)
