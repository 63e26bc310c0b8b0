"""What is derived from an event as it is stored: call log, open calls, agents, customers' interactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

import msgspec

from hub.domain.agent import AgentEvent
from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, Outcome, Role
from hub.domain.change import CaseChange, ChangeKind, OrderChange, as_interaction
from hub.domain.customer import CustomerContext
from hub.domain.event import Event
from hub.domain.interaction import Interaction
from hub.domain.ports import CallLogEntry
from hub.journal import statements

_encoder = msgspec.json.Encoder()


def microseconds(moment: datetime) -> int:
    """Return a moment as the tables hold it."""
    return round(moment.timestamp() * 1_000_000)


def derive(connection: sqlite3.Connection, position: int, event: Event) -> None:
    """Bring the derived tables up to `event`, which was just stored at `position`."""
    match event.data:
        case CallEvent(kind=CallEventKind.CLEARED, call=call):
            _log_call(connection, call)
        case CallEvent(call=call):
            connection.execute(statements.TOUCH_OPEN_CALL, (call.id, position))
        case AgentEvent(agent=agent):
            connection.execute(statements.SAVE_AGENT_STATE, (agent.agent, position))
        case CustomerContext() as context:
            _keep_context(connection, position, context)
        case Interaction() | OrderChange() | CaseChange():
            _index_interaction(connection, position, event)


def interaction_of(event: Event) -> Interaction | None:
    """Return an event as a line of its customer's contacts; None for one that is none."""
    match event.data:
        case Interaction() as interaction:
            return interaction
        case OrderChange() | CaseChange() as changed:
            return as_interaction(changed, received=event.time)
    return None


def _keep_context(connection: sqlite3.Connection, position: int, context: CustomerContext) -> None:
    name = context.customers[0].display_name if len(context.customers) == 1 else ""
    if name:
        connection.execute(statements.NAME_CUSTOMER, (context.call_id, name))
    else:
        connection.execute(statements.FORGET_CUSTOMER, (context.call_id,))
    connection.execute(statements.SAVE_CONTEXT, (context.call_id, position))


_NOBODY_ANSWERED = frozenset({Outcome.ABANDONED, Outcome.NOT_ANSWERED, Outcome.BUSY, Outcome.FAILED})


def call_log_entry(call: Call, customer: str = "") -> CallLogEntry:
    """Make a finished call's entry: whose devices rang or dialled, who talked, and with which customer."""
    taking_part = [c for c in call.connections if c.role is not Role.OBSERVER]
    return CallLogEntry(
        call=call,
        customer=customer,
        agents=_agents(c for c in taking_part if c.alerted_at or c.connected_at or c.role is Role.CALLER),
        # An agent who has a number called is connected before there is anybody to talk to.
        answered_by=_agents(c for c in taking_part if c.connected_at and call.outcome not in _NOBODY_ANSWERED),
    )


def _agents(connections: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.agent for c in connections if c.agent))


def _log_call(connection: sqlite3.Connection, call: Call) -> None:
    """Write the call's one row. A later event on the same call knows more than one that was made for a lost call."""
    named = connection.execute(statements.CUSTOMER_OF_CALL, (call.id,)).fetchone()
    entry = call_log_entry(call, named[0] if named else "")
    started_at = microseconds(call.started_at)
    connection.execute(statements.CLOSE_CALL, (call.id,))
    connection.execute(statements.FORGET_CUSTOMER, (call.id,))
    if _was_rung_into_another(call):
        return
    connection.execute(statements.SAVE_CALL, (call.id, started_at, _encoder.encode(entry)))
    connection.execute(statements.FORGET_CALL_AGENTS, (call.id,))
    connection.executemany(statements.SAVE_CALL_AGENT, [(agent, started_at, call.id) for agent in entry.agents])
    connection.execute(statements.FORGET_LAST_AGENT, (call.id,))
    number, last = call.customer_number.e164, _last_to_talk(call)
    if number and last:
        connection.execute(statements.SAVE_LAST_AGENT, (number, started_at, call.id, last))


def _was_rung_into_another(call: Call) -> bool:
    """Whether this was one device alone, rung to bring it into another call: nobody spoke with anybody in it."""
    return call.cause is Cause.TRANSFERRED and len({part.device for part in call.connections}) <= 1


def _last_to_talk(call: Call) -> str | None:
    """Return who came in last of the agents who talked; one who listens in talks with nobody's customer."""
    if call.outcome in _NOBODY_ANSWERED:
        return None
    talked = [
        (part.connected_at, part.agent)
        for part in call.connections
        if part.agent and part.connected_at and part.role is not Role.OBSERVER
    ]
    return max(talked)[1] if talked else None


def _index_interaction(connection: sqlite3.Connection, position: int, event: Event) -> None:
    """Index the interaction by its customer's keys; of several with one id the newest state is kept."""
    interaction = interaction_of(event)
    if interaction is None:
        return
    at = microseconds(interaction.at)
    identity = (interaction.source, interaction.id)
    known = connection.execute(statements.INTERACTION, identity).fetchone()
    if known is not None:
        known_at, known_position = known
        if known_at > at:
            return
        connection.execute(statements.FORGET_INTERACTION_KEYS, (known_position,))
    connection.execute(statements.SAVE_INTERACTION, (*identity, at, position))
    # A matter that was deleted is none of the customer's any more, and an older report doesn't bring it back.
    is_gone = isinstance(event.data, OrderChange | CaseChange) and event.data.change is ChangeKind.DELETED
    keys = () if is_gone else interaction.customer.keys()
    connection.executemany(statements.SAVE_INTERACTION_KEY, [(key, at, position) for key in keys])
