"""A backend's reader of the journal: in order, once, however long the backend was away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from connectors.base import ConnectorError
from hub.config.outbound import OutboundSection
from hub.domain.backend import BackendStatus
from hub.domain.customer import AnswerState, Consent, CustomerRecord, Problem, Sourced
from hub.domain.event import WriteBackRequest, decode_event, write_back_event
from hub.domain.inbound import DeadLetterState, Transport
from hub.domain.interaction import CustomerRef
from hub.domain.writeback import WriteBack, WriteKind
from hub.journal.erasure import CustomerBeside
from hub.outbound.delivery import Deliverer
from hub.outbound.outbound import Backend
from hub.outbound.waiting import UNSURE_S
from tests.unit.outbound.site import (
    CALLS,
    NOON,
    NUMBER,
    Keeper,
    Site,
    answer,
    cleared,
    context,
    fed,
    interaction,
    known,
)
from tests.waiting import eventually

DOWN = ConnectorError(Problem.UNREACHABLE, "crm: no connection")
BROKEN = ConnectorError(Problem.FAULT, "crm: too long")
DAY_S = 24 * 3600


async def calls(site: Site, *numbers: int) -> None:
    for number in numbers:
        await site.happened(context(number, known(f"C-{number}")), cleared(number))


async def test_what_happens_is_written_in_its_order(site: Site) -> None:
    """Of each call an activity, for the customer that its context knew; other events are passed by."""
    site.rules(CALLS)
    await site.start()
    await calls(site, 1, 2, 3)
    await site.dealt_with()
    assert ["main-1", "main-2", "main-3"] == site.crm.ids
    assert ["C-1", "C-2", "C-3"] == [entry.customer for entry in site.crm.kept.values()]
    assert {"written": 3} == site.counts()


async def test_a_new_backend_begins_at_the_end(site: Site) -> None:
    """History is not poured out over it; what happens while the hub is stopped then is not lost."""
    site.rules(CALLS)
    await calls(site, 1)
    await site.start()
    await site.outbound.stop()
    await calls(site, 2)
    await site.another().start()
    await site.dealt_with()
    assert ["main-2"] == site.crm.ids


async def test_the_end_of_an_empty_journal_is_a_place_too(site: Site) -> None:
    """Started on a fresh store and stopped before anything happened."""
    site.rules(CALLS)
    await site.start()
    await site.outbound.stop()
    await calls(site, 1)
    await site.another().start()
    await site.dealt_with()
    assert ["main-1"] == site.crm.ids


async def test_a_backend_that_was_down_for_a_day_gets_all_in_order_once(site: Site) -> None:
    """It is asked less and less often, nothing overtakes, nothing is lost."""
    site.rules(CALLS)
    await site.start()
    await site.outbound.stop()
    await calls(site, *range(1, 101))
    site.crm.is_down = DOWN

    def back_after_a_day() -> None:
        if site.clock.now > NOON + timedelta(days=1):
            site.crm.is_down = None

    site.clock.on_wait = back_after_a_day
    await site.another().start()
    await site.dealt_with()
    assert [f"main-{number}" for number in range(1, 101)] == site.crm.ids
    assert {"written": 100} == site.counts()
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == site.clock.waits[:11]
    assert 300 == max(site.clock.waits)
    assert set(site.crm.tried[: len(site.clock.waits)]) == {"main-1"}
    assert len(site.crm.tried) == len(site.clock.waits) + 100


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (ConnectorError(Problem.UNREACHABLE, "x"), 1.0),
        (ConnectorError(Problem.REFUSED, "x", status=401), 1.0),
        (ConnectorError(Problem.THROTTLED, "x", retry_after_s=77), 77.0),
        (ConnectorError(Problem.TIMEOUT, "x"), UNSURE_S),
        (ConnectorError(Problem.UNREACHABLE, "x").not_repeatable(), UNSURE_S),
        (ConnectorError(Problem.MALFORMED, "x").not_repeatable(), UNSURE_S),
        (ConnectorError(Problem.MALFORMED, "x"), 1.0),
        (ConnectorError(Problem.FAULT, "x").not_repeatable(), 1.0),
    ],
)
async def test_how_long_it_is_left_alone(site: Site, error: ConnectorError, waits: float) -> None:
    """As long as it asks for; longer where it may still be at it, as a search would find nothing yet."""
    site.rules(CALLS)
    site.crm.errors = [error]
    await site.start()
    await calls(site, 1)
    await site.dealt_with()
    assert ([waits], ["main-1"]) == (site.clock.waits, site.crm.ids)


async def test_what_is_refused_for_itself_becomes_a_dead_letter(site: Site) -> None:
    """After so many attempts, with all that is needed to try it again; those behind it follow."""
    site.rules(CALLS, attempts=3)
    site.crm.refused = {"main-2": BROKEN}
    await site.start()
    await calls(site, 1, 2, 3)
    await site.dealt_with()
    assert ["main-1", "main-3"] == site.crm.ids
    assert ["main-1", *["main-2"] * 3, "main-3"] == site.crm.tried
    assert {"written": 2, "dead": 1} == site.counts()
    [listed] = await site.journal.dead_letters(origin="/connector/crm")
    letter = await site.journal.dead_letter(listed.id)
    assert letter is not None
    assert [letter.id] == [one.id for one in site.dead]
    assert ("crm: too long", Transport.OUTBOUND, DeadLetterState.WAITING) == (
        letter.reason,
        letter.transport,
        letter.state,
    )
    assert ("activity", 3, "main-2") == (letter.part, letter.attempts, decode_event(letter.body).subject)


@pytest.mark.parametrize("has_written", [True, False])
async def test_a_backend_that_refuses_everything_is_waited_for(site: Site, has_written: bool) -> None:
    """It answers 500 to whatever it is asked, for a day: that is no fault of the first thing that is tried."""
    site.rules(CALLS, attempts=2)
    await site.start()
    if has_written:
        await calls(site, 1)
        await site.dealt_with()
    failing = ConnectorError(Problem.FAULT, "crm: HTTP 500", status=500)
    # Of a customer who was there before a lookup shows it, else the check.
    site.crm.is_down, site.crm.error_of_check = failing, None if has_written else failing

    def back_after_a_day() -> None:
        if site.clock.now > NOON + timedelta(days=1):
            site.crm.is_down = site.crm.error_of_check = None

    site.clock.on_wait = back_after_a_day
    await calls(site, 2, 3, 4)
    await site.dealt_with()
    assert ["main-2", "main-3", "main-4"] == site.crm.ids[-3:]
    assert [] == site.dead


@pytest.mark.parametrize(
    "check",
    [None, ConnectorError(Problem.FAULT, "crm: HTTP 404", status=404), ConnectorError(Problem.MALFORMED, "crm: HTML")],
)
async def test_a_check_that_never_worked_says_nothing(site: Site, check: ConnectorError | None) -> None:
    """It fails in another way than the writing does: what is refused does not hold up the others for it."""
    site.rules(CALLS, attempts=2)
    site.crm.error_of_check = check
    site.crm.refused = {"main-1": ConnectorError(Problem.FAULT, "crm: HTTP 422", status=422)}
    await site.start()
    await calls(site, 1, 2)
    await site.dealt_with()
    assert (["main-2"], 1) == (site.crm.ids, len(site.dead))


async def test_a_backend_that_refuses_everything_for_too_long(site: Site) -> None:
    """What has waited for as long as is said becomes a dead letter then, too."""
    site.rules(CALLS, attempts=2, give_up_after_h=1)
    site.crm.is_down = site.crm.error_of_check = ConnectorError(Problem.FAULT, "crm: HTTP 500", status=500)
    await site.start()
    await calls(site, 1)
    await site.dealt_with()
    assert ["crm: HTTP 500"] == [letter.reason for letter in site.dead]
    assert site.clock.now > NOON + timedelta(hours=1)


async def test_what_has_waited_too_long_becomes_a_dead_letter(site: Site) -> None:
    """Measured from when it happened: those behind it have waited as long as they have, and not longer."""
    site.rules(CALLS, give_up_after_h=1)
    site.crm.is_down = DOWN

    def back() -> None:
        if site.clock.now > NOON + timedelta(hours=2):
            site.crm.is_down = None
            site.crm.records = (CustomerRecord(system="crm", id="C-1"),)

    site.clock.on_wait = back
    await site.start()
    await site.happened(cleared(1), cleared(2), cleared(3, at=NOON + timedelta(hours=2)))
    await site.dealt_with()
    assert ["main-3"] == site.crm.ids
    assert {"main-1", "main-2"} == {decode_event(one.body).subject for one in site.dead}
    assert {"crm: no connection"} == {one.reason for one in site.dead}


async def test_killed_between_the_writing_and_the_saving(site: Site) -> None:
    """What may have been under way is left alone for a while, and then handed over with the same id."""
    site.rules(CALLS)
    await site.start()
    site.crm.at_work = asyncio.Event()
    await calls(site, 1, 2)
    await eventually(lambda: site.crm.tried)
    await site.restart(killed=True)
    site.crm.at_work.set()
    await site.dealt_with()
    assert ([UNSURE_S], ["main-1", "main-2"]) == (site.clock.waits, site.crm.ids)
    assert ["main-1", "main-1", "main-2"] == site.crm.tried


async def test_stopped_in_good_order_nothing_is_in_doubt(site: Site) -> None:
    """A write that has begun is waited for; the next start writes on at once."""
    site.rules(CALLS)
    await site.start()
    site.crm.at_work = asyncio.Event()
    await calls(site, 1, 2)
    await eventually(lambda: site.crm.tried)
    stopping = asyncio.create_task(site.restart())
    await asyncio.sleep(0)
    site.crm.at_work.set()
    await stopping
    await site.dealt_with()
    assert ([], ["main-1", "main-2"]) == (site.clock.waits, site.crm.tried)


async def test_stopped_while_the_backend_is_down(site: Site) -> None:
    """It was not begun: after the start it is tried at once."""
    site.rules(CALLS)
    site.crm.is_down = DOWN
    site.clock.stops_at = 1
    await site.start()
    await calls(site, 1)
    await eventually(lambda: site.clock.waits)
    await site.outbound.stop()
    site.crm.is_down = None
    await site.another().start()
    await site.dealt_with()
    assert ([1.0], ["main-1"]) == (site.clock.waits, site.crm.ids)


async def test_once_it_answers_what_waits_is_tried_at_once(site: Site) -> None:
    """A lookup found it up: nobody waits five minutes for the next try."""
    site.rules(CALLS)
    site.crm.is_down = DOWN
    site.clock.stops_at = 3
    await site.start()
    await calls(site, 1)
    await eventually(lambda: len(site.clock.waits) == 3)
    assert (NOON, 1) == (site.status().waiting_since, site.status().behind)
    site.crm.is_down = None
    site.outbound.is_up("crm")
    await site.dealt_with()
    assert ["main-1"] == site.crm.ids
    assert (None, 0) == (site.status().waiting_since, site.status().behind)


async def test_who_may_still_be_at_it_is_not_hurried(site: Site) -> None:
    """It answers somebody else: that says nothing of what it has begun."""
    site.rules(CALLS)
    site.crm.errors = [ConnectorError(Problem.TIMEOUT, "crm: no answer")]
    site.clock.stops_at = 1
    await site.start()
    await calls(site, 1)
    await eventually(lambda: site.clock.waits)
    site.outbound.is_up("crm")
    for _ in range(10):
        await asyncio.sleep(0)
    assert ["main-1"] == site.crm.tried


async def test_nobody_and_several_are_passed_by(site: Site) -> None:
    """Nothing is written onto somebody else; a rule may say that it is written onto nobody."""
    site.rules(CALLS, {**CALLS, "write": "note", "without_customer": "write"})
    await site.start()
    await site.happened(
        context(1, answers=[answer(AnswerState.NOT_FOUND)]),
        cleared(1),
        context(2, known("C-1"), known("C-2")),
        cleared(2),
    )
    await site.dealt_with()
    assert {(WriteKind.NOTE, "main-1"): "", (WriteKind.NOTE, "main-2"): ""} == {
        key: entry.customer for key, entry in site.crm.kept.items()
    }
    assert {"written": 2, "skipped": 2} == site.counts()


async def test_who_was_down_when_the_call_came_is_asked_whose_it_is(site: Site) -> None:
    """Waited for as for a write."""
    site.rules(CALLS)
    site.crm.is_down = DOWN

    def back() -> None:
        site.crm.is_down, site.crm.records = None, (CustomerRecord(system="crm", id="C-7"),)

    site.clock.on_wait = back
    await site.start()
    await site.happened(context(1, answers=[answer(AnswerState.FAILED)]), cleared(1))
    await site.dealt_with()
    assert ["C-7"] == [entry.customer for entry in site.crm.kept.values()]


async def test_what_an_agent_wrote_while_it_was_down(site: Site) -> None:
    """Without any rule; in order with everything else, and left alone for a while if it may have been begun."""
    site.backends["crm"] = Backend(site.crm, OutboundSection())
    await site.start()
    entry = WriteBack(id="main-1.w1", kind=WriteKind.NOTE, customer="C-1", note="Pump replaced")
    other = WriteBack(id="main-2.w2", kind=WriteKind.NOTE, phone=NUMBER.e164 or "", note="Another")
    site.crm.records = (CustomerRecord(system="crm", id="C-9"),)
    requests = [
        write_back_event(WriteBackRequest(connector="crm", entry=entry)),
        write_back_event(WriteBackRequest(connector="erp", entry=entry)),
        write_back_event(WriteBackRequest(connector="crm", entry=other, is_unsure=True)),
    ]
    await site.happened(*(msgspec.structs.replace(event, time=NOON) for event in requests))
    await site.dealt_with()
    assert ["C-1", "C-9"] == [entry.customer for entry in site.crm.kept.values()]
    assert [UNSURE_S] == site.clock.waits


async def test_an_event_that_can_not_be_read_holds_nothing_up(site: Site) -> None:
    """Written by a hub that knew more, say: it is kept for somebody who knows."""
    site.rules({"on": ["cti.interaction.recorded"], "without_customer": "write"}, CALLS)
    await site.start()
    broken = cleared(1)
    await site.happened(
        msgspec.structs.replace(
            broken, data=WriteBackRequest(connector="x", entry=WriteBack(id="1", kind=WriteKind.NOTE))
        )
    )
    await calls(site, 2)
    await site.dealt_with()
    assert (["main-2"], 1) == (site.crm.ids, len(site.dead))
    assert site.dead[0].reason.startswith("the event can't be read: ")


async def test_a_defect_costs_one_thing_its_writing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's own mistake is told in the dead letter; the reader lives."""
    site.rules(CALLS)
    await site.start()
    deliver = Deliverer.deliver

    async def failing(self: Deliverer, delivery: object, connector: Keeper) -> object:
        if not site.dead:
            raise ZeroDivisionError
        return await deliver(self, delivery, connector)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(Deliverer, "deliver", failing)
    await calls(site, 1, 2)
    await site.dealt_with()
    assert ["main-2"] == site.crm.ids
    assert "the hub failed on it (ZeroDivisionError): see the hub's log" == site.dead[0].reason


async def test_lookups_go_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as somebody's lookup waits for its turn, nothing is written."""
    site.rules(CALLS)
    site.crm.waiting = 3
    seen: list[int] = []

    def status() -> BackendStatus:
        seen.append(len(site.crm.tried))
        if len(seen) == 3:
            site.crm.waiting = 0
        return Keeper.status(site.crm)

    monkeypatch.setattr(site.crm, "status", status)
    await site.start()
    await calls(site, 1)
    await site.dealt_with()
    assert [0, 0, 0] == seen


async def test_what_waits_of_an_erased_customer_is_not_written(site: Site) -> None:
    """It was read before the store was emptied: it is looked at again before it is written, and the rest goes on."""
    site.rules(CALLS)
    site.crm.is_down = DOWN
    site.clock.stops_at = 1
    await site.start()
    await calls(site, 1)
    await eventually(lambda: site.clock.waits)
    with CustomerBeside(site.folder / "ctihub.db") as store:
        scope = store.scope(f"tel:{NUMBER.e164}")
        store.erase(store.begin(scope, by="cli:dpo"), scope)
    site.journal.forget_recent()
    site.crm.is_down = None
    site.outbound.look_again()
    await site.dealt_with()
    assert [] == site.crm.ids
    assert {"skipped": 1} == site.counts()


async def test_nothing_is_written_for_a_purpose_that_the_customer_refuses(site: Site) -> None:
    """Of the section, or of the rule alone; of who has not refused it is written."""
    refusing = msgspec.structs.replace(
        known("C-1"),
        consents=(Sourced(value=Consent(purpose="marketing", granted=False), system="crm", record="C-1"),),
    )
    site.rules({**CALLS, "purpose": "marketing"}, {**CALLS, "write": "note", "purpose": "service"})
    await site.start()
    await site.happened(context(1, refusing), cleared(1), context(2, known("C-2")), cleared(2))
    await site.dealt_with()
    assert [(WriteKind.NOTE, "main-1"), (WriteKind.ACTIVITY, "main-2"), (WriteKind.NOTE, "main-2")] == list(
        site.crm.kept
    )
    assert {"written": 3, "skipped": 1} == site.counts()


async def test_who_is_found_by_asking_the_backend_may_have_refused_it(site: Site) -> None:
    """A contact names a number alone: whose it is, and what they refuse, the backend says."""
    refusing = CustomerRecord(system="crm", id="C-1", consents=(Consent(purpose="marketing", granted=False),))
    site.crm.records = (refusing,)
    site.rules(
        {"on": ["cti.interaction.*"], "write": "note", "purpose": "marketing"},
        {"on": ["cti.interaction.*"], "write": "activity", "purpose": "service"},
    )
    await site.start()
    assert NUMBER.e164 is not None
    by_number = CustomerRef(phones=(NUMBER.e164,))
    await site.happened(
        fed(interaction(customer=by_number)), fed(interaction("m-2", customer=by_number), event_id="e-2")
    )
    await site.dealt_with()
    assert [(WriteKind.ACTIVITY, "mail:m-1"), (WriteKind.ACTIVITY, "mail:m-2")] == list(site.crm.kept)
    assert {"written": 2, "skipped": 2} == site.counts()


async def test_what_nobody_has_told_of_a_customer_is_asked_before_it_is_written(site: Site) -> None:
    """A contact names the backend's own id, of whom nothing was ever heard: the backend says what they refuse."""
    site.crm.records = (
        CustomerRecord(system="crm", id="C-1", consents=(Consent(purpose="marketing", granted=False),)),
    )
    site.rules({"on": ["cti.interaction.*"], "write": "note", "purpose": "marketing"})
    await site.start()
    await site.happened(fed(interaction()))
    await site.dealt_with()
    assert ([], {"skipped": 1}) == (site.crm.ids, site.counts())
    assert [{"crm": "C-1"}] == [query.ids for query in site.crm.asked]
    site.crm.records = ()
    await site.happened(fed(interaction("m-2"), event_id="e-2"))
    await site.dealt_with()
    assert ["mail:m-2"] == site.crm.ids
