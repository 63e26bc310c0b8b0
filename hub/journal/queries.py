"""The journal's queries, each on a connection that is given to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from hub.domain.agent import AgentEvent, AgentStatus
from hub.domain.call import Call, CallEvent
from hub.domain.callback import Callback
from hub.domain.customer import CustomerContext
from hub.domain.event import Event, EventData, decode_event
from hub.domain.ports import CallLogEntry, StoredEvent
from hub.journal import statements
from hub.journal.writes import index_key, microseconds
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

MAX_ROWS: Final = 1_000
MAX_KEYS: Final = 64
_FAR_FUTURE: Final = 2**62

_entry_decoder = msgspec.json.Decoder(CallLogEntry)


def position_of(connection: StoreConnection, event_id: str) -> int | None:
    found = connection.rows(statements.POSITION_OF, (event_id,))
    return found[0][0] if found else None


def cursor(connection: StoreConnection, reader: str) -> int:
    found = connection.rows(statements.CURSOR, (reader,))
    return found[0][0] if found else 0


def read_after(connection: StoreConnection, after: int, limit: int) -> Sequence[StoredEvent]:
    return [StoredEvent(*row) for row in connection.rows(statements.READ_AFTER, (after, bounded(limit)))]


def calls(
    connection: StoreConnection, agent: str | None, before: datetime | None, limit: int
) -> Sequence[CallLogEntry]:
    started_before = _FAR_FUTURE if before is None else microseconds(before)
    if agent is None:
        rows = connection.rows(statements.CALLS, (started_before, bounded(limit)))
    else:
        rows = connection.rows(statements.CALLS_OF_AGENT, (agent, started_before, bounded(limit)))
    return [entry for row in rows if (entry := _entry(*row)) is not None]


def finished_call(connection: StoreConnection, call_id: str) -> CallLogEntry | None:
    found = connection.rows(statements.CALL, (call_id,))
    return _entry(*found[0]) if found else None


def context_of(connection: StoreConnection, call_id: str) -> CustomerContext | None:
    found = connection.rows(statements.CONTEXT_OF_CALL, (call_id,))
    context = _data(*found[0]) if found else None
    return context if isinstance(context, CustomerContext) else None


def _entry(body: bytes, customer: str) -> CallLogEntry | None:
    try:
        entry = _entry_decoder.decode(body)
    except msgspec.ValidationError as error:
        log.warning("journal_call_unreadable", reason=str(error))
        return None
    # A hub from before wrote the name into the entry.
    return msgspec.structs.replace(entry, customer=customer) if customer else entry


def last_agent(connection: StoreConnection, number: str, since: datetime) -> str | None:
    found = connection.rows(statements.LAST_AGENT, (number, microseconds(since)))
    return found[0][0] if found else None


def open_calls(connection: StoreConnection) -> Sequence[Call]:
    data = [_data(position, body) for position, body in connection.rows(statements.OPEN_CALLS)]
    return [happened.call for happened in data if isinstance(happened, CallEvent)]


def agent_states(connection: StoreConnection) -> Sequence[AgentStatus]:
    data = [_data(position, body) for position, body in connection.rows(statements.AGENT_STATES)]
    return [happened.agent for happened in data if isinstance(happened, AgentEvent)]


def callback(connection: StoreConnection, callback_id: str) -> Callback | None:
    found = connection.rows(statements.CALLBACK, (index_key(callback_id),))
    data = _data(*found[0]) if found else None
    return data if isinstance(data, Callback) else None


def open_callbacks(connection: StoreConnection) -> Sequence[Callback]:
    data = [_data(position, body) for position, body in connection.rows(statements.OPEN_CALLBACKS)]
    return [one for one in data if isinstance(one, Callback)]


def _data(position: int, body: bytes) -> EventData | None:
    event = event_at(position, body)
    return None if event is None else event.data


def event_at(position: int, body: bytes) -> Event | None:
    """Return the event at `position`; None, and a line in the log, when it does not fit today's types."""
    try:
        return decode_event(body)
    except msgspec.ValidationError as error:
        log.warning("journal_event_unreadable", position=position, reason=str(error))
        return None


def bounded(limit: int) -> int:
    return max(0, min(limit, MAX_ROWS))
