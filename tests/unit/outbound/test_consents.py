"""What a customer refuses is not written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import pytest

from hub.domain.change import CustomerChange
from hub.domain.customer import Consent, Customer, CustomerContext, CustomerRecord, Sourced
from hub.domain.event import Event, WriteBackRequest, feed_event, interaction_event, new_id, write_back_event
from hub.domain.interaction import CustomerRef
from hub.domain.writeback import WriteBack, WriteKind
from hub.outbound.consents import Consents
from tests.unit.journal import lives
from tests.unit.journal.samples import NOON

NO_MARKETING = Consent(purpose="marketing", granted=False)
REFUSING = msgspec.structs.replace(lives.CRM_ANNA, consents=(NO_MARKETING,))


class Known:
    """What calls were about, and what systems told."""

    def __init__(self, *records: CustomerRecord, context: CustomerContext | None = None) -> None:
        self._records = records
        self._context = context
        self.asked: list[Sequence[str]] = []

    async def context_of(self, call_id: str) -> CustomerContext | None:
        return self._context if call_id == "main-1" else None

    async def finished_call(self, _call_id: str) -> None:
        return None

    async def records(self, keys: Sequence[str], *, limit: int = 50) -> Sequence[CustomerRecord]:
        self.asked.append(keys)
        return [one for one in self._records if f"id:{one.system}:{one.id}" in keys][:limit]


def refuses(known: Known) -> Consents:
    return Consents(archive=known, records=known, today=lambda: date(2026, 3, 1))  # type: ignore[arg-type]  # nothing else is asked of it


def call_context(*consents: Consent) -> CustomerContext:
    event = next(one for one in lives.anna() if isinstance(one.data, CustomerContext))
    context = event.data
    assert isinstance(context, CustomerContext)
    customer = context.customers[0]
    sourced = tuple(msgspec.structs.replace(customer.name, value=consent) for consent in consents)  # type: ignore[type-var]
    return msgspec.structs.replace(context, customers=(msgspec.structs.replace(customer, consents=sourced),))


def events() -> dict[str, Event]:
    entry = WriteBack(id="main-1.w-1", kind=WriteKind.NOTE, customer="4711", note="sold")
    return {
        "call": next(one for one in lives.anna() if one.type == "cti.call.cleared"),
        "change": feed_event(CustomerChange(customer=REFUSING), feed="crm", event_id=new_id(), at=NOON),
        "contact": interaction_event(lives.contact(1, CustomerRef(ids={"crm": "4711"}), "hedge"), feed="shop"),
        "asked for": write_back_event(WriteBackRequest(connector="crm", entry=entry)),
    }


@pytest.mark.parametrize("kind", ["call", "change", "contact", "asked for"])
async def test_a_refused_purpose_is_known_of_every_event(kind: str) -> None:
    """By the call's context, by the record itself, by what a system told of the customer's id."""
    consents = refuses(Known(REFUSING, context=call_context(NO_MARKETING)))
    assert await consents.refuses(events()[kind], "marketing")
    assert not await consents.refuses(events()[kind], "service")


async def test_what_another_system_was_told_counts_as_well() -> None:
    """Whoever a number belongs to by the backend's answer, or an id by what was heard: the customer as a whole."""
    own = msgspec.structs.replace(lives.CRM_ANNA, consents=())
    asked: list[Sequence[CustomerRecord]] = []

    async def customers_of(records: Sequence[CustomerRecord]) -> Sequence[Customer]:
        asked.append(records)
        consent = Sourced(value=NO_MARKETING, system="shop", record="1")
        return [Customer(ids={"crm": own.id, "shop": "1"}, consents=(consent,))]

    known = Known(own)
    consents = Consents(
        archive=known,
        records=known,  # type: ignore[arg-type]  # nothing else is asked of it
        customers_of=customers_of,
        today=lambda: date(2026, 3, 1),
    )
    assert await consents.found_refuses(msgspec.structs.replace(own, id="never heard of"), "marketing")
    assert not await consents.found_refuses(own, "service")
    assert await consents.refuses(events()["contact"], "marketing")
    assert [own] in asked


async def test_what_nobody_has_refused_is_written() -> None:
    """No purpose, no consent, a purpose that is granted; a number alone names nobody who could refuse."""
    known = Known(REFUSING, context=call_context(Consent(purpose="marketing", granted=True)))
    consents = refuses(known)
    assert not await consents.refuses(events()["call"], "marketing")
    assert not await consents.refuses(events()["change"], "")
    by_number = interaction_event(lives.contact(1, lives.ANNA_REF, "hedge"), feed="shop")
    assert not await consents.refuses(by_number, "marketing")
    assert [] == known.asked
