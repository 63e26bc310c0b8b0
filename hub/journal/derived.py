"""What is derived from an event as it is stored: call log, open calls, agents, customers' interactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.domain.agent import AgentEvent
from hub.domain.call import Call, CallEvent, CallEventKind, Connection, Role
from hub.domain.call_activity import NOBODY_ANSWERED, last_to_talk, was_rung_into_another
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, OrderChange
from hub.domain.customer import CustomerContext
from hub.domain.event import Event
from hub.domain.identity import IdentityDecision
from hub.domain.interaction import Interaction
from hub.domain.ports import CallLogEntry
from hub.journal import statements
from hub.journal.timeline_derived import call_writes, context_writes, derive_contact
from hub.journal.writes import Derivation, Write, index_key, microseconds

_encoder = msgspec.json.Encoder()


def derive(position: int, event: Event) -> Derivation | None:
    """Return what brings the derived tables up to `event`, which is being stored at `position`."""
    derived: Derivation | None = None
    match event.data:
        # Most events are these: they come first.
        case CallEvent(kind=kind, call=call):
            touched: Write = (statements.TOUCH_OPEN_CALL, (call.id, position))
            derived = Derivation(
                ("call", call.id), _log_call(position, call) if kind is CallEventKind.CLEARED else [touched]
            )
        case Interaction() | OrderChange() | CaseChange():
            derived = derive_contact(position, event)
        case AgentEvent(agent=agent):
            derived = Derivation(("agent", agent.agent), [(statements.SAVE_AGENT_STATE, (agent.agent, position))])
        case CustomerContext() as context:
            derived = Derivation(("call", context.call_id), _keep_context(position, context))
        case IdentityDecision() as decision:
            derived = _index_decision(position, decision)
        case Callback() as callback:
            saved = (statements.SAVE_CALLBACK, (index_key(callback.id), int(callback.state.is_over), position))
            derived = Derivation(("callback", callback.id), [saved])
    return derived


def in_layers(derivations: Iterable[Derivation]) -> Sequence[Mapping[str, Sequence[Sequence[Any]]]]:
    """Group the writes by statement: within a layer no matter comes twice, so that it may be written in any order.

    The layers follow each other: the second of two events of one matter is in a later one.
    """
    depths: dict[tuple[str, ...], int] = {}
    layers: list[dict[str, list[Sequence[Any]]]] = []
    for matter, writes in derivations:
        depth = depths.get(matter, 0)
        depths[matter] = depth + 1
        if depth == len(layers):
            layers.append({})
        layer = layers[depth]
        for statement, row in writes:
            layer.setdefault(statement, []).append(row)
    return [{one: layer[one] for one in statements.DERIVED if one in layer} for layer in layers]


def _keep_context(position: int, context: CustomerContext) -> Sequence[Write]:
    name = context.customer.display_name if context.customer is not None else ""
    if name:
        named: Write = (statements.NAME_CUSTOMER, (context.call_id, name))
    else:
        named = (statements.FORGET_CUSTOMER, (context.call_id,))
    logged: Write = (statements.NAME_LOGGED, (context.call_id, name))
    return [named, logged, (statements.SAVE_CONTEXT, (context.call_id, position)), *context_writes(position, context)]


def call_log_entry(call: Call) -> CallLogEntry:
    """Make a finished call's entry: whose devices rang or dialled, and who talked. The customer is not in it."""
    taking_part = [c for c in call.connections if c.role is not Role.OBSERVER]
    return CallLogEntry(
        call=call,
        agents=_agents(c for c in taking_part if c.alerted_at or c.connected_at or c.role is Role.CALLER),
        # An agent who has a number called is connected before there is anybody to talk to.
        answered_by=_agents(c for c in taking_part if c.connected_at and call.outcome not in NOBODY_ANSWERED),
    )


def _agents(connections: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.agent for c in connections if c.agent))


def _log_call(position: int, call: Call) -> Sequence[Write]:
    """Write the call's one row. A later event on the same call knows more than one that was made for a lost call."""
    closed: list[Write] = [(statements.CLOSE_CALL, (call.id,))]
    if was_rung_into_another(call):
        return [*closed, (statements.FORGET_CUSTOMER, (call.id,))]
    entry = call_log_entry(call)
    started_at = microseconds(call.started_at)
    number, last = call.customer_number.e164, last_to_talk(call)
    talked: list[Write] = []
    if number and last:
        talked.append((statements.SAVE_LAST_AGENT, (number, started_at, call.id, last)))
    return [
        *closed,
        (statements.SAVE_CALL, (call.id, started_at, _encoder.encode(entry))),
        (statements.FORGET_CALL_AGENTS, (call.id,)),
        *((statements.SAVE_CALL_AGENT, (agent, started_at, call.id)) for agent in entry.agents),
        (statements.FORGET_LAST_AGENT, (call.id,)),
        *talked,
        (statements.FORGET_CUSTOMER, (call.id,)),
        *call_writes(position, call),
    ]


def _index_decision(position: int, decision: IdentityDecision) -> Derivation:
    """Index what was decided by whom it is about; one that was taken back is known by its id alone."""
    identity = index_key(decision.id)
    keys = () if decision.withdrawn else decision.keys
    return Derivation(
        ("decision", identity),
        [
            (statements.SAVE_DECISION, (identity, position)),
            (statements.FORGET_DECISION_KEYS, (identity,)),
            *((statements.SAVE_DECISION_KEY, (index_key(key), identity)) for key in keys),
        ],
    )
