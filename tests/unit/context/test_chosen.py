"""An agent has said which of several customers is meant: everything that needs one takes that one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.base import ConnectorError
from hub.config.model import ContextSection
from hub.context.routing_facts import facts_of
from hub.context.service import ContextService
from hub.domain.call import Call, Direction
from hub.domain.customer import CustomerContext, CustomerQuery, CustomerRecord, Name, Problem
from hub.domain.customer_keys import keys_of_call
from hub.domain.event import identity_event
from hub.domain.identity import IdentityDecision, RecordRef
from hub.domain.phone import PhoneNumber
from hub.domain.routing import Enquiry, EnquiryStatus
from hub.journal.journal import Journal
from tests.unit.context.backends import Backend
from tests.unit.context.identity_samples import decided, ref
from tests.waiting import eventually

NUMBER = "+4930901820"
PHONE = PhoneNumber(raw=NUMBER, e164=NUMBER)
CALL = Call(id="main-1", pbx="main", direction=Direction.INBOUND, started_at=datetime.now(UTC), caller=PHONE)
MARIA = CustomerRecord(system="sap", id="1", name=Name(full="Maria Huber"), tier="Gold")
JONAS = CustomerRecord(system="sap", id="2", name=Name(full="Jonas Huber"))
MEANT = decided(1, "meant", "sap:2", key=f"tel:{NUMBER}")


class Place:
    """A context service over SAP, which knows both, and decisions that the test makes."""

    def __init__(self, *decisions: IdentityDecision) -> None:
        self.stored = list(decisions)
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.told: list[CustomerContext] = []
        self.completed: list[CustomerContext] = []
        self.service = ContextService(
            [Backend("sap", [MARIA, JONAS])],
            ContextSection(),
            decisions=self,
            on_complete=lambda context, _pbx: self.completed.append(context),
        )
        self.service.subscribe(self.told.append)

    async def decisions(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:
        self.asked += keys
        await self.gate.wait()
        return [one for one in self.stored if not set(keys).isdisjoint(one.keys)]

    async def decision(self, decision_id: str) -> IdentityDecision | None:
        return next((one for one in self.stored if one.id == decision_id), None)

    @property
    def shown(self) -> list[str]:
        context = self.service.current(CALL.id)
        return [customer.display_name for customer in context.customers] if context else []

    async def ring(self) -> CustomerContext:
        self.service.begin(CALL)
        await eventually(lambda: len(self.shown) == 2)
        context = self.service.current(CALL.id)
        if context is None:
            raise RuntimeError("the call has no context")
        return context


async def test_the_next_call_shows_who_was_meant_the_last_time() -> None:
    """From the first answer on; and routing has one customer."""
    place = Place(MEANT)
    context = await place.ring()
    assert ["Jonas Huber", "Maria Huber"] == place.shown
    assert context.chosen is not None
    assert ("d-1", ref("sap:2")) == (context.chosen.decision, context.chosen.record)
    facts = facts_of(Enquiry(caller=PHONE), context, last_agent="")
    assert (EnquiryStatus.FOUND, "Jonas Huber", 2) == (facts.status, facts.customer.name, facts.customers)
    await place.service.close()


async def test_a_choice_holds_at_once_and_can_be_taken_back() -> None:
    """In the live call, for its log and for who asks while it lasts; each is a revision of its own."""
    place = Place()
    first = await place.ring()
    assert (None, None) == (first.chosen, first.customer)
    place.service.identity_decided(MEANT)
    assert ["Jonas Huber", "Maria Huber"] == place.shown
    assert [None, "d-1"] == [one.chosen and one.chosen.decision for one in place.completed]
    place.service.identity_decided(
        IdentityDecision(
            id="d-1", kind=MEANT.kind, records=MEANT.records, by="sue", at=MEANT.at, key=MEANT.key, withdrawn=True
        )
    )
    assert ["Maria Huber", "Jonas Huber"] == place.shown
    assert None is place.told[-1].chosen
    await place.service.close()


async def test_who_was_chosen_before_all_had_answered_is_told_with_a_call_that_is_over() -> None:
    """A choice in a call that ends at once, or just after it, is of that call."""
    gate = asyncio.Event()
    completed: list[CustomerContext] = []
    service = ContextService(
        [Backend("sap", [MARIA, JONAS]), Backend("osc", gate=gate)],
        ContextSection(budget_s=30),
        decisions=Place(),
        on_complete=lambda context, _pbx: completed.append(context),
    )
    service.begin(CALL)
    await eventually(lambda: bool((now := service.current(CALL.id)) and len(now.customers) > 1))
    service.end(CALL.id)
    service.identity_decided(MEANT)
    gate.set()
    await eventually(lambda: service.current(CALL.id) is None)
    assert ["Jonas Huber"] == [one.customer and one.customer.display_name for one in completed]
    await service.close()


async def test_decisions_are_read_once_and_kept() -> None:
    """A second call has them at hand with the answers from the cache; what was decided meanwhile counts."""
    place = Place()
    await place.ring()
    read = len(place.asked)
    place.service.end(CALL.id)
    place.service.identity_decided(MEANT)
    place.service.begin(CALL)
    assert ["Jonas Huber", "Maria Huber"] == place.shown
    assert read == len(place.asked)
    await place.service.close()


async def test_a_store_that_is_slow_holds_up_no_pop() -> None:
    """The customers are shown as the rules have them, and what is decided while it is read is not lost."""
    place = Place()
    place.gate.clear()
    await place.ring()
    assert ["Maria Huber", "Jonas Huber"] == place.shown
    place.service.identity_decided(MEANT)
    place.gate.set()
    place.service.end(CALL.id)
    place.stored.append(MEANT)
    place.service.begin(CALL)
    await eventually(lambda: place.shown == ["Jonas Huber", "Maria Huber"])
    await place.service.close()


async def test_a_decision_holds_after_a_restart(tmp_path: Path) -> None:
    """It is read from the store with the first answer."""
    for is_first in (True, False):
        journal = await Journal.open(tmp_path / "journal.db")
        if is_first:
            await journal.append(identity_event(MEANT))
        else:
            service = ContextService([Backend("sap", [MARIA, JONAS])], ContextSection(), decisions=journal)
            service.begin(CALL)
            await eventually(lambda: bool((now := service.current(CALL.id)) and now.chosen))  # noqa: B023 - awaited
            await service.close()
        await journal.close()


@pytest.mark.parametrize("how", ["refused", "waited for", "stood in for"])
async def test_nobody_else_is_meant_while_who_was_chosen_is_unreachable(how: str) -> None:
    """The system that has the record is down, has not answered, or older records without it stand in for it."""
    gate = asyncio.Event()
    sap = Backend("sap", error=ConnectorError(Problem.UNREACHABLE, "down"), gate=gate)

    async def stand_in(system: str, _query: CustomerQuery) -> Sequence[CustomerRecord]:
        return [MARIA] if how == "stood in for" and system == "sap" else []

    place = Place(MEANT)
    crm = CustomerRecord(system="crm", id="9", name=Name(full="Maria Huber"), tier="Gold")
    service = ContextService([sap, Backend("crm", [crm])], ContextSection(), decisions=place, stand_in=stand_in)
    service.begin(CALL)
    if how != "waited for":
        gate.set()

    def state() -> tuple[bool, RecordRef | None]:
        context = service.current(CALL.id)
        chosen = context.chosen if context and context.customers else None
        return bool(context and context.complete), chosen.record if chosen and chosen.unreachable else None

    await eventually(lambda: state() == (how != "waited for", ref("sap:2")))
    context = service.current(CALL.id)
    assert context is not None
    assert (None, (f"tel:{NUMBER}",)) == (context.customer, keys_of_call(context))
    facts = facts_of(Enquiry(caller=PHONE), context, last_agent="")
    status = EnquiryStatus.TIMEOUT if how == "waited for" else EnquiryStatus.ERROR
    assert (status, "", "") == (facts.status, facts.customer.name, facts.customer.tier)
    sap.error, sap.records = None, [MARIA, JONAS]
    gate.set()
    service.end(CALL.id)
    service.begin(CALL)
    await eventually(lambda: bool((now := service.current(CALL.id)) and now.customer))
    context = service.current(CALL.id)
    assert context is not None
    assert context.customer is not None
    assert context.chosen is not None
    assert ("Jonas Huber", False) == (context.customer.display_name, context.chosen.unreachable)
    await service.close()


async def test_who_was_chosen_and_is_gone_hides_nobody() -> None:
    """Their system answers and has the record no more: the one other customer of the number is meant."""
    place = Place(MEANT)
    service = ContextService([Backend("sap", [MARIA])], ContextSection(), decisions=place)
    service.begin(CALL)
    await eventually(lambda: bool((now := service.current(CALL.id)) and now.customer))
    context = service.current(CALL.id)
    assert context is not None
    assert None is context.chosen
    await service.close()


async def test_nothing_is_kept_of_what_was_decided_of_an_erased_customer() -> None:
    """Neither by their record nor by the number, which others have, too: it is read afresh."""
    place = Place(MEANT)
    assert (await place.ring()).chosen is not None
    place.service.end(CALL.id)
    place.stored.clear()
    place.asked.clear()
    place.service.forget(["id:sap:2"])
    context = await place.ring()
    assert (None, {f"tel:{NUMBER}", "id:sap:2"}) == (context.chosen, {f"tel:{NUMBER}", "id:sap:2"} & set(place.asked))
