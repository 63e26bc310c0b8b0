"""What an event says of customers, their orders and cases: rows that tell it, and the terms by which they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hub.domain.call import CallEvent
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.customer import CustomerContext, CustomerRecord
from hub.domain.event import Event
from hub.domain.search import Matter
from hub.journal import customers_statements as statements
from hub.journal.search_terms import terms_of_matter, terms_of_record
from hub.journal.writes import Derivation, Write, index_key, microseconds

CUSTOMER: Final = "customer"
ORDER: Final = "order"
CASE: Final = "case"
TELLINGS_PER_EVENT: Final = 1_024
"""More records of one event are left out: a context has a few, and no backend has so many customers with one number."""

Remembers = Callable[[str], bool]
"""Whether what a system answered to a lookup may be kept; called from the writing thread."""

_encoder = msgspec.json.Encoder()
_record_decoder = msgspec.json.Decoder(CustomerRecord)
_matter_decoder = msgspec.json.Decoder(Matter)


def nothing_remembered(_system: str) -> bool:
    return False


def derive_customers(position: int, event: Event, remembers: Remembers) -> Sequence[Derivation]:
    """Return what brings the customers' tables up to `event`, which is being stored at `position`."""
    if isinstance(event.data, CallEvent):
        return ()  # most events are these
    match event.data:
        case CustomerChange() as changed:
            return [_told_customer(position, changed, event.time)]
        case OrderChange() | CaseChange() as changed:
            return [_told_matter(position, changed, event.time)]
        case CustomerContext() as context:
            return _found(position, context, event.time, remembers)
    return ()


def record_of(body: bytes) -> CustomerRecord | None:
    """Return a customer's record as it is stored; None for one that can't be read."""
    try:
        return _record_decoder.decode(body)
    except msgspec.ValidationError:
        return None


def told_of(kind: str, body: bytes) -> CustomerRecord | Matter:
    """Return a record, an order or a case as it is stored. Raises msgspec.ValidationError."""
    return _record_decoder.decode(body) if kind == CUSTOMER else _matter_decoder.decode(body)


def number_of(position: int, place: int) -> int:
    """Return the number of what an event told at that place in it."""
    return position * TELLINGS_PER_EVENT + place


class _Telling(NamedTuple):
    """A record, an order or a case as its system knew it `at` a moment; deleted where nothing is `told`."""

    system: str
    kind: str
    id: str
    at: datetime
    told: CustomerRecord | Matter | None = None
    terms: Iterable[str] = ()


def _told_customer(position: int, changed: CustomerChange, received: datetime) -> Derivation:
    record = changed.customer
    telling = _Telling(record.system, CUSTOMER, record.id, record.changed_at or received)
    if changed.change is not ChangeKind.DELETED:
        # A feed brings what its system knew when it was sent.
        record = msgspec.structs.replace(record, fetched_at=record.fetched_at or received)
        telling = telling._replace(told=record, terms=terms_of_record(record))
    return _writes(statements.SAVE_TOLD, number_of(position, 0), telling)


def _told_matter(position: int, changed: OrderChange | CaseChange, received: datetime) -> Derivation:
    if isinstance(changed, OrderChange):
        kind, identity = ORDER, changed.order.id
        matter = Matter(system=changed.system, customer=changed.customer, order=changed.order)
    else:
        kind, identity = CASE, changed.case.id
        matter = Matter(system=changed.system, customer=changed.customer, case=changed.case)
    telling = _Telling(changed.system, kind, identity, changed.at or received)
    if changed.change is not ChangeKind.DELETED:
        telling = telling._replace(told=matter, terms=terms_of_matter(matter))
    return _writes(statements.SAVE_TOLD, number_of(position, 0), telling)


def _found(position: int, context: CustomerContext, completed: datetime, remembers: Remembers) -> Sequence[Derivation]:
    found: dict[tuple[str, str], CustomerRecord] = {}
    for answer in context.answers:
        for record in answer.records:
            if record.system == answer.connector and remembers(record.system):
                found.setdefault((record.system, record.id), record)
    return [
        _writes(
            statements.SAVE_FOUND,
            number_of(position, place),
            _Telling(
                record.system, CUSTOMER, record.id, record.fetched_at or completed, record, terms_of_record(record)
            ),
        )
        for place, record in enumerate(list(found.values())[:TELLINGS_PER_EVENT])
    ]


def _writes(save: str, number: int, telling: _Telling) -> Derivation:
    row = (index_key(telling.system), telling.kind, index_key(telling.id))
    since = microseconds(telling.at)
    body = None if telling.told is None else _encoder.encode(telling.told)
    writes: list[Write] = [
        # What a lookup found at the very moment of the last telling is no news.
        (statements.FORGET_OLDER_TERMS, (*row, since, number if save == statements.SAVE_TOLD else 0)),
        (save, (*row, since, number, body)),
    ]
    writes += [(statements.SAVE_TERM, (index_key(term), number)) for term in telling.terms]
    return Derivation(("customer", *row), writes)
