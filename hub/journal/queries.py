"""The journal's queries, each on a connection that is given to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from hub.domain.agent import AgentEvent, AgentStatus
from hub.domain.call import Call, CallEvent
from hub.domain.customer import CustomerContext
from hub.domain.event import Event, EventData, decode_event
from hub.domain.interaction import Interaction
from hub.domain.ports import CallLogEntry, StoredEvent
from hub.journal import statements
from hub.journal.derived import interaction_of, microseconds

log = structlog.get_logger(__name__)

MAX_ROWS: Final = 1_000
MAX_KEYS: Final = 64
_FAR_FUTURE: Final = 2**62

_entry_decoder = msgspec.json.Decoder(CallLogEntry)


def position_of(connection: sqlite3.Connection, event_id: str) -> int | None:
    row = connection.execute(statements.POSITION_OF, (event_id,)).fetchone()
    return None if row is None else row[0]


def cursor(connection: sqlite3.Connection, reader: str) -> int:
    row = connection.execute(statements.CURSOR, (reader,)).fetchone()
    return 0 if row is None else row[0]


def read_after(connection: sqlite3.Connection, after: int, limit: int) -> Sequence[StoredEvent]:
    rows = connection.execute(statements.READ_AFTER, (after, _bounded(limit))).fetchall()
    return [StoredEvent(*row) for row in rows]


def calls(
    connection: sqlite3.Connection, agent: str | None, before: datetime | None, limit: int
) -> Sequence[CallLogEntry]:
    started_before = _FAR_FUTURE if before is None else microseconds(before)
    if agent is None:
        rows = connection.execute(statements.CALLS, (started_before, _bounded(limit)))
    else:
        rows = connection.execute(statements.CALLS_OF_AGENT, (agent, started_before, _bounded(limit)))
    return [entry for (body,) in rows if (entry := _entry(body)) is not None]


def finished_call(connection: sqlite3.Connection, call_id: str) -> CallLogEntry | None:
    row = connection.execute(statements.CALL, (call_id,)).fetchone()
    return None if row is None else _entry(row[0])


def context_of(connection: sqlite3.Connection, call_id: str) -> CustomerContext | None:
    row = connection.execute(statements.CONTEXT_OF_CALL, (call_id,)).fetchone()
    context = None if row is None else _data(*row)
    return context if isinstance(context, CustomerContext) else None


def _entry(body: bytes) -> CallLogEntry | None:
    try:
        return _entry_decoder.decode(body)
    except msgspec.ValidationError as error:
        log.warning("journal_call_unreadable", reason=str(error))
        return None


def last_agent(connection: sqlite3.Connection, number: str, since: datetime) -> str | None:
    row = connection.execute(statements.LAST_AGENT, (number, microseconds(since))).fetchone()
    return None if row is None else row[0]


def open_calls(connection: sqlite3.Connection) -> Sequence[Call]:
    data = [_data(position, body) for position, body in connection.execute(statements.OPEN_CALLS)]
    return [happened.call for happened in data if isinstance(happened, CallEvent)]


def agent_states(connection: sqlite3.Connection) -> Sequence[AgentStatus]:
    data = [_data(position, body) for position, body in connection.execute(statements.AGENT_STATES)]
    return [happened.agent for happened in data if isinstance(happened, AgentEvent)]


def recent_interactions(connection: sqlite3.Connection, keys: Sequence[str], limit: int) -> Sequence[Interaction]:
    newest: set[tuple[int, int]] = set()
    for key in keys[:MAX_KEYS]:
        newest.update(connection.execute(statements.INTERACTIONS_OF_KEY, (key, _bounded(limit))))
    positions = [position for _, position in sorted(newest, reverse=True)[: _bounded(limit)]]
    events = [
        _event(position, connection.execute(statements.BODY_AT, (position,)).fetchone()[0]) for position in positions
    ]
    return [told for event in events if event is not None and (told := interaction_of(event)) is not None]


def _data(position: int, body: bytes) -> EventData | None:
    event = _event(position, body)
    return None if event is None else event.data


def _event(position: int, body: bytes) -> Event | None:
    """Return the event at `position`; None, and a line in the log, when it does not fit today's types."""
    try:
        return decode_event(body)
    except msgspec.ValidationError as error:
        log.warning("journal_event_unreadable", position=position, reason=str(error))
        return None


def _bounded(limit: int) -> int:
    return max(0, min(limit, MAX_ROWS))
