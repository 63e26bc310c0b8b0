"""Everything that the store holds of one customer, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from hub.domain.call import CallEvent
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.control import CommandRecord
from hub.domain.customer import CustomerContext
from hub.domain.event import Event, EventData, WriteBackRequest
from hub.domain.identity import IdentityDecision, RecordRef
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import CustomerRef, Interaction
from hub.domain.ports import Access, CallLogEntry
from hub.journal import accesses
from hub.journal.erasure_events import concerns
from hub.journal.erasure_letters import letters_of
from hub.journal.erasure_rows import Needles, rows
from hub.journal.erasure_scope import Scope
from hub.journal.erasure_tables import calls_of
from hub.store.connection import StoreConnection

FORMAT: Final = "ctihub customer export"
VERSION: Final = 1
MAX_ACCESSES: Final = 1_000
"""The newest, as of any list that is asked for."""

NOTES: Final = (
    "This is what ctihub itself keeps. The systems that are named in `records` have their own: ask each of them.",
    "Events that were published to a broker are with whoever reads there.",
    "Nobody could read what is in `dead_letters`: others may be named there. Look at each before it is handed out.",
)

_KINDS: Final[dict[type[EventData], str]] = {
    CustomerChange: "customer_changes",
    OrderChange: "order_changes",
    CaseChange: "case_changes",
    Interaction: "interactions",
    CallEvent: "call_steps",
    CustomerContext: "contexts",
    Callback: "callbacks",
    IdentityDecision: "decisions",
    WriteBackRequest: "write_backs",
    CommandRecord: "commands",
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event that something of the customer is in."""

    id: str
    at: datetime
    type: str
    source: str
    data: Any


class CustomerExport(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` are numbers, addresses and ids that name this customer alone, `shared_keys` those that others have, too.

    What is known by a shared key alone is not in it. Times are UTC.
    """

    at: datetime
    asked: str
    records: tuple[RecordRef, ...]
    keys: tuple[str, ...]
    shared_keys: tuple[str, ...]
    customer_changes: tuple[Told, ...] = ()
    order_changes: tuple[Told, ...] = ()
    case_changes: tuple[Told, ...] = ()
    interactions: tuple[Told, ...] = ()
    calls: tuple[CallLogEntry, ...] = ()
    call_steps: tuple[Told, ...] = ()
    contexts: tuple[Told, ...] = ()
    callbacks: tuple[Told, ...] = ()
    decisions: tuple[Told, ...] = ()
    write_backs: tuple[Told, ...] = ()
    commands: tuple[Told, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    accesses: tuple[Access, ...] = ()
    format: str = FORMAT
    version: int = VERSION
    notes: tuple[str, ...] = NOTES

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in (*_KINDS.values(), "calls", "dead_letters"))


def export(connection: StoreConnection, scope: Scope) -> CustomerExport:
    """Read it from the journal and what is kept beside it. Raises StoreFailedError."""
    told: dict[str, list[Told]] = {kind: [] for kind in _KINDS.values()}
    for event in _events(connection, scope):
        kind = _KINDS.get(type(event.data))
        if kind is not None:
            told[kind].append(
                Told(
                    id=event.id,
                    at=event.time,
                    type=str(event.type),
                    source=event.source,
                    data=_without_others(event.data, scope),
                )
            )
    lists: dict[str, Any] = {kind: tuple(events) for kind, events in told.items()}
    return CustomerExport(
        at=datetime.now(UTC),
        asked=scope.asked,
        records=tuple(sorted(scope.records)),
        keys=tuple(sorted(scope.keys)),
        shared_keys=tuple(sorted(scope.shared)),
        calls=tuple(calls_of(connection, scope.calls)),
        dead_letters=tuple(letters_of(connection, scope)),
        accesses=_accesses(connection, scope),
        **lists,
    )


def _events(connection: StoreConnection, scope: Scope) -> Iterator[Event]:
    needles = Needles(scope.keys, scope.calls)
    for page in rows(connection):
        for row in page:
            if needles.are_in(row) and (event := row.event()) is not None and concerns(event, scope):
                yield event


def _without_others(data: EventData, scope: Scope) -> EventData:
    """Leave other customers out of what names several."""
    replace = msgspec.structs.replace
    match data:
        case CustomerContext():
            return replace(
                data,
                customers=tuple(one for one in data.customers if scope.has_customer(one)),
                maybe_same=(),
                answers=tuple(
                    replace(
                        answer,
                        records=tuple(
                            one for one in answer.records if RecordRef(system=one.system, id=one.id) in scope.records
                        ),
                    )
                    for answer in data.answers
                ),
                chosen=None if data.chosen is None or data.chosen.record not in scope.records else data.chosen,
                interactions=tuple(
                    replace(one, customer=_own(one.customer, scope))
                    for one in data.interactions
                    if scope.has(one.customer.keys())
                ),
                repeats=data.repeats if scope.is_meant(data) else (),
                callback=None if data.callback is None or not _asked(data.callback, scope) else data.callback,
            )
        case Interaction() | OrderChange() | CaseChange() | Callback():
            return replace(data, customer=_own(data.customer, scope))
        case IdentityDecision():
            return replace(data, records=tuple(one for one in data.records if one in scope.records))
    return data


def _own(customer: CustomerRef, scope: Scope) -> CustomerRef:
    """Leave others out of how a message names whom it is about, as a mail to several does."""
    known = scope.keys | scope.shared
    return CustomerRef(
        phones=tuple(one for one in customer.phones if f"tel:{one}" in known),
        emails=tuple(one for one in customer.emails if f"mailto:{one.lower()}" in known),
        ids={system: one for system, one in customer.ids.items() if f"id:{system}:{one}" in known},
    )


def _asked(callback: Callback, scope: Scope) -> bool:
    return scope.has((*callback.customer.keys(), f"tel:{callback.phone}"))


def _accesses(connection: StoreConnection, scope: Scope) -> tuple[Access, ...]:
    found: Sequence[Access] = accesses.accesses(connection, sorted(scope.keys), limit=MAX_ACCESSES)
    # A search shows several: at whom else somebody looked is nothing of this customer's.
    return tuple(
        msgspec.structs.replace(one, keys=tuple(key for key in one.keys if key in scope.keys)) for one in found
    )
