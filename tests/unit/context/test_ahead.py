"""Customers are put together when their backends answer, not when the phone rings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import ConnectorError
from hub.config.anticipation import AnticipationSection, load_rules
from hub.config.model import ContextSection
from hub.config.resilience import AnswerCacheSection
from hub.context import ahead, grouped
from hub.context.anticipation.proposals import Anticipation
from hub.context.identity.grouping import group_records
from hub.context.question import Question
from hub.context.service import ContextService
from hub.domain.call import Call, Direction
from hub.domain.customer import Customer, CustomerContext, CustomerQuery, CustomerRecord, Email, Name, Order, Problem
from hub.domain.day import local_day
from hub.domain.identity import IdentityDecision
from hub.domain.phone import PhoneNumber
from hub.domain.proposal import Proposal
from tests.unit.context.backends import Backend
from tests.unit.context.identity_samples import decided
from tests.waiting import eventually

NUMBER = "+4930901820"
PHONE = PhoneNumber(raw=NUMBER, e164=NUMBER)
CALL = Call(id="main-1", pbx="main", direction=Direction.INBOUND, started_at=datetime.now(UTC), caller=PHONE)
QUESTION = Question.of(CustomerQuery(phone=PHONE))
MAIL = (Email(address="maria@huber.example", verified=True),)
LATE = Order(id="4711", due_on=local_day() - timedelta(days=9), open=True)
SAP = CustomerRecord(system="sap", id="1", name=Name(full="Maria Huber"), emails=MAIL, orders=(LATE,))
CRM = CustomerRecord(system="crm", id="9", name=Name(full="Maria Huber"), emails=MAIL)
APART = decided(1, "different", "sap:1", "crm:9")


class CountedRules(Anticipation):
    """The rules that the hub comes with; `thought` is how often they were gone through."""

    def __init__(self) -> None:
        super().__init__(load_rules(AnticipationSection(), ()), languages=("de",))
        self.thought = 0

    def propose(self, customer: Customer, **known: Any) -> tuple[Proposal, ...]:
        self.thought += 1
        return super().propose(customer, **known)


class Place:
    """A context over SAP and a CRM, whose work is counted."""

    def __init__(self, *decisions: IdentityDecision, **kept: AnswerCacheSection) -> None:
        self.decided = list(decisions)
        self.grouped = 0
        self.rules = CountedRules()
        self.sap, self.crm = Backend("sap", [SAP]), Backend("crm", [CRM])
        self.service = ContextService(
            [self.sap, self.crm], ContextSection(), decisions=self, anticipation=self.rules, kept=kept
        )

    async def decisions(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:
        return [one for one in self.decided if not set(keys).isdisjoint(one.keys)]

    async def decision(self, decision_id: str) -> IdentityDecision | None:
        return next((one for one in self.decided if one.id == decision_id), None)

    @property
    def work(self) -> tuple[int, int]:
        """How often records were grouped, and the rules gone through."""
        return self.grouped, self.rules.thought

    async def warm(self, *backends: Backend) -> None:
        for backend in backends or (self.sap, self.crm):
            await self.service.lookups.ask_behind(backend, QUESTION)
        await self.service.ahead.until_done()

    def ring(self) -> CustomerContext:
        self.service.begin(CALL)
        context = self.service.current(CALL.id)
        if context is None:
            raise RuntimeError("the call has no context")
        return context


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place()
    _count(made, monkeypatch)
    return made


def _count(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(*asked: Any, **named: Any) -> Any:
        place.grouped += 1
        return group_records(*asked, **named)

    monkeypatch.setattr(grouped, "group_records", counted)


async def test_the_first_call_finds_the_customer_put_together(place: Place) -> None:
    """Both systems' answers as one customer, with what is proposed, and nothing is grouped or thought about for it."""
    await place.warm()
    assert (1, 1) == place.work
    (customer,) = place.ring().customers
    assert (1, 1) == place.work
    assert ({"sap": "1", "crm": "9"}, ["delivery_late"]) == (
        customer.ids,
        [one.rule.rpartition("/")[2] for one in customer.proposals],
    )
    await place.service.close()


async def test_a_backend_that_answers_anew_has_the_customer_put_together_anew(place: Place) -> None:
    """Before the next call: that one has what was said last."""
    await place.warm()
    place.crm.records = [CustomerRecord(system="crm", id="9", name=Name(full="Maria Huber"), emails=MAIL, tier="Gold")]
    await place.warm(place.crm)
    before = place.work
    (customer,) = place.ring().customers
    assert (before, "Gold") == (place.work, customer.tier.value if customer.tier else "")
    await place.service.close()


async def test_what_people_decided_is_in_the_first_picture_of_a_call() -> None:
    """It is read when the backends have answered, not after the phone has rung."""
    place = Place(APART)
    await place.warm()
    assert [["sap"], ["crm"]] == [list(customer.ids) for customer in place.ring().customers]
    await place.service.close()


async def test_nobody_is_put_together_of_half_of_the_answers(place: Place) -> None:
    """While one of the backends has not answered: it would be done anew with its answer."""
    place.crm.error = ConnectorError(Problem.UNREACHABLE, "crm is down")
    await place.warm()
    assert (0, 0) == place.work
    await place.service.close()


async def test_answers_that_are_not_kept_are_not_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing beside which it could be kept."""
    place = Place(crm=AnswerCacheSection(fresh_s=0, negative_s=0))
    _count(place, monkeypatch)
    await place.warm()
    assert (0, 0) == place.work
    await place.service.close()


async def test_lookups_that_somebody_waits_for_go_first(place: Place) -> None:
    """Nobody is put together ahead while a call's lookups are under way."""
    place.crm.gate = asyncio.Event()
    live = asyncio.create_task(place.service.lookups.ask(place.crm, Question.of(CustomerQuery(email="x@y.example"))))
    await eventually(lambda: bool(place.crm.asked))
    gate, place.crm.gate = place.crm.gate, None
    for backend in (place.sap, place.crm):
        await place.service.lookups.ask_behind(backend, QUESTION)
    await asyncio.wait([asyncio.create_task(place.service.ahead.until_done())], timeout=0.2)
    waited = place.work
    gate.set()
    await live
    await place.service.ahead.until_done()
    assert ((0, 0), (1, 1)) == (waited, place.work)
    await place.service.close()


async def test_so_many_are_due_at_most(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more the oldest are left to be put together when they call."""
    monkeypatch.setattr(ahead, "MAX_DUE", 2)
    for backend in (place.sap, place.crm):
        await place.service.lookups.ask_behind(backend, QUESTION)
    for number in range(2):
        place.service.ahead.answered(Question.of(CustomerQuery(email=f"{number}@x.example")))
    await place.service.ahead.until_done()
    assert (0, 0) == place.work
    assert ({"sap": "1", "crm": "9"}, (1, 1)) == (place.ring().customers[0].ids, place.work)
    await place.service.close()


async def test_nothing_goes_on_after_the_close(place: Place) -> None:
    """Also if it had only just been asked for."""
    for backend in (place.sap, place.crm):
        await place.service.lookups.ask_behind(backend, QUESTION)
    await place.service.close()
    await place.service.ahead.until_done()
    assert (0, 0) == place.work
