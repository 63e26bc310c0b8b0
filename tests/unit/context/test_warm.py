"""Customers who are often in touch: their backends are asked before they call, and never to anybody's cost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest

from hub.config.model import ContextSection
from hub.config.warm import WarmSection
from hub.context.service import ContextService
from hub.context.warm import Warming
from hub.domain.customer import CustomerContext, CustomerRecord, Problem
from hub.domain.ports import StoreError
from tests.unit.context.backends import Backend, ConnectorError
from tests.unit.context.test_pushed import chat
from tests.unit.context.test_service import MARIA, NUMBER, call
from tests.waiting import eventually

OTHER = "+493515550124"


class Journal:
    """Knows who was in touch often, and how often it was asked for it."""

    def __init__(self, *numbers: str) -> None:
        self.numbers: Sequence[str] = numbers
        self.error: StoreError | None = None
        self.asked: list[tuple[int, int]] = []

    async def often_in_touch(self, since: datetime, *, contacts: int, limit: int) -> Sequence[str]:
        assert since.tzinfo is not None
        self.asked.append((contacts, limit))
        if self.error is not None:
            raise self.error
        return self.numbers[:limit]


class House:
    """A context with backends, kept warm; the test turns the clock, and sleeping turns it as well."""

    def __init__(self, *backends: Backend, numbers: Sequence[str] = (NUMBER,), **section: int) -> None:
        self.now = 0.0
        self.left_alone: set[str] = set()
        self.journal = Journal(*numbers)
        self.backends = list(backends)
        self.completed: list[CustomerContext] = []
        self.service = ContextService(
            backends,
            ContextSection(cache_s=100, cache_stale_s=600, cache_negative_s=10),
            on_complete=lambda context, _pbx: self.completed.append(context),
            clock=lambda: self.now,
        )
        self.warming = Warming(
            WarmSection.model_validate(section),
            journal=self.journal,
            lookups=self.service.lookups,
            connectors=lambda: self.backends,
            left_alone=lambda: self.left_alone,
            clock=lambda: self.now,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def round(self) -> None:
        """Let one round happen, and what it asked for be answered."""
        await self.warming.round()
        await eventually(lambda: not self.warming._running)

    async def close(self) -> None:
        await self.warming.close()
        await self.service.close()


async def test_a_frequent_caller_s_answer_is_there_before_the_call() -> None:
    """Nobody has called since the start: the backends are asked all the same, and the call finds everything at once."""
    sap, crm = Backend("sap", [MARIA]), Backend("crm", [])
    house = House(sap, crm, contacts=5, customers=7)
    await house.round()
    assert [(5, 7)] == house.journal.asked
    assert [NUMBER] == [query.phone.e164 for query in sap.asked]
    house.service.begin(call())
    context = house.service.current("main-1")
    assert context is not None
    assert context.complete
    assert ["found", "not_found"] == [answer.state.value for answer in context.answers]
    assert (1, 1, 1) == (len(sap.asked), len(crm.asked), house.warming.customers)
    assert {("sap", "found"): 1, ("crm", "not_found"): 1} == dict(house.warming.asked)
    await house.close()


async def test_it_is_asked_for_again_shortly_before_it_gets_stale() -> None:
    """Not while it is fresh; the next one is there before the old one counts as old."""
    sap = Backend("sap", [MARIA])
    house = House(sap)
    await house.round()
    asked_at = house.now
    house.now = asked_at + 75
    await house.round()
    assert 1 == len(sap.asked)
    house.now = asked_at + 85
    await house.round()
    assert 2 == len(sap.asked)
    house.now = asked_at + 150
    house.service.begin(call())
    context = house.service.current("main-1")
    assert context is not None
    assert context.answers[0].as_of is None
    assert 2 == len(sap.asked)
    await house.close()


async def test_what_a_push_made_old_is_asked_for_again() -> None:
    """In the background, of that system alone."""
    sap, crm = Backend("sap", [MARIA]), Backend("crm", [])
    house = House(sap, crm)
    await house.round()
    house.service.interaction_recorded(chat("sap"))
    await house.round()
    assert (2, 1) == (len(sap.asked), len(crm.asked))
    await house.close()


async def test_nobody_waits_for_it() -> None:
    """While a lookup is under way that somebody waits for none is begun; those that are, are few at once."""
    gate = asyncio.Event()
    numbers = [f"+4935155501{number:02}" for number in range(10)]
    sap, slow = Backend("sap", [MARIA]), Backend("osc", [], gate=gate)
    house = House(sap, slow, numbers=numbers, at_once=2)
    house.backends = [sap]
    house.service.begin(call())
    await eventually(lambda: 1 == len(slow.asked))
    round_ = asyncio.create_task(house.warming.round())
    await eventually(lambda: house.now > 0)
    for _ in range(50):
        await asyncio.sleep(0)
    assert [NUMBER] == [query.phone.e164 for query in sap.asked]
    sap.gate = asyncio.Event()
    gate.set()
    await eventually(lambda: 3 == len(sap.asked))
    for _ in range(50):
        await asyncio.sleep(0)
    assert 3 == len(sap.asked)
    sap.gate.set()
    await round_
    await eventually(lambda: 11 == len(sap.asked))
    await house.close()


async def test_it_goes_slowly_after_a_restart() -> None:
    """Nothing is kept of anybody: request by request in the time that the configuration gives, not all at once."""
    sap = Backend("sap", [MARIA])
    house = House(sap, numbers=[f"+4935155501{number:02}" for number in range(10)], per_minute=30)
    await house.round()
    assert (10, 20.0) == (len(sap.asked), house.now)
    await house.close()


async def test_a_backend_that_does_not_answer_is_left_alone() -> None:
    """Also where it went down after the round began; the others are asked."""
    sap, crm = Backend("sap", [MARIA]), Backend("crm", [])
    house = House(sap, crm, numbers=[NUMBER, OTHER])
    house.left_alone = {"sap"}
    await house.round()
    assert (0, 2) == (len(sap.asked), len(crm.asked))
    house.left_alone = set()
    await house.round()
    assert 2 == len(sap.asked)
    await house.close()


async def test_an_error_is_not_repeated_at_once() -> None:
    """Neither is a question after somebody whom the backend does not know, though that is kept for less time."""
    sap, crm = Backend("sap", [], error=ConnectorError(Problem.FAULT, "sap: refused")), Backend("crm", [])
    house = House(sap, crm)
    await house.round()
    house.now += 50
    await house.round()
    assert (1, 1) == (len(sap.asked), len(crm.asked))
    house.now += 60
    await house.round()
    assert (2, 2) == (len(sap.asked), len(crm.asked))
    assert {("sap", "failed"): 2, ("crm", "not_found"): 2} == dict(house.warming.asked)
    await house.close()


async def test_a_call_that_is_shown_an_old_answer_sees_the_new_one() -> None:
    """What was asked for ahead serves whoever talks to the customer just then."""
    gone = ConnectorError(Problem.UNREACHABLE, "sap: no connection")
    sap = Backend("sap", [MARIA])
    house = House(sap)
    await house.round()
    house.now += 150
    sap.error = gone
    house.service.begin(call())
    await eventually(lambda: house.service.current("main-1").answers[0].problem)  # type: ignore[union-attr]
    sap.error, sap.records = None, [CustomerRecord(system="sap", id="2")]
    await house.round()
    context = house.service.current("main-1")
    assert context is not None
    assert (None, ("2",)) == (context.answers[0].as_of, tuple(one.id for one in context.answers[0].records))
    await house.close()


async def test_they_are_chosen_again_now_and_then() -> None:
    """Not with each round; a store that can't be read changes nothing of who is warm."""
    house = House(Backend("sap", [MARIA]))
    await house.round()
    house.journal.numbers = [NUMBER, OTHER]
    await house.round()
    assert (1, 1) == (len(house.journal.asked), house.warming.customers)
    house.now += 600
    house.journal.error = StoreError("the disk is full")
    await house.round()
    assert (2, 1) == (len(house.journal.asked), house.warming.customers)
    house.now += 600
    house.journal.error = None
    await house.round()
    assert (3, 2) == (len(house.journal.asked), house.warming.customers)
    await house.close()


@pytest.mark.parametrize("kept_s", [0, 100])
async def test_what_is_not_kept_is_not_asked_for(kept_s: int) -> None:
    """Without a cache nothing can be warm; nor by a backend that has no operation for a number."""
    sap = Backend("sap", [MARIA], keys=("phone",) if not kept_s else ("email",))
    house = House(sap)
    house.service = ContextService([sap], ContextSection(cache_s=kept_s))
    house.warming._lookups = house.service.lookups
    await house.round()
    assert [] == sap.asked
    await house.close()


async def test_none_are_kept_warm_if_none_are_wanted() -> None:
    """`customers: 0` ends it before it begins."""
    house = House(Backend("sap", [MARIA]), customers=0)
    await house.warming.run()
    assert [] == house.journal.asked
    await house.close()
