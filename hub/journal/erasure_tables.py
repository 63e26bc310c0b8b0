"""What of a customer stands in the tables that are derived from events, and how it is taken out of them.

Each table of the schema stands here: among those that hold something of customers', or among those that hold nothing
(`tests/unit/journal/test_erasure_tables.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from hub.domain.callback import Callback
from hub.domain.change import CaseChange, OrderChange
from hub.domain.event import Event
from hub.domain.identity import IdentityDecision
from hub.domain.ports import CallLogEntry
from hub.journal.customers import CASE, CUSTOMER, ORDER, number_of
from hub.journal.erasure_events import emptied_call
from hub.journal.erasure_scope import Scope
from hub.journal.timeline_derived import CALLS, interaction_of, state_of
from hub.journal.writes import Write, index_key
from hub.store.connection import StoreConnection

NOTHING_PERSONAL: Final = frozenset({"cursors", "open_calls", "call_agents", "agent_states"})
"""Places in the journal, and who works here: none of them says anything of a customer."""

OF_CUSTOMERS: Final = frozenset(
    {
        "events",
        "calls",
        "call_customers",
        "call_contexts",
        "last_agents",
        "lines",
        "line_keys",
        "call_keys",
        "call_notes",
        "dead_letters",
        "callbacks",
        "identity_decisions",
        "identity_decision_keys",
        "customer_records",
        "customer_terms",
        "accesses",
        "erasures",
    }
)

_CALL: Final = "SELECT entry FROM calls WHERE call_id = $1"
_EMPTY_CALL: Final = "UPDATE calls SET entry = $2, customer = '' WHERE call_id = $1"
_OF_KEYS: Final = (
    "DELETE FROM line_keys WHERE key = ANY ($1)",
    "DELETE FROM identity_decision_keys WHERE key = ANY ($1)",
)
_CALLS_OF_KEYS: Final = "SELECT call_id, key FROM call_keys WHERE key = ANY ($1)"
_OF_A_CALL_AND_KEY: Final = "DELETE FROM call_keys WHERE call_id = $1 AND key = $2"
_OF_A_NUMBER: Final = "DELETE FROM last_agents WHERE number = $1"
_OF_A_CONTEXT: Final = (
    "DELETE FROM call_customers WHERE call_id = $1",
    "DELETE FROM call_contexts WHERE call_id = $1",
)
_OF_A_CALL: Final = (
    "DELETE FROM last_agents WHERE call_id = $1",
    "DELETE FROM call_keys WHERE call_id = $1",
    "DELETE FROM call_notes WHERE call_id = $1",
    f"DELETE FROM line_keys WHERE line IN (SELECT line FROM lines WHERE source = '{CALLS}' AND id = $1)",  # noqa: S608
)
_A_LINE: Final = (
    """DELETE FROM line_keys WHERE line IN (SELECT line FROM lines
        WHERE source = $1 AND id = $2 AND position = $3)""",
    "DELETE FROM lines WHERE source = $1 AND id = $2 AND position = $3",
)
_A_STATE: Final = "UPDATE lines SET states = replace(states, $3, '') WHERE source = $1 AND id = $2"
_A_CALLBACK: Final = "DELETE FROM callbacks WHERE id = $1 AND position = $2"
_A_DECISION: Final = (
    "DELETE FROM identity_decisions WHERE id = $1",
    "DELETE FROM identity_decision_keys WHERE id = $1",
)
_TOLD: Final = (
    """DELETE FROM customer_terms WHERE number IN (SELECT number FROM customer_records
        WHERE system = $1 AND kind = $2 AND id = $3)""",
    "DELETE FROM customer_records WHERE system = $1 AND kind = $2 AND id = $3",
)
_A_TELLING: Final = (
    """DELETE FROM customer_terms WHERE number IN (SELECT number FROM customer_records
        WHERE system = $1 AND kind = $2 AND id = $3 AND number = $4)""",
    "DELETE FROM customer_records WHERE system = $1 AND kind = $2 AND id = $3 AND number = $4",
)
_ACCESSES: Final = (
    """INSERT INTO accesses (key, at, viewer, action, call_id)
        SELECT CAST($2 AS TEXT), at, viewer, action, call_id FROM accesses WHERE key = ANY ($1)
        ON CONFLICT DO NOTHING""",
    "DELETE FROM accesses WHERE key = ANY ($1)",
)

_decoder = msgspec.json.Decoder(CallLogEntry)
_encoder = msgspec.json.Encoder()


def of_event(position: int, event: Event) -> Iterator[Write]:
    """Yield what takes an event, as it was, out of the tables.

    A matter or a callback that a later event tells of stays as that one has it.
    """
    if (interaction := interaction_of(event)) is not None:
        row = (index_key(interaction.source), index_key(interaction.id))
        yield from ((statement, (*row, position)) for statement in _A_LINE)
        if state := state_of(position, event, interaction):
            yield _A_STATE, (*row, state)
    match event.data:
        case Callback(id=identity):
            yield _A_CALLBACK, (index_key(identity), position)
        case IdentityDecision(id=identity):
            yield from ((statement, (index_key(identity),)) for statement in _A_DECISION)
        case OrderChange(system=system, order=order):
            yield from _telling(position, system, ORDER, order.id)
        case CaseChange(system=system, case=case):
            yield from _telling(position, system, CASE, case.id)


def of_customer(scope: Scope) -> Iterator[Write]:
    """Yield what takes the customer's keys, records and calls out of the tables."""
    keys = [index_key(key) for key in sorted(scope.keys)]
    for statement in _OF_KEYS:
        yield statement, (keys,)
    for number in sorted(scope.numbers):
        yield _OF_A_NUMBER, (number,)
    for record in sorted(scope.records):
        yield from _told(record.system, CUSTOMER, record.id)
    yield from of_calls(scope.calls)
    yield from of_contexts(scope.calls)


def of_keys_of_calls(connection: StoreConnection, scope: Scope) -> Sequence[Write]:
    """Return what takes the customer's keys from calls.

    Each call is looked at for them, so this is done before anything is written: nobody waits meanwhile.
    """
    keys = [index_key(key) for key in sorted(scope.keys)]
    return [(_OF_A_CALL_AND_KEY, row) for row in connection.rows(_CALLS_OF_KEYS, (keys,))]


def of_calls(call_ids: Iterable[str]) -> Iterator[Write]:
    """Yield what takes calls out of everything but the call log."""
    for call_id in sorted(call_ids):
        yield from ((statement, (call_id,)) for statement in _OF_A_CALL)


def of_contexts(call_ids: Iterable[str]) -> Iterator[Write]:
    """Yield what takes what was known of calls' other parties out of the tables."""
    for call_id in sorted(call_ids):
        yield from ((statement, (call_id,)) for statement in _OF_A_CONTEXT)


def forget_whose(connection: StoreConnection, scope: Scope, erasure_id: str) -> None:
    """Leave in the log of accesses that and when somebody looked, and no more at whom."""
    keys = [index_key(key) for key in sorted(scope.keys)]
    connection.execute(_ACCESSES[0], (keys, f"erased:{erasure_id}"))
    connection.execute(_ACCESSES[1], (keys,))


def empty_call_log(connection: StoreConnection, call_ids: Iterable[str]) -> None:
    for call_id in sorted(call_ids):
        for (body,) in connection.rows(_CALL, (call_id,)):
            entry = _entry(body)
            if entry is not None:
                left = msgspec.structs.replace(entry, call=emptied_call(entry.call), customer="")
                connection.execute(_EMPTY_CALL, (call_id, _encoder.encode(left)))


def calls_of(connection: StoreConnection, call_ids: Iterable[str]) -> Sequence[CallLogEntry]:
    """Return what the call log has of these calls."""
    found = [connection.rows(_CALL, (call_id,)) for call_id in sorted(call_ids)]
    entries = (_entry(row[0][0]) for row in found if row)
    return [entry for entry in entries if entry is not None]


def _entry(body: bytes) -> CallLogEntry | None:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError:
        return None


def _told(system: str, kind: str, identity: str) -> Iterator[Write]:
    for statement in _TOLD:
        yield statement, (index_key(system), kind, index_key(identity))


def _telling(position: int, system: str, kind: str, identity: str) -> Iterator[Write]:
    """Yield what takes out an order or a case, if nothing newer was told of it."""
    for statement in _A_TELLING:
        yield statement, (index_key(system), kind, index_key(identity), number_of(position, 0))
