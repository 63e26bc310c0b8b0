"""Who one customer is, for an export or an erasure: the records, keys and calls that are theirs and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

import msgspec

from hub.domain.call import Call, CallEvent
from hub.domain.change import CustomerChange
from hub.domain.customer import Customer, CustomerContext, CustomerRecord
from hub.domain.event import Event, decode_event
from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef
from hub.store.connection import StoreConnection

PAGE: Final = 500
_READ: Final = "SELECT position, partitionkey, subject, body FROM events WHERE position > $1 ORDER BY position LIMIT $2"
_NUMBER_TAIL: Final = 8
"""Digits by which a number is found however it was written; it is compared as a whole after that."""

DECIDED: Final = 1.0
"""The score of a match that people have made, or that follows from such; rules are never as sure."""

Same = Callable[[Sequence[CustomerRecord], Sequence[IdentityDecision]], Iterable[Iterable[CustomerRecord]]]
"""Says which of some records are one customer, by the rules of the configuration and by what people decided."""


Shared = Callable[[str], bool]
"""Says which numbers and addresses are nobody's own, as index keys."""


def nothing_shared(_key: str) -> bool:
    return False


class AmbiguousKeyError(Exception):
    """Several customers are known by this key; `records` has one of each."""

    def __init__(self, key: str, records: Sequence[RecordRef]) -> None:
        super().__init__(f"{len(records)} customers are known by {key}")
        self.records = records


class Scope(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One customer: `keys` are index keys that name nobody else, `shared` those that others have, too.

    `names` are what the customer is called, to look whether anything is left of it.
    """

    asked: str
    keys: set[str] = set()
    records: set[RecordRef] = set()
    calls: set[str] = set()
    names: set[str] = set()
    shared: set[str] = set()

    @property
    def numbers(self) -> frozenset[str]:
        return frozenset(key.removeprefix("tel:") for key in self.keys if key.startswith("tel:"))

    def has(self, keys: Iterable[str]) -> bool:
        return not self.keys.isdisjoint(keys)

    def has_call(self, call: Call) -> bool:
        return call.id in self.calls or f"tel:{call.customer_number.e164}" in self.keys

    def has_customer(self, customer: Customer) -> bool:
        return not self.records.isdisjoint(records_of(customer))

    def is_meant(self, context: CustomerContext) -> bool:
        """Whether a context is this customer's and not just one in which they were among several."""
        if context.customer is not None:
            return self.has_customer(context.customer)
        return not context.customers and f"tel:{context.phone.e164}" in self.keys


class Row(NamedTuple):
    """What is read of a stored event."""

    position: int
    partitionkey: str
    subject: str
    body: bytes

    def event(self) -> Event | None:
        """Return it decoded; None where it does not fit today's types."""
        try:
            return decode_event(self.body)
        except msgspec.ValidationError:
            return None


class Needles:
    """Bytes of which an event that is about somebody has at least one: a cheap look before it is decoded."""

    def __init__(self, keys: Iterable[str], calls: Collection[str] = (), names: Iterable[str] = ()) -> None:
        self._calls = calls
        # A surname alone is many people's.
        told = {_in_json(name)[1:-1] for name in names if " " in name}
        self._needles = tuple({needle for key in keys for needle in _needles(key)} | told)

    def are_in(self, row: Row) -> bool:
        if row.partitionkey in self._calls:
            return True
        body = row.body.lower()
        return any(needle in body for needle in self._needles)


def rows(connection: StoreConnection, after: int = 0) -> Iterator[Sequence[Row]]:
    """Yield the journal's events a page at a time; between two pages nothing is held."""
    while page := connection.rows(_READ, (after, PAGE)):
        yield [Row(*row) for row in page]
        after = page[-1][0]


def records_of(customer: Customer) -> Iterator[RecordRef]:
    yield from (RecordRef(system=system, id=identity) for system, identity in customer.ids.items())
    for match in customer.matches:
        yield from (match.one, match.other)
    yield from (RecordRef(system=one.system, id=one.record) for one in customer.phones)
    yield from (RecordRef(system=one.system, id=one.record) for one in customer.urls)
    yield from (RecordRef(system=one.system, id=one.record) for one in customer.emails)


def gather(
    connection: StoreConnection, asked: str, *, shared: Shared = nothing_shared, same: Same | None = None
) -> Scope:
    """Return whom `asked` (`id:SYSTEM:ID`, `tel:+49...`, `mailto:...`) means, from everything in the journal.

    Records are joined where one names the other's id and `same` does not know better, where a call's context or
    somebody joined them, and where `same` does; not where somebody has told them apart. A number or address that a
    record of somebody else has, too, or that is `shared`, is not the customer's own.
    Raises AmbiguousKeyError, StoreError.
    """
    known = _Known(shared, same)
    wanted = {asked}
    while True:
        needles = Needles(wanted)
        for page in rows(connection):
            for row in page:
                if needles.are_in(row) and (event := row.event()) is not None:
                    known.learn(event)
        scope = known.scope(asked)
        # What others are known by, too, must have been looked for before it can be seen that it is theirs as well.
        now = {asked, *scope.keys, *scope.shared}
        if now <= wanted:
            return scope
        wanted |= now


class _Known:
    """What events told of records, in the order of the journal."""

    def __init__(self, shared: Shared, same: Same | None) -> None:
        self._shared = shared
        self._told_shared: set[str] = set()
        self._same = same
        self._records: dict[RecordRef, CustomerRecord] = {}
        self._contacts: dict[str, set[RecordRef]] = {}
        self._links: dict[RecordRef, set[RecordRef]] = {}
        self._named: dict[RecordRef, set[RecordRef]] = {}
        self._callers: dict[str, str] = {}
        self._meant: dict[str, set[RecordRef]] = {}
        self._names: dict[RecordRef, set[str]] = {}
        self._decisions: dict[str, IdentityDecision] = {}

    def learn(self, event: Event) -> None:
        match event.data:
            case CustomerChange(customer=record):
                self._record(record)
            case IdentityDecision() as decision:
                self._decisions[decision.id] = decision
            case CallEvent(call=call):
                self._callers[call.id] = f"tel:{call.customer_number.e164}"
            case CustomerContext() as context:
                for answer in context.answers:
                    for record in answer.records:
                        self._record(record)
                for customer in context.customers:
                    self._link_customer(customer)
                if context.customer is not None:
                    self._meant[context.call_id] = set(records_of(context.customer))

    def scope(self, asked: str) -> Scope:
        own = self._own_records(asked)
        scope = Scope(asked=asked, records=own, keys={ref.key for ref in own})
        for ref in own:
            scope.names |= self._names.get(ref, set())
        contacts = {key for key, holders in self._contacts.items() if holders & own}
        if not asked.startswith("id:"):
            contacts.add(asked)
        for key in contacts:
            is_shared = key in self._told_shared or self._shared(key) or not self._contacts.get(key, set()) <= own
            (scope.shared if is_shared else scope.keys).add(key)
        scope.calls = {call for call, caller in self._callers.items() if caller in scope.keys} | {
            call for call, meant in self._meant.items() if meant & own
        }
        return scope

    def _own_records(self, asked: str) -> set[RecordRef]:
        if asked.startswith("id:"):
            system, _, identity = asked.removeprefix("id:").partition(":")
            return self._joined({RecordRef(system=system, id=identity)})
        holders = self._contacts.get(asked, set())
        customers: list[set[RecordRef]] = []
        for ref in sorted(holders):
            if not any(ref in customer for customer in customers):
                customers.append(self._joined({ref}))
        if len(customers) > 1:
            raise AmbiguousKeyError(asked, [min(customer & holders) for customer in customers])
        return customers[0] if customers else set()

    def _joined(self, refs: set[RecordRef]) -> set[RecordRef]:
        """Return these records with all that are linked to them, however far."""
        standing = [one for one in self._decisions.values() if not one.withdrawn]
        said: dict[frozenset[RecordRef], DecisionKind] = {}
        for decision in sorted(standing, key=lambda one: (one.at, one.id)):
            said |= {frozenset(pair): decision.kind for pair in combinations(decision.records, 2)}
        groups = [set(pair) for pair, kind in said.items() if kind is DecisionKind.SAME]
        apart = [pair for pair, kind in said.items() if kind is DecisionKind.DIFFERENT]
        if self._same is not None:
            found = self._same(list(self._records.values()), standing)
            groups += [{RecordRef(system=one.system, id=one.id) for one in group} for group in found]
        joined: set[RecordRef] = set()
        waiting = sorted(refs)
        for ref in waiting:
            # Whom a context once joined and somebody told apart since are two, whoever may be between them.
            if ref in joined or any(ref in group and not joined.isdisjoint(group) for group in apart):
                continue
            joined.add(ref)
            # What is decided and what the rules say now goes before what a context once said.
            for group in groups:
                if ref in group:
                    waiting += sorted(group)
            waiting += sorted(self._links.get(ref, set()))
            waiting += sorted(other for other in self._named.get(ref, set()) if self._is_believed(ref, other))
        return joined

    def _is_believed(self, ref: RecordRef, other: RecordRef) -> bool:
        """Whether it counts that one of them names the other's id: where both are known the rules say so.

        Else whoever gives somebody's id away as their own would be given that customer's data.
        """
        return self._same is None or ref not in self._records or other not in self._records

    def _record(self, record: CustomerRecord) -> None:
        if not record.id:
            return
        ref = RecordRef(system=record.system, id=record.id)
        self._records[ref] = record
        self._names.setdefault(ref, set()).update(_names(record))
        for system, identity in record.ids.items():
            other = RecordRef(system=system, id=identity)
            self._named.setdefault(ref, set()).add(other)
            self._named.setdefault(other, set()).add(ref)
        for phone in record.phones:
            self._contacts.setdefault(f"tel:{phone.number}", set()).add(ref)
            if phone.shared:
                self._told_shared.add(f"tel:{phone.number}")
        for email in record.emails:
            self._contacts.setdefault(f"mailto:{email.address.lower()}", set()).add(ref)
            if email.shared:
                self._told_shared.add(f"mailto:{email.address.lower()}")

    def _link_customer(self, customer: Customer) -> None:
        """Take over why a call's context had these records as one customer, but not what people said: that may be over.

        What a person has joined is told by the decision itself, as long as it stands.
        """
        if not customer.matches:
            self._link(set(records_of(customer)))
        for match in customer.matches:
            if not match.decision and match.score < DECIDED:
                self._link({match.one, match.other})

    def _link(self, refs: set[RecordRef]) -> None:
        for ref in refs:
            self._links.setdefault(ref, set()).update(refs - {ref})


def _names(record: CustomerRecord) -> Iterator[str]:
    yield from (name for name in (record.name.full, record.name.surname) if name)


def _needles(key: str) -> Iterator[bytes]:
    if key.startswith("tel:"):
        yield key.removeprefix("tel:+").encode()[-_NUMBER_TAIL:]
    elif key.startswith("mailto:"):
        yield _in_json(key.removeprefix("mailto:"))[1:-1]
    else:
        identity = key.removeprefix("id:").partition(":")[2]
        yield _in_json(identity)
        yield _in_json(key)[1:-1]


def _in_json(value: Any) -> bytes:
    return msgspec.json.encode(value).lower()
