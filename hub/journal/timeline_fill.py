"""Taking events of before there were timelines into them: while the hub runs, the newest first, in small batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import structlog

from hub.domain.call import CallEvent, CallEventKind
from hub.domain.customer import CustomerContext
from hub.domain.event import EventType
from hub.domain.ports import StoreError
from hub.journal import statements, timeline_statements
from hub.journal.derived import in_layers
from hub.journal.queries import event_at
from hub.journal.readers import Readers
from hub.journal.timeline_derived import call_writes, context_writes, derive_contact
from hub.journal.writes import Derivation
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

CURSOR: Final = "timeline"
BATCH: Final = 200
"""Few enough that what happens meanwhile waits for no more than some milliseconds."""
RETRY_S: Final = 5.0
_OF_TIMELINES: Final = frozenset(
    {
        EventType.CALL_CLEARED,
        EventType.CUSTOMER_CONTEXT_UPDATED,
        EventType.ORDER_CHANGED,
        EventType.CASE_CHANGED,
        EventType.INTERACTION_RECORDED,
    }
)

WriteDown = Callable[..., Awaitable[int]]
"""Carries out a statement for each row of values, after what it was called with before."""


class _Batch(NamedTuple):
    derivations: Sequence[Derivation]
    rest: int
    """Up to where events are still to be taken in."""


async def fill(readers: Readers, write: WriteDown) -> None:
    """Take in what there is; returns at once where nothing is left to do. Goes on where it was ended before."""
    taken = 0
    while True:
        try:
            batch = await readers.run(_next)
            if batch is None:
                break
            await _write(batch, write)
        except StoreError as error:
            log.warning("timeline_waits", reason=str(error))
            await asyncio.sleep(RETRY_S)
            continue
        taken += len(batch.derivations)
        if batch.rest == 0:
            log.info("timeline_filled", events=taken)
            break


async def _write(batch: _Batch, write: WriteDown) -> None:
    """Hand the writes over together, in their order, and the place to go on from as the last of them."""
    handed = [write(statement, *rows) for layer in in_layers(batch.derivations) for statement, rows in layer.items()]
    handed.append(write(statements.SAVE_CURSOR, (CURSOR, batch.rest)))
    await asyncio.gather(*handed)


def last_to_fill(connection: StoreConnection) -> int:
    """Return up to which position events are still to be taken in; 0 where none are."""
    found = connection.rows(timeline_statements.LAST_TO_FILL)
    return found[0][0] if found else 0


def _next(connection: StoreConnection) -> _Batch | None:
    up_to = last_to_fill(connection)
    if up_to == 0:
        return None
    rows = connection.rows(timeline_statements.EVENTS_TO_FILL, (up_to, BATCH))
    derived = (_derived(position, body) for position, kind, body in rows if kind in _OF_TIMELINES)
    return _Batch([one for one in derived if one is not None], rows[-1][0] - 1 if rows else 0)


def _derived(position: int, body: bytes) -> Derivation | None:
    event = event_at(position, body)
    if event is None:
        return None
    match event.data:
        case CallEvent(kind=CallEventKind.CLEARED, call=call):
            return Derivation(("call", call.id), call_writes(position, call))
        case CustomerContext() as context:
            return Derivation(("call", context.call_id), context_writes(position, context))
    return derive_contact(position, event)
