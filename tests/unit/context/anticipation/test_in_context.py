"""Proposals in the context of a call: for the one customer who is meant, as soon as it is known who that is."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from hub.config.anticipation import AnticipationSection, load_rules
from hub.config.model import ContextSection
from hub.context.anticipation.proposals import Anticipation
from hub.context.service import ContextService
from hub.domain.customer import Case, Consent, CustomerContext, CustomerRecord, Product
from hub.domain.day import local_day
from hub.domain.interaction import Channel
from tests.unit.clock import clock_at
from tests.unit.context.backends import Backend
from tests.unit.context.test_service import MARIA, Contacts, call, mail
from tests.waiting import eventually

LATE = Case(id="4711", target_on=local_day() - timedelta(days=1))


async def seen_with(*backends: Backend) -> CustomerContext:
    """Return the context of a call once all these have answered."""
    rules = Anticipation(load_rules(AnticipationSection(), []))
    service = ContextService(backends, ContextSection(), anticipation=rules)
    seen: list[CustomerContext] = []
    service.subscribe(seen.append)
    service.begin(call())
    await eventually(lambda: seen and seen[-1].complete)
    await service.close()
    return seen[-1]


async def test_the_customer_carries_what_is_proposed() -> None:
    """A case that is late by today is told of with the answer that brings it."""
    context = await seen_with(Backend("sap", [CustomerRecord(system="sap", id="1", name=MARIA.name, cases=(LATE,))]))
    (customer,) = context.customers
    assert [("case_overdue", "4711")] == [(one.rule, one.about) for one in customer.proposals]


@pytest.mark.parametrize(("zone", "is_late"), [("Asia/Shanghai", True), ("Europe/London", False)])
async def test_a_case_is_late_by_the_day_at_the_hub(zone: str, is_late: bool) -> None:
    """At 23:30 in Greenwich the day that was its target is over in Shanghai."""
    case = Case(id="4711", target_on=date(2026, 3, 1))
    with clock_at(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), zone):
        context = await seen_with(
            Backend("sap", [CustomerRecord(system="sap", id="1", name=MARIA.name, cases=(case,))])
        )
    (customer,) = context.customers
    assert is_late == ("case_overdue" in {one.rule for one in customer.proposals})


async def test_proposals_wait_for_the_last_backend() -> None:
    """It may be the one that knows of a refusal: nothing is offered that has to be taken back."""
    today = local_day()
    knows_products = CustomerRecord(
        system="sap", id="1", name=MARIA.name, products=(Product(name="Pump", warranty_until=today),)
    )
    refusal = CustomerRecord(
        system="crm", id="9", ids={"sap": "1"}, name=MARIA.name, consents=(Consent(purpose="marketing", granted=False),)
    )
    gate = asyncio.Event()
    rules = Anticipation(load_rules(AnticipationSection(), []))
    backends = [Backend("sap", [knows_products]), Backend("crm", [refusal], gate=gate)]
    service = ContextService(backends, ContextSection(), anticipation=rules)
    seen: list[CustomerContext] = []
    service.subscribe(seen.append)
    service.begin(call())
    await eventually(lambda: seen and seen[-1].customers)
    gate.set()
    await eventually(lambda: seen[-1].complete)
    await service.close()
    told = [proposal.rule for context in seen for customer in context.customers for proposal in customer.proposals]
    assert ["do_not_sell"] == told


async def test_who_tried_in_vain_is_told_so_at_the_next_call() -> None:
    """The contacts are read behind the backends' answers: with them comes that nobody answered the last time."""
    lost = msgspec.structs.replace(
        mail("lost"),
        channel=Channel.PHONE,
        at=datetime.now(UTC) - timedelta(minutes=2),
        source="/pbx/main",
        direction="inbound",
        status="abandoned",
    )
    rules = Anticipation(load_rules(AnticipationSection(), []))
    service = ContextService(
        [Backend("sap", [MARIA])], ContextSection(), interactions=Contacts([lost]), anticipation=rules
    )
    service.begin(call())

    def proposed() -> list[str]:
        context = service.current(call().id)
        return [one.rule for customer in context.customers for one in customer.proposals] if context else []

    await eventually(lambda: proposed() == ["lost_call"])
    await service.close()


async def test_nothing_is_proposed_while_nobody_knows_for_whom() -> None:
    """Two customers on one number: what is proposed for the one may not be said to the other."""
    records = [CustomerRecord(system="sap", id=one, name=MARIA.name, cases=(LATE,)) for one in ("1", "2")]
    context = await seen_with(Backend("sap", records))
    assert [()] * len(context.customers) == [customer.proposals for customer in context.customers]
    assert len(context.customers) == 2
