"""One customer, for an export or an erasure: the records, keys and calls that are theirs and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hub.domain.call import Call
from hub.domain.customer import Customer, CustomerContext
from hub.domain.identity import RecordRef


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


def records_of(customer: Customer) -> Iterator[RecordRef]:
    yield from (RecordRef(system=system, id=identity) for system, identity in customer.ids.items())
    for match in customer.matches:
        yield from (match.one, match.other)
    yield from (RecordRef(system=one.system, id=one.record) for one in customer.phones)
    yield from (RecordRef(system=one.system, id=one.record) for one in customer.urls)
    yield from (RecordRef(system=one.system, id=one.record) for one in customer.emails)
