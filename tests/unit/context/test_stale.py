"""Answers older than they should be: shown at once and told as such, refreshed behind, kept when nothing else is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from hub.config.model import ContextSection
from hub.config.resilience import AnswerCacheSection
from hub.context.service import ContextService
from hub.domain.customer import AnswerState, BackendAnswer, CustomerContext, CustomerRecord, Name, Problem
from hub.domain.phone import parse_number
from tests.unit.context.backends import Backend, ConnectorError
from tests.unit.context.test_service import MARIA, NUMBER, call
from tests.waiting import eventually

RENAMED = msgspec.structs.replace(MARIA, name=Name(full="Maria Vogt"))
GONE = ConnectorError(Problem.UNREACHABLE, "sap: no connection")


class Place:
    """A service whose clock the test turns, with all that it told."""

    def __init__(self, *backends: Backend, kept: AnswerCacheSection | None = None) -> None:
        self.now = 0.0
        self.completed: list[CustomerContext] = []
        self.outcomes: list[str] = []
        self.service = ContextService(
            backends,
            ContextSection(cache_s=60, cache_stale_s=600, cache_negative_s=10),
            kept={backend.name: kept for backend in backends if kept},
            on_lookup=lambda _connector, _seconds, state: self.outcomes.append(state),
            on_complete=lambda context, _pbx: self.completed.append(context),
            clock=lambda: self.now,
        )
        self.seen: list[CustomerContext] = []

    async def looked_up(self, call_id: str = "main-1") -> None:
        self.service.begin(call(call_id))
        await eventually(lambda: bool((context := self.service.current(call_id)) and context.complete))
        self.service.end(call_id)

    def rings(self, call_id: str = "main-2") -> BackendAnswer:
        """Begin a call and return what is known at once."""
        self.service.subscribe(self.seen.append)
        self.service.begin(call(call_id))
        return self.answer(call_id)

    def answer(self, call_id: str = "main-2") -> BackendAnswer:
        context = self.service.current(call_id)
        assert context is not None
        return context.answers[0]


async def test_a_stale_answer_is_there_at_once_and_the_new_one_follows() -> None:
    """The agent reads "as of" and the old name, then the new name; both contexts are published, as they differ."""
    gate = asyncio.Event()
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.gate, sap.records = 61.0, gate, [RENAMED]
    shown = place.rings()
    assert (AnswerState.FOUND, True, (MARIA,)) == (shown.state, shown.cached, shown.records)
    assert shown.as_of is not None
    assert datetime.now(UTC) - shown.as_of < timedelta(minutes=1)
    assert [] == place.seen
    gate.set()
    await eventually(lambda: place.seen)
    assert ((RENAMED,), None, False) == (place.answer().records, place.answer().as_of, place.answer().cached)
    assert ["Maria Huber", "Maria Huber", "Maria Vogt"] == [one.customers[0].display_name for one in place.completed]
    assert ["found", "stale", "found"] == place.outcomes
    await place.service.close()


async def test_a_stale_answer_that_was_still_true_is_told_as_fresh() -> None:
    """The mark goes when the backend has said the same; nothing new is published."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.records = 61.0, [msgspec.structs.replace(MARIA, fetched_at=datetime.now(UTC))]
    assert place.rings().as_of is not None
    await eventually(lambda: place.answer().as_of is None)
    assert 2 == len(place.completed)
    assert 1 == len(place.seen)
    await place.service.close()


async def test_a_stale_answer_stays_when_the_backend_is_down() -> None:
    """The customer of this morning is better than nobody; the agent is told of the age and of why."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.error = 61.0, GONE
    place.rings("main-2")
    place.rings("main-3")
    await eventually(lambda: place.answer("main-2").problem and place.answer("main-3").problem)
    for call_id in ("main-2", "main-3"):
        shown = place.answer(call_id)
        assert (AnswerState.FOUND, (MARIA,)) == (shown.state, shown.records)
        assert (Problem.UNREACHABLE, "sap: no connection") == (shown.problem, shown.detail)
        assert shown.as_of is not None
    assert 2 == len(sap.asked)
    assert 3 == len(place.completed)
    await place.service.close()


async def test_an_answer_too_old_to_stand_in_is_asked_for_in_the_open() -> None:
    """After the whole time the card waits, and a backend that is down is told as that."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.error = 661.0, GONE
    assert AnswerState.PENDING is place.rings().state
    await eventually(lambda: place.answer().state is AnswerState.FAILED)
    await place.service.close()


async def test_nobody_is_asked_for_again_soon() -> None:
    """A caller who was entered meanwhile is found after cache_negative_s, not after cache_s."""
    sap = Backend("sap")
    place = Place(sap)
    await place.looked_up()
    place.now = 9.0
    assert (AnswerState.NOT_FOUND, True) == ((shown := place.rings("main-2")).state, shown.cached)
    place.now, sap.records = 10.0, [MARIA]
    assert AnswerState.PENDING is place.rings("main-3").state
    await eventually(lambda: place.answer("main-3").state is AnswerState.FOUND)
    await place.service.close()


async def test_each_backend_may_have_times_of_its_own() -> None:
    """A connector's `cache` counts before the context's."""
    sap = Backend("sap", [MARIA])
    place = Place(sap, kept=AnswerCacheSection(fresh_s=5, stale_s=0))
    await place.looked_up()
    place.now = 4.9
    assert place.rings("main-2").cached
    place.now = 5.0
    assert AnswerState.PENDING is place.rings("main-3").state
    await place.service.close()


async def test_a_refresh_goes_on_when_the_caller_hangs_up() -> None:
    """The next call finds it fresh."""
    gate = asyncio.Event()
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.gate = 61.0, gate
    place.rings("main-2")
    await eventually(lambda: len(sap.asked) == 2)
    place.service.end("main-2")
    gate.set()
    await eventually(lambda: place.outcomes[-1] == "found")
    assert place.rings("main-3").as_of is None
    assert (2, 0) == (len(sap.asked), sap.cancelled)
    await place.service.close()


async def test_closing_takes_refreshes_back() -> None:
    """A hub that stops leaves no request behind."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.gate = 61.0, asyncio.Event()
    place.rings()
    await eventually(lambda: len(sap.asked) == 2)
    await place.service.close()
    assert 1 == sap.cancelled


async def test_a_dialplan_is_answered_from_what_is_stale() -> None:
    """Who waits for a route doesn't wait for the refresh."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    await place.looked_up()
    place.now, sap.gate = 61.0, asyncio.Event()
    context = await place.service.known(parse_number(NUMBER, "DE"), call_id="x", within_s=5)
    assert ["Maria Huber"] == [customer.display_name for customer in context.customers]
    await place.service.close()


async def test_what_was_asked_is_counted_by_what_the_cache_had() -> None:
    """Fresh, stale, negative and missed, by connector."""
    sap, osc = Backend("sap", [MARIA]), Backend("osc")
    place = Place(sap, osc)
    await place.looked_up("main-1")
    await place.looked_up("main-2")
    place.now = 61.0
    await place.looked_up("main-3")
    assert {
        ("sap", "miss"): 1,
        ("sap", "fresh"): 1,
        ("sap", "stale"): 1,
        ("osc", "miss"): 2,
        ("osc", "negative"): 1,
    } == (place.service.lookups.from_cache)
    await place.service.close()


async def test_a_withheld_number_costs_nothing_at_all() -> None:
    """No lookup, no look into the cache, no read of contacts."""
    sap = Backend("sap", [MARIA])
    place = Place(sap)
    place.service.begin(call("main-1", "anonymous"))
    context = place.service.current("main-1")
    assert context is not None
    assert context.complete
    assert ([], {}, []) == (sap.asked, dict(place.service.lookups.from_cache), place.outcomes)
    assert 0 == len(asyncio.all_tasks() - {asyncio.current_task()})


async def test_other_backends_from_now_on() -> None:
    """A lookup under way ends on the old connector; a new call asks the new one, and what the old said is forgotten."""
    gate = asyncio.Event()
    old = Backend("sap", [MARIA], gate=gate)
    kept = Backend("osc", [CustomerRecord(system="osc", id="9", name=Name(full="Maria Huber"))])
    new = Backend("sap", [RENAMED])
    place = Place(old, kept)
    place.service.begin(call("main-1"))
    await eventually(lambda: len(old.asked) == 1)
    place.service.use([kept, new], {})
    place.service.begin(call("main-2"))
    await eventually(lambda: bool((context := place.service.current("main-2")) and context.complete))
    gate.set()
    await eventually(lambda: bool((context := place.service.current("main-1")) and context.complete))
    before, after = place.service.current("main-1"), place.service.current("main-2")
    assert before is not None
    assert after is not None
    assert [("sap", (MARIA,)), ("osc", tuple(kept.records))] == [(one.connector, one.records) for one in before.answers]
    assert [("osc", tuple(kept.records)), ("sap", (RENAMED,))] == [
        (one.connector, one.records) for one in after.answers
    ]
    assert (1, 1, 1) == (len(old.asked), len(new.asked), len(kept.asked))
    place.service.begin(call("main-3"))
    third = place.service.current("main-3")
    assert third is not None
    assert [True, True] == [one.cached for one in third.answers]
    assert (RENAMED,) == third.answers[1].records
    place.service.use([kept], {})
    place.service.begin(call("main-4"))
    fourth = place.service.current("main-4")
    assert fourth is not None
    assert ["osc"] == [one.connector for one in fourth.answers]
    await place.service.close()
