"""The records that may belong together with others, as far as numbers, addresses, ids and decisions lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hub.context.remembered import SHARERS
from hub.domain.customer import CustomerRecord
from hub.domain.identity import DecisionKind, RecordRef
from hub.domain.ports import CustomerRecords, IdentityDecisions

STEPS: Final = 3
"""From a record to one with the same address, from there to one with the same id, and so on."""

MOST_RECORDS: Final = 300


class Circle:
    """`lots` are apart from each other: no record of one has anything in common with one of another."""

    def __init__(self, is_shared: Callable[[str], bool]) -> None:
        self._records: dict[RecordRef, CustomerRecord] = {}
        self._holders: dict[str, set[RecordRef]] = {}
        self._said_shared: set[str] = set()
        self._decided: list[Sequence[RecordRef]] = []
        self._named_shared = is_shared

    @property
    def records(self) -> Sequence[CustomerRecord]:
        return list(self._records.values())

    @property
    def is_full(self) -> bool:
        return len(self._records) >= MOST_RECORDS

    def add(self, records: Iterable[CustomerRecord]) -> Sequence[CustomerRecord]:
        """Take records in; return those that are new."""
        new: list[CustomerRecord] = []
        for record in records:
            ref = RecordRef(system=record.system, id=record.id)
            if ref in self._records or self.is_full:
                continue
            self._records[ref] = record
            new.append(record)
            own = leading_keys(record)
            self._said_shared.update(set(record.ref().keys()).difference(own))
            for key in own:
                self._holders.setdefault(key, set()).add(ref)
        return new

    def replace(self, records: Iterable[CustomerRecord]) -> None:
        """Take in more of what is known of records that are here."""
        self._records.update((RecordRef(system=one.system, id=one.id), one) for one in records)

    def add_decided(self, records: Sequence[RecordRef]) -> None:
        """Take in that a person has said that these are one customer."""
        self._decided.append(records)

    def is_shared(self, key: str) -> bool:
        """Whether a number or an address is nobody's own."""
        if key.startswith("id:"):
            return False
        return key in self._said_shared or len(self._holders.get(key, ())) >= SHARERS or self._named_shared(key)

    @property
    def lots(self) -> Sequence[Sequence[CustomerRecord]]:
        lot_of: dict[RecordRef, set[RecordRef]] = {ref: {ref} for ref in self._records}
        together = [refs for key, refs in self._holders.items() if not self.is_shared(key)]
        for refs in (*together, *({ref for ref in one if ref in lot_of} for one in self._decided)):
            joined: set[RecordRef] = set()
            for ref in refs:
                joined |= lot_of[ref]
            lot_of.update(dict.fromkeys(joined, joined))
        lots = {id(lot): lot for lot in lot_of.values()}
        return [[record for ref, record in self._records.items() if ref in lot] for lot in lots.values()]


class CircleReader:
    """Reads what is known of records and those around them."""

    def __init__(
        self, records: CustomerRecords, decisions: IdentityDecisions, *, is_shared: Callable[[str], bool]
    ) -> None:
        self._records = records
        self._decisions = decisions
        self._is_shared = is_shared

    async def around(self, seeds: Iterable[CustomerRecord]) -> Circle:
        """Return these records and those that they lead to. Raises StoreError."""
        circle = Circle(self._is_shared)
        asked: set[str] = set()
        fresh = circle.add(seeds)
        for _ in range(STEPS):
            keys = [key for key in _all_keys(fresh) if key not in asked and not self._is_shared(key)]
            if not keys or circle.is_full:
                break
            asked.update(keys)
            found = list(await self._records.records(keys, limit=SHARERS))
            decided = [
                one.records
                for one in await self._decisions.decisions([key for key in keys if key.startswith("id:")])
                if one.kind is DecisionKind.SAME
            ]
            named = [ref.key for refs in decided for ref in refs if ref.key not in asked]
            if named:
                found += await self._records.records(list(dict.fromkeys(named)), limit=SHARERS)
            for refs in decided:
                circle.add_decided(refs)
            fresh = circle.add(found)
        return circle


def leading_keys(record: CustomerRecord) -> tuple[str, ...]:
    """Return the keys of a record by which others may be the same customer: not what it calls shared itself."""
    shared = {f"tel:{phone.number}" for phone in record.phones if phone.shared}
    shared |= {f"mailto:{email.address.lower()}" for email in record.emails if email.shared}
    return tuple(key for key in record.ref().keys() if key not in shared)  # noqa: SIM118 - no dict's keys


def _all_keys(records: Iterable[CustomerRecord]) -> Sequence[str]:
    return list(dict.fromkeys(key for record in records for key in leading_keys(record)))
