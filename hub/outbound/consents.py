"""Whether the customer of an event has refused what something is written for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from hub.domain.call import CallEvent
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.consent import refused_by
from hub.domain.customer import Customer, CustomerContext, CustomerRecord
from hub.domain.day import local_day
from hub.domain.event import Event, WriteBackRequest, customer_of
from hub.domain.interaction import CustomerRef, Interaction
from hub.domain.ports import CallArchive, CustomerRecords

CustomersOf = Callable[[Sequence[CustomerRecord]], Awaitable[Sequence[Customer]]]
"""Returns the customers whose records these are, with all that any system has told of them. Raises StoreError."""


class Consents:
    """Looks at what a call's context says, or what systems told of the customer, whichever it is written to.

    Without `records` there is only what the event and the calls say; without `customers_of` records are on their own.
    """

    def __init__(
        self,
        *,
        archive: CallArchive,
        records: CustomerRecords | None,
        customers_of: CustomersOf | None = None,
        today: Callable[[], date] = local_day,
    ) -> None:
        self._archive = archive
        self._records = records
        self._customers_of = customers_of
        self._today = today

    async def refuses(self, event: Event, purpose: str) -> bool:
        """Return whether the event's customer refuses a purpose; "" is none that anybody could. Raises StoreError."""
        return bool(purpose) and purpose in await self._refused(event)

    async def is_unheard(self, event: Event, connector: str, identity: str) -> bool:
        """Return whether nothing is known of what a customer refuses whom an event names by id. Raises StoreError."""
        if not isinstance(event.data, Interaction | OrderChange | CaseChange):
            return False
        return self._records is None or not await self._records.records(CustomerRef(ids={connector: identity}).keys())

    async def found_refuses(self, record: CustomerRecord, purpose: str) -> bool:
        """Return whether the customer refuses a purpose whom a backend was asked for. Raises StoreError."""
        told = await self._told(CustomerRef(ids={record.system: record.id}))
        return purpose in told | await self._refused_by([record])

    async def _refused(self, event: Event) -> frozenset[str]:
        match event.data:
            case CallEvent(call=call):
                return await self._by_call(call.id)
            case CustomerContext() as context:
                return refused_by(context, self._today())
            case CustomerChange(customer=record):
                return refused_by(record, self._today())
            case Interaction() | OrderChange() | CaseChange() as data:
                return await self._told(customer_of(data))
            case WriteBackRequest(connector=connector, entry=entry):
                # What an agent wrote down of a call has the call's id, or begins with it.
                by_call = await self._by_call(entry.id) or await self._by_call(entry.id.rpartition(".")[0])
                ids = {connector: entry.customer} if entry.customer else {}
                return by_call | await self._told(CustomerRef(ids=ids))
            case _:
                return frozenset()

    async def _by_call(self, call_id: str) -> frozenset[str]:
        context = await self._archive.context_of(call_id) if call_id else None
        return frozenset() if context is None else refused_by(context, self._today())

    async def _told(self, reference: CustomerRef) -> frozenset[str]:
        # A number may be several people's: what one of them refuses is not the others'.
        ids = CustomerRef(ids=reference.ids).keys()
        if self._records is None or not ids:
            return frozenset()
        return await self._refused_by(await self._records.records(ids))

    async def _refused_by(self, records: Sequence[CustomerRecord]) -> frozenset[str]:
        known: list[CustomerRecord | Customer] = [*records]
        if self._customers_of is not None and records:
            known += await self._customers_of(records)
        return frozenset[str]().union(*(refused_by(one, self._today()) for one in known))
