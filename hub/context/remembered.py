"""A system that only tells and can't be asked: what its feeds told answers lookups in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from connectors.base import ConnectorError, WritesNothing
from hub.domain.customer import Case, CustomerQuery, CustomerRecord, Order, Problem
from hub.domain.interaction import CustomerRef
from hub.domain.ports import CustomerRecords, StoreError
from hub.domain.search import Matter, as_record

MOST_RECORDS: Final = 20
MOST_MATTERS: Final = 200
SHARERS: Final = 8
"""What so many records have, or more, is a switchboard's: it leads to nobody."""


class RememberedSystem(WritesNothing):
    """A `Connector` over the store; `name` is the system that the feeds are of."""

    def __init__(self, name: str, title: str, records: CustomerRecords) -> None:
        self.name = name
        self.title = title or name
        self._records = records

    async def start(self) -> None:
        """Do nothing: the store is open."""

    async def close(self) -> None:
        """Do nothing: the store is others' to close."""

    def answers(self, query: CustomerQuery) -> bool:
        """Whether there is anything to look for: everything that a system tells can be looked for."""
        return not query.is_empty

    async def check(self) -> str:
        return "answers with what its feeds told"

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        """Return the customers that the system told of, by id, else by number, else by address.

        Where its own records have none of these, those that records of other systems with them name by id, or that
        name these. Each with the orders and cases that its feeds told of alone. Raises ConnectorError.
        """
        try:
            ways = _ways(query)
            for keys in ways:
                found = await self._found(keys)
                if found:
                    return found
            for keys in ways:
                found = await self._found(await self._named_beside(keys))
                if found:
                    return found
        except StoreError as error:
            raise ConnectorError(Problem.INTERNAL, f"what {self.name} told can't be read: {error}") from error
        return ()

    async def _found(self, keys: Sequence[str]) -> Sequence[CustomerRecord]:
        if not keys:
            return ()
        told = await self._records.records(keys, limit=MOST_RECORDS)
        known = {record.id: record for record in told if record.system == self.name}
        for alone in filter(None, map(as_record, await self._matters(keys))):
            # Who is known by orders alone; a record of another system is that system's to tell.
            if alone.system == self.name:
                known.setdefault(alone.id, msgspec.structs.replace(alone, orders=(), cases=()))
        if not known:
            return ()
        return await with_told_matters(self._records, self.name, list(known.values()))

    async def _named_beside(self, keys: Sequence[str]) -> Sequence[str]:
        """Return the ids in all systems of whom other systems know by these keys; of nobody whom many have."""
        told = await self._records.records(keys, limit=SHARERS)
        if len(told) >= SHARERS:
            return ()
        ids = [CustomerRef(ids=record.ref().ids).keys() for record in told]
        return list(dict.fromkeys(key for keys_of_one in ids for key in keys_of_one))

    async def _matters(self, keys: Sequence[str]) -> Sequence[Matter]:
        return await self._records.matters(list(dict.fromkeys(keys)), system=self.name, limit=MOST_MATTERS)


async def with_told_matters(
    store: CustomerRecords, system: str, known: Sequence[CustomerRecord]
) -> Sequence[CustomerRecord]:
    """Return a system's records with the orders and cases that its feeds told of alone. Raises StoreError."""
    keys = dict.fromkeys(key for record in known for key in record.ref().keys())  # noqa: SIM118 - no dict's keys
    matters = await store.matters(list(keys), system=system, limit=MOST_MATTERS)
    return [with_matters(record, _of(record, matters, known)) for record in known]


def with_matters(record: CustomerRecord, matters: Iterable[Matter]) -> CustomerRecord:
    """Return a record with these orders and cases in place of those of the same number; `matters`: the newest first."""
    orders: dict[str, Order] = {}
    cases: dict[str, Case] = {}
    for matter in matters:
        if matter.order is not None:
            orders.setdefault(matter.order.id, matter.order)
        if matter.case is not None:
            cases.setdefault(matter.case.id, matter.case)
    if not orders and not cases:
        return record
    for order in record.orders:
        orders.setdefault(order.id, order)
    for case in record.cases:
        cases.setdefault(case.id, case)
    return msgspec.structs.replace(record, orders=tuple(orders.values()), cases=tuple(cases.values()))


def _ways(query: CustomerQuery) -> list[tuple[str, ...]]:
    phones = (query.phone.e164,) if query.phone.e164 else ()
    refs = (
        CustomerRef(ids=query.ids),
        CustomerRef(phones=phones),
        CustomerRef(emails=(query.email,) if query.email else ()),
    )
    return [keys for ref in refs if (keys := ref.keys())]


def _of(record: CustomerRecord, matters: Iterable[Matter], known: Iterable[CustomerRecord]) -> Iterable[Matter]:
    """Return whose matters are this record's: by its id, else by what no other record of the system has, too."""
    others = [one for one in known if one.id != record.id]
    shared = {key for one in others for key in one.ref().keys()}  # noqa: SIM118 - no dict's keys
    own = set(record.ref().keys()) - shared
    for matter in matters:
        named = matter.customer.ids.get(record.system)
        if named == record.id or (named is None and not own.isdisjoint(matter.customer.keys())):
            yield matter
