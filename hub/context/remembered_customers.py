"""Customers as the hub knows them (`KnownCustomers`): records of all systems, joined by identity, asked for or not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from hub.context.remembered import with_told_matters
from hub.context.remembered_circle import Circle, CircleReader
from hub.context.service import ContextService
from hub.domain.customer import AnswerState, BackendAnswer, Customer, CustomerContext, CustomerQuery, CustomerRecord
from hub.domain.identity import RecordRef
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.ports import CustomerRecords, IdentityDecisions
from hub.domain.search import (
    FOUND_IN,
    MAX_HITS,
    CustomerHit,
    CustomerSearch,
    CustomerView,
    FoundBy,
    FoundRecord,
    FoundRecords,
    UnclaimedMatter,
    Why,
)

RECORDS_A_HIT: Final = 2
"""How many records are looked for where one customer is wanted: several systems may know one."""

_REASONS: Final = 5
"""How many are told of a customer, and of each field the best: who may not see the one may see the other."""

_LEAST_OF_AN_ID: Final = 3


class RememberedCustomers:
    """`systems` are those that a text which may be an id is asked of, `only_told` those of them that can't be asked.

    `within_s` is what asking may take.
    """

    def __init__(
        self,
        records: CustomerRecords,
        decisions: IdentityDecisions,
        contexts: ContextService,
        *,
        region: str,
        within_s: float,
        systems: Callable[[], Collection[str]],
        only_told: Callable[[], Collection[str]],
    ) -> None:
        self._records = records
        self._contexts = contexts
        self._region = region
        self._within_s = within_s
        self._systems = systems
        self._only_told = only_told
        self._circles = CircleReader(records, decisions, is_shared=contexts.is_shared)

    async def keys_of(self, record: RecordRef) -> tuple[str, ...]:
        """Return the keys of all records of the customer whose record this is; nobody's shared number."""
        circle = await self._circles.around(await self._records.records([record.key]))
        own = (await self._joined(circle)).get(record)
        if own is None:
            return (record.key,)
        return tuple(dict.fromkeys((record.key, *_own_keys(own, circle))))

    async def customers_of(self, records: Sequence[CustomerRecord]) -> Sequence[Customer]:
        """Return the customers whose records these are, with what is remembered of them. Raises StoreError."""
        joined = await self._joined(await self._circles.around(records))
        found = [own for record in records if (own := joined.get(_ref(record))) is not None]
        return [own.customer for own in dict.fromkeys(found)]

    async def customer(self, record: RecordRef, *, ask_backends: bool = False) -> CustomerView | None:
        """Return the customer whose record this is, None where nobody knows it."""
        circle = await self._circles.around(await self._records.records([record.key]))
        await self._add_matters(circle)
        joined = await self._joined(circle)
        answers: Sequence[BackendAnswer] = ()
        if ask_backends:
            known = joined.get(record)
            answers = await self._asked(self._question(record, known, circle))
            circle = await self._circles.around(_newer([*circle.records], answers))
            await self._add_matters(circle)
            joined = await self._joined(circle)
        own = joined.get(record)
        if own is None:
            return None
        return CustomerView(
            customer=own.customer,
            records=own.records,
            maybe_same=own.context.maybe_same,
            answers=tuple(msgspec.structs.replace(answer, records=()) for answer in answers),
        )

    async def search(self, text: str, *, limit: int = 20, ask_backends: bool = False) -> CustomerSearch:
        """Return the customers that fit what was typed, the best first."""
        limit = max(1, min(limit, MAX_HITS))
        found = await self._records.search(text, region=self._region, limit=limit * RECORDS_A_HIT)
        answers: Sequence[BackendAnswer] = ()
        unclaimed = None if found.records else next((one for one in found.unclaimed if one.is_exact), None)
        query = self._query(text) if unclaimed is None else self._owner(unclaimed)
        if ask_backends and not query.is_empty:
            answers = await self._asked(query)
            found = _with_answers(found, answers, query, unclaimed)
        circle = await self._circles.around([one.record for one in found.records])
        joined = await self._joined(circle)
        hits: dict[int, tuple[_Joined, list[Why]]] = {}
        for one in found.records:
            ref = RecordRef(system=one.record.system, id=one.record.id)
            own = joined.get(ref)
            if own is None:
                continue
            _, reasons = hits.setdefault(id(own), (own, []))
            if len(reasons) < _REASONS or all(FOUND_IN[reason.by] != FOUND_IN[one.by] for reason in reasons):
                reasons.append(Why(by=one.by, record=ref, text=one.text, is_exact=one.is_exact))
        shown = [
            CustomerHit(customer=own.customer, records=tuple(_ref(record) for record in own.records), why=tuple(why))
            for own, why in list(hits.values())[:limit]
        ]
        return CustomerSearch(
            hits=tuple(shown),
            has_more=found.has_more or len(hits) > limit,
            answers=tuple(msgspec.structs.replace(answer, records=()) for answer in answers),
            unclaimed=found.unclaimed[:limit],
        )

    async def _add_matters(self, circle: Circle) -> None:
        """Add the orders and cases that were told of alone by systems that only tell; a backend says its own."""
        for system in sorted({record.system for record in circle.records}.intersection(self._only_told())):
            own = [record for record in circle.records if record.system == system]
            circle.replace(await with_told_matters(self._records, system, own))

    async def _joined(self, circle: Circle) -> Mapping[RecordRef, _Joined]:
        """Return for each record the customer that it is one of."""
        return {
            _ref(record): joined
            for context, groups in await self._contexts.put_together(circle.lots)
            for customer, group in zip(context.customers, groups, strict=True)
            for joined in [_Joined(customer, tuple(group), context)]
            for record in group
        }

    async def _asked(self, query: CustomerQuery) -> Sequence[BackendAnswer]:
        context = await self._contexts.find(query, within_s=self._within_s)
        return context.answers

    def _question(self, record: RecordRef, known: _Joined | None, circle: Circle) -> CustomerQuery:
        """Return by what backends can find this customer: its ids, and a number and an address of its own."""
        if known is None:
            return CustomerQuery(ids={record.system: record.id})
        keys = _own_keys(known, circle)
        number = next((key.removeprefix("tel:") for key in keys if key.startswith("tel:+")), "")
        address = next((key.removeprefix("mailto:") for key in keys if key.startswith("mailto:")), "")
        ids = {**known.customer.ids, record.system: record.id}
        phone = parse_number(number, self._region) if number else PhoneNumber()
        return CustomerQuery(phone=phone, email=address, ids=ids)

    def _query(self, text: str) -> CustomerQuery:
        """Return what backends can be asked of what was typed: by number or address, else by an id of theirs."""
        typed = text.strip()
        if "@" in typed.strip("@") and not any(one.isspace() for one in typed):
            return CustomerQuery(email=typed.removeprefix("mailto:"))
        phone = parse_number(typed.removeprefix("tel:"), self._region)
        is_id = len(typed) >= _LEAST_OF_AN_ID and any(one.isdecimal() for one in typed) and " " not in typed
        ids = dict.fromkeys(self._systems(), typed) if is_id and typed.isprintable() and "+" not in typed else {}
        return CustomerQuery(phone=phone if phone.e164 else PhoneNumber(), ids=ids)

    def _owner(self, unclaimed: UnclaimedMatter) -> CustomerQuery:
        """Return by what backends can be asked whose an order or a case is."""
        number = next(iter(unclaimed.customer.phones), "")
        address = next(iter(unclaimed.customer.emails), "")
        return CustomerQuery(phone=parse_number(number, self._region) if number else PhoneNumber(), email=address)


class _Joined:
    """One customer, and the records that it was put together from; `context` is where others may be the same."""

    def __init__(self, customer: Customer, records: tuple[CustomerRecord, ...], context: CustomerContext) -> None:
        self.customer = customer
        self.records = records
        self.context = context


def _ref(record: CustomerRecord) -> RecordRef:
    return RecordRef(system=record.system, id=record.id)


def _own_keys(own: _Joined, circle: Circle) -> Sequence[str]:
    """Return the keys of a customer's records that are no other customer's, too."""
    others = {
        key
        for record in circle.records
        if record not in own.records
        for key in record.ref().keys()  # noqa: SIM118 - no dict's keys
        if not key.startswith("id:")
    }
    keys = dict.fromkeys(key for record in own.records for key in record.ref().keys())  # noqa: SIM118 - no dict's keys
    return [key for key in keys if key not in others and not circle.is_shared(key)]


def _newer(known: Sequence[CustomerRecord], answers: Iterable[BackendAnswer]) -> Sequence[CustomerRecord]:
    """Return what backends say now, with what is remembered of those that could not say or don't know the customer."""
    now = [record for answer in answers for record in answer.records]
    told = {answer.connector for answer in answers if answer.state is AnswerState.FOUND}
    return [*now, *(record for record in known if record.system not in told)]


def _with_answers(
    found: FoundRecords, answers: Iterable[BackendAnswer], query: CustomerQuery, unclaimed: UnclaimedMatter | None
) -> FoundRecords:
    """Return what was found with what backends found now in front: the newer record of one that both have.

    `unclaimed` is what they were asked for the owner of.
    """
    by = FoundBy.PHONE if query.phone.e164 else FoundBy.EMAIL if query.email else FoundBy.BACKEND
    text = query.phone.e164 or query.email

    def why(record: CustomerRecord) -> tuple[FoundBy, str]:
        return (_sure(by, record, text), text) if unclaimed is None else (unclaimed.by, unclaimed.text)

    now: dict[RecordRef, FoundRecord] = {}
    for record in (record for answer in answers for record in answer.records):
        found_by, fits = why(record)
        now[_ref(record)] = FoundRecord(record=record, by=found_by, text=fits, is_exact=True)
    rest = [one for one in found.records if _ref(one.record) not in now]
    nobodys = tuple(one for one in found.unclaimed if one is not unclaimed or not now)
    return FoundRecords(records=(*now.values(), *rest), has_more=found.has_more, unclaimed=nobodys)


def _sure(by: FoundBy, record: CustomerRecord, text: str) -> FoundBy:
    """Return `by` where the record itself shows it, else that the backend says so."""
    shown = {*(phone.number for phone in record.phones), *(email.address.lower() for email in record.emails)}
    return by if text.lower() in shown else FoundBy.BACKEND
