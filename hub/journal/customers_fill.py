"""What the customers' tables take in of events of before there were any."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.event import Event, EventType
from hub.journal.customers import Remembers, derive_customers
from hub.journal.filling import Filling
from hub.journal.writes import Derivation


def customers_filling(remembers: Remembers) -> Filling:
    """Return it for systems of which answers to lookups may be kept."""

    def derived(position: int, event: Event) -> Sequence[Derivation]:
        return derive_customers(position, event, remembers)

    return Filling(
        cursor="journal.customers.until",
        types=frozenset(
            {
                EventType.CUSTOMER_CHANGED,
                EventType.CUSTOMER_CONTEXT_UPDATED,
                EventType.ORDER_CHANGED,
                EventType.CASE_CHANGED,
            }
        ),
        derive=derived,
    )
