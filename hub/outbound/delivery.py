"""One thing to be written of one event: whose it is, what it says, and the writing itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from connectors.base import Connector
from hub.domain.backend import BackendStatus
from hub.domain.customer import CustomerQuery, CustomerRecord
from hub.domain.event import Event, EventType, WriteBackRequest
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from hub.outbound.consents import Consents
from hub.outbound.customer import Customers, Owner, Whose
from hub.outbound.entries import entry_of
from hub.outbound.rules import Rule, Rules
from hub.outbound.wellness import Wellness


class Writable(Connector, Protocol):
    """A connector that tells how much it has to do."""

    def status(self) -> BackendStatus: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """`rule` is what it is written by, None for what was asked for by itself (`cti.write_back.requested`)."""

    event: Event
    kind: WriteKind
    rule: Rule | None


def deliveries(event: Event, rules: Rules, connector: str) -> list[Delivery]:
    """Return all that the backend is to be given of the event."""
    if isinstance(event.data, WriteBackRequest):
        is_ours = event.type is EventType.WRITE_BACK_REQUESTED and event.data.connector == connector
        return [Delivery(event, event.data.entry.kind, None)] if is_ours else []
    return [Delivery(event, rule.kind, rule) for rule in rules.fitting(event)]


class Deliverer:
    """Carries deliveries out, each once."""

    def __init__(
        self,
        customers: Customers,
        *,
        consents: Consents,
        agent_names: Mapping[str, str],
        region: str,
        purpose: str = "",
    ) -> None:
        self._customers = customers
        self._consents = consents
        self._purpose = purpose
        self._agent_names = agent_names
        self._region = region
        self.wellness = Wellness()

    async def deliver(self, delivery: Delivery, connector: Connector) -> WriteResult | Whose:
        """Write it; return why not where nobody in that backend is meant, or several may be.

        Raises NotMadeError, ConnectorError, and StoreError.
        """
        purpose = (delivery.rule.purpose if delivery.rule is not None else "") or self._purpose
        if await self._consents.refuses(delivery.event, purpose):
            return Whose.REFUSED
        entry, owner = await self._entry(delivery, connector)
        if purpose and owner.whose is Whose.ONE:
            for record in await self._records_of(owner, delivery.event, connector):
                if await self._consents.found_refuses(record, purpose):
                    return Whose.REFUSED
        if owner.whose is Whose.ONE:
            entry = msgspec.structs.replace(entry, customer=owner.id)
        elif delivery.rule is None or not delivery.rule.without_customer:
            return owner.whose
        result = await connector.write(entry)
        self.wellness.wrote(entry.phone, self._region)
        return result

    async def _records_of(self, owner: Owner, event: Event, connector: Connector) -> Sequence[CustomerRecord]:
        """Return what the backend says of a customer, asked now where nothing is known. Raises ConnectorError."""
        if owner.record is not None:
            return (owner.record,)
        query = CustomerQuery(ids={connector.name: owner.id})
        if connector.answers(query) and await self._consents.is_unheard(event, connector.name, owner.id):
            return await connector.lookup(query)
        return ()

    async def _entry(self, delivery: Delivery, connector: Connector) -> tuple[WriteBack, Owner]:
        rule, event = delivery.rule, delivery.event
        if rule is not None:
            entry = entry_of(event, rule, agent_names=self._agent_names, region=self._region)
            return entry, await self._customers.owner(event, connector.lookup)
        request = event.data
        if not isinstance(request, WriteBackRequest):
            raise TypeError(f"{event.type} without a rule")
        entry = request.entry
        if entry.customer:
            return entry, Owner(Whose.ONE, entry.customer)
        return entry, await self._customers.by_phone(entry.phone, connector.lookup)
