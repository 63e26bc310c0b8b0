"""Whom somebody means who asks for a customer's data, or to have it erased: from all that the journal has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

from hub.domain.call import CallEvent
from hub.domain.change import CustomerChange
from hub.domain.customer import Customer, CustomerContext, CustomerRecord
from hub.domain.event import Event
from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef
from hub.journal.erasure_rows import Needles, rows
from hub.journal.erasure_scope import Scope, records_of
from hub.store.connection import StoreConnection

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
