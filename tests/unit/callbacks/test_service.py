"""When customers are called back, how it ends, and that nobody is called twice: with a journal on disk."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from hub.callbacks.book import ACTOR
from hub.config.opening_hours import OpeningHours
from hub.domain.agent import AgentState, DeviceState, DeviceStatus
from hub.domain.call import CallEventKind, Outcome
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.control import Dial, Refusal
from hub.domain.event import EventType, decode_event
from hub.domain.interaction import Channel, Interaction
from hub.domain.ports import CallbackRefusedError
from hub.journal.errors import JournalFullError
from tests.unit.callbacks.stage import BEGIN, PHONE, Stage, agent, queue, staged
from tests.waiting import eventually


async def types(stage: Stage) -> list[EventType]:
    """Return what the journal tells of callbacks."""
    events = [decode_event(stored.body) for stored in await stage.journal.read(0, 100)]
    return [event.type for event in events if isinstance(event.data, Callback)]


async def test_called_and_done(tmp_path: Path) -> None:
    """The agent is dialled for in the hub's own name; once both talk it is done, and told step by step."""
    async with staged(tmp_path) as stage:
        asked = await stage.ask("0351 5550123")
        assert (PHONE, "support", BEGIN + timedelta(days=1)) == (asked.phone, asked.queue, asked.expires_at)
        calling = await stage.dialled()
        assert [(Dial(id="callback:one:1", agent="alice", to=PHONE), ACTOR)] == stage.pbx.given
        ringing = stage.call_of(calling)
        stage.tell(ringing, CallEventKind.DELIVERED)
        shown = stage.service.callback_of(ringing)
        assert shown is not None
        assert ("Washer W1", "https://www.example.com/w1", "Washer") == (shown.page, shown.url, shown.topic)
        stage.tell(stage.call_of(calling, agent_talks=True))
        talking = stage.call_of(calling, agent_talks=True, customer_talks=True)
        stage.tell(talking)
        done = await stage.until(CallbackState.DONE)
        assert (1, 1, talking.id, "alice") == (done.dials, done.attempts, done.call_id, done.agent)
        assert [EventType.CALLBACK_REQUESTED, EventType.CALLBACK_CALLING, EventType.CALLBACK_DONE] == await types(stage)
        assert [] == list(stage.service.waiting())
        assert {"requested": 1, "done": 1} == dict(stage.service.counts)
        assert stage.service.callback_of(talking) is not None
        stage.ends(calling, Outcome.ANSWERED, agent_talks=True, customer_talks=True)
        assert stage.service.callback_of(talking) is None
        assert [CallbackState.WAITING, CallbackState.CALLING, CallbackState.DONE] == [
            state for state, _ in groupby(one.state for one in stage.changed)
        ]


async def test_a_line_of_the_contacts(tmp_path: Path) -> None:
    """It is one contact on the web that goes on; one that an agent asked for came by phone."""
    async with staged(tmp_path) as stage:
        stage.pbx.staff = []
        await stage.ask()
        await stage.ask("+4989123456", "two", asked_by="agent:alice")
        await stage.service.cancel("one", reason=CallbackReason.BY_CUSTOMER)
        lines = [event.data for event in stage.recorded if isinstance(event.data, Interaction)]
        assert [("callback:one", "waiting"), ("callback:two", "waiting"), ("callback:one", "cancelled")] == [
            (line.id, line.status) for line in lines
        ]
        assert [Channel.WEB, Channel.PHONE] == [line.channel for line in lines[:2]]
        assert ("Callback: Washer", "https://www.example.com/w1", "shop") == (
            lines[0].subject,
            lines[0].url,
            lines[0].source,
        )


async def test_the_next_agent(tmp_path: Path) -> None:
    """Who has been ready for longest is rung first; who does not answer is left alone, and the customer never rung."""
    async with staged(tmp_path) as stage:
        stage.pbx.staff = [agent("alice", since=BEGIN), agent("bob", since=BEGIN - timedelta(minutes=5))]
        await stage.ask()
        calling = await stage.dialled()
        assert "bob" == calling.agent
        stage.ends(calling, Outcome.NOT_ANSWERED)
        calling = await stage.dialled(2)
        assert ("alice", 0) == (calling.agent, calling.attempts)
        stage.ends(calling, Outcome.NOT_ANSWERED)
        waiting = await stage.until(CallbackState.WAITING, dials=2)
        assert (CallbackReason.AGENT_NOT_REACHED, 0, None) == (waiting.reason, waiting.attempts, waiting.not_before)
        await stage.passes(seconds=61)
        assert "bob" == (await stage.dialled(3)).agent
        assert len({dial.id for dial in stage.pbx.dials}) == 3


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.BUSY, CallbackReason.BUSY),
        (Outcome.NOT_ANSWERED, CallbackReason.NOT_ANSWERED),
        (Outcome.FAILED, CallbackReason.NOT_REACHED),
    ],
)
async def test_the_customer_does_not_answer(tmp_path: Path, outcome: Outcome, reason: CallbackReason) -> None:
    """It is tried again after a while, as often as the site wants, and then has failed."""
    async with staged(tmp_path, attempts=2, retry_s=600) as stage:
        await stage.ask()
        stage.ends(await stage.dialled(), outcome, agent_talks=True)
        postponed = await stage.until(CallbackState.WAITING, attempts=1)
        assert (reason, BEGIN + timedelta(minutes=10)) == (postponed.reason, postponed.not_before)
        await stage.passes(seconds=599)
        await stage.passes(seconds=2)
        stage.ends(await stage.dialled(2), outcome, agent_talks=True)
        failed = await stage.until(CallbackState.FAILED)
        assert (2, 2, reason) == (failed.dials, failed.attempts, failed.reason)
        assert [EventType.CALLBACK_POSTPONED] == [
            kind for kind in await types(stage) if kind is EventType.CALLBACK_POSTPONED
        ]


@pytest.mark.parametrize(
    ("refusal", "state", "reason"),
    [
        (Refusal.NOT_POSSIBLE, CallbackState.FAILED, CallbackReason.NOT_DIALABLE),
        (Refusal.PBX_REFUSED, CallbackState.WAITING, CallbackReason.AGENT_NOT_REACHED),
        (Refusal.TIMED_OUT, CallbackState.WAITING, CallbackReason.AGENT_NOT_REACHED),
    ],
)
async def test_a_dial_that_is_refused(
    tmp_path: Path, refusal: Refusal, state: CallbackState, reason: CallbackReason
) -> None:
    """A number without a way is given up; an agent whose phone can't be rung is passed over."""
    async with staged(tmp_path) as stage:
        stage.pbx.refusals["alice"] = refusal
        await stage.ask()
        assert 0 == (await stage.until(state, dials=1, reason=reason)).attempts


async def test_one_agent_one_customer(tmp_path: Path) -> None:
    """An agent calls one customer at a time, the one who asked first before the others."""
    async with staged(tmp_path) as stage:
        stage.pbx.staff = []
        await stage.ask()
        stage.now += timedelta(seconds=1)
        await stage.ask("+4989123456", "two")
        stage.pbx.staff = [agent("alice")]
        await stage.passes(seconds=1)
        calling = await stage.dialled()
        for _ in range(3):
            await stage.passes(seconds=1)
        assert CallbackState.WAITING is (await stage.kept("two")).state
        stage.tell(stage.call_of(calling, agent_talks=True, customer_talks=True))
        await stage.until(CallbackState.DONE)
        await eventually(lambda: len(stage.pbx.dials) == 2, "the second customer is called")
        assert [PHONE, "+4989123456"] == [dial.to for dial in stage.pbx.dials]


async def test_one_callback_for_a_number(tmp_path: Path) -> None:
    """Who asks again while it waits, or is being called, gets the one that there is."""
    async with staged(tmp_path) as stage:
        asked = await stage.ask()
        assert asked.id == (await stage.ask("0351/5550123", "again")).id
        calling = await stage.dialled()
        assert calling.id == (await stage.ask(name="again")).id
        assert await stage.service.callback("again") is None


async def test_who_waits_goes_first(tmp_path: Path) -> None:
    """While a caller waits in the queue nobody is taken away; nor while the PBX is away."""
    async with staged(tmp_path) as stage:
        stage.pbx.places = [queue(waiting=1)]
        await stage.ask()
        await stage.passes(seconds=30)
        stage.pbx.places = []
        await stage.passes(seconds=30)
        assert ([], CallbackState.WAITING) == (stage.pbx.given, (await stage.kept()).state)
        stage.pbx.places = [queue()]
        await stage.passes(seconds=1)
        await stage.dialled()


async def test_not_before(tmp_path: Path) -> None:
    """Nobody is called before they want it, nor outside the hours; the time to expire begins with both."""
    hours = OpeningHours(timezone="Europe/Berlin", open=("Mo-Fr 09:00-18:00",))
    async with staged(tmp_path, hours=hours, expire_s=3_600) as stage:  # a Friday, 13:00 in Berlin
        asked = await stage.ask(not_before=BEGIN + timedelta(hours=6))
        monday = BEGIN + timedelta(days=2, hours=20)
        assert (monday, monday + timedelta(hours=1)) == (asked.not_before, asked.expires_at)
        for later in (6, 18, 43.9):
            await stage.passes(hours=later)
        assert [] == stage.pbx.given
        await stage.passes(seconds=(monday - stage.now).total_seconds())
        calling = await stage.dialled()
        assert monday == calling.at


async def test_expired(tmp_path: Path) -> None:
    """For whom nobody was free in time the callback is over."""
    async with staged(tmp_path, expire_s=3_600) as stage:
        stage.pbx.staff = []
        await stage.ask()
        await stage.passes(seconds=3_600)
        await stage.until(CallbackState.EXPIRED)
        assert [EventType.CALLBACK_REQUESTED, EventType.CALLBACK_EXPIRED] == await types(stage)


@pytest.mark.parametrize("is_ringing", [False, True])
async def test_cancelled_while_it_rings(tmp_path: Path, is_ringing: bool) -> None:
    """The phone that rings is hung up, also one that begins to only after that; it is not dialled again."""
    async with staged(tmp_path) as stage:
        await stage.ask()
        calling = await stage.dialled()
        call = stage.call_of(calling)
        if is_ringing:
            stage.tell(call, CallEventKind.DELIVERED)
        cancelled = await stage.service.cancel("one", reason=CallbackReason.BY_CUSTOMER)
        assert cancelled is not None
        assert (CallbackState.CANCELLED, CallbackReason.BY_CUSTOMER) == (cancelled.state, cancelled.reason)
        if is_ringing:
            await eventually(lambda: [call.id] == stage.pbx.hung_up, "the phone is hung up")
        await stage.passes(seconds=120)
        assert 1 == len(stage.pbx.dials)
        assert cancelled == await stage.service.cancel("one", reason=CallbackReason.BY_AGENT)
        assert await stage.service.cancel("unknown", reason=CallbackReason.BY_AGENT) is None


async def test_the_customer_is_quicker(tmp_path: Path) -> None:
    """Who calls and is answered need not be called; while they wait or talk their line is not dialled."""
    async with staged(tmp_path) as stage:
        stage.pbx.staff = []
        await stage.ask()
        stage.calls_in(answered=False)
        stage.pbx.staff = [agent("alice")]
        await stage.passes(seconds=5)
        assert (CallbackState.WAITING, []) == ((await stage.kept()).state, stage.pbx.given)
        stage.calls_in(answered=True)
        done = await stage.until(CallbackState.DONE)
        assert (CallbackReason.CUSTOMER_CALLED, 0) == (done.reason, done.attempts)


async def test_who_is_not_called(tmp_path: Path) -> None:
    """Premium, short and foreign numbers are refused in words; so are sites that offer nothing, and too many."""
    never = ("+4935155599*", "+4989555123")
    async with staged(tmp_path, countries=("DE", "AT"), most=2, not_called=never) as stage:
        stage.pbx.staff = []
        for phone, code in (
            ("0900 1234567", "kind_not_called"),
            ("0180 5123456", "kind_not_called"),
            ("0137 1234567", "kind_not_called"),
            ("+44 20 7946 0018", "country_not_called"),
            ("+1 876 555 0123", "country_not_called"),
            ("+881 6 1234 5678", "country_not_called"),
            ("0351 555 99-17", "number_not_called"),
            ("+49 89 555123", "number_not_called"),
            ("110", "not_a_number"),
            ("1001", "not_a_number"),
            ("0351 5550123&SIP/evil", "not_a_number"),
            ("", "not_a_number"),
        ):
            with pytest.raises(CallbackRefusedError) as refused:
                await stage.ask(phone)
            assert (phone, code) == (phone, refused.value.code)
            assert str(refused.value)
        with pytest.raises(CallbackRefusedError) as refused:
            await stage.ask(not_before=BEGIN + timedelta(days=31))
        assert "too_far_ahead" == refused.value.code
        await stage.ask()
        await stage.ask("+43 1 5550123", "two")
        with pytest.raises(CallbackRefusedError) as refused:
            await stage.ask("+4989123456", "three")
        assert "too_many" == refused.value.code
        assert 2 == len(stage.service.waiting())


async def test_a_restart_while_it_waits(tmp_path: Path) -> None:
    """What waited waits again, and is called."""
    async with staged(tmp_path) as stage:
        stage.pbx.staff = []
        asked = await stage.ask()
        await stage.close()
        await stage.open()
        assert [asked] == list(stage.service.waiting())
        stage.pbx.staff = [agent("alice")]
        await stage.passes(seconds=1)
        await stage.dialled()


async def test_a_restart_while_it_rings(tmp_path: Path) -> None:
    """What rang when the hub ended is not dialled again: its call is known by its id, and ends as it ends."""
    async with staged(tmp_path) as stage:
        await stage.ask()
        calling = await stage.dialled()
        await stage.close()
        stage.pbx.calls = {call.id: call for call in (stage.call_of(calling),)}
        await stage.open()
        await stage.passes(seconds=30)
        assert (CallbackState.CALLING, 1) == ((await stage.kept()).state, len(stage.pbx.dials))
        assert stage.service.callback_of(stage.call_of(calling)) == calling
        stage.tell(stage.call_of(calling, agent_talks=True, customer_talks=True))
        await stage.until(CallbackState.DONE, attempts=1)
        assert 1 == len(stage.pbx.dials)


async def test_a_restart_that_missed_the_end(tmp_path: Path) -> None:
    """A call that a connected PBX has no more counts as an attempt; while the PBX is away nothing is decided."""
    async with staged(tmp_path, retry_s=600) as stage:
        await stage.ask()
        await stage.dialled()
        await stage.close()
        stage.pbx.connected = False
        await stage.open()
        await stage.passes(seconds=60)
        assert CallbackState.CALLING is (await stage.kept()).state
        stage.pbx.connected = True
        await stage.passes(seconds=5)
        await stage.passes(seconds=11)
        postponed = await stage.until(CallbackState.WAITING, attempts=1)
        assert CallbackReason.UNCERTAIN == postponed.reason
        assert postponed.not_before is not None
        assert 1 == len(stage.pbx.dials)


async def test_nothing_is_dialled_that_is_not_durable(tmp_path: Path) -> None:
    """While the journal takes nothing no phone rings; once it does the callback goes on."""
    async with staged(tmp_path) as stage:
        stage.pbx.staff = []
        await stage.ask()
        taking = stage.journal.append_all

        def refuses(_events: object) -> object:
            raise JournalFullError("the disk is full")

        stage.journal.append_all = refuses  # type: ignore[method-assign,assignment]
        stage.pbx.staff = [agent("alice")]
        await stage.passes(seconds=1)
        await stage.passes(seconds=1)
        assert [] == stage.pbx.given
        stage.journal.append_all = taking  # type: ignore[method-assign]
        await stage.dialled()


@pytest.mark.parametrize(
    ("changes", "is_free"),
    [
        ({}, True),
        ({"state": AgentState.NOT_READY}, False),
        ({"state": AgentState.BUSY}, False),
        ({"state": AgentState.AFTER_CALL_WORK}, False),
        ({"queues": ()}, False),
        ({"devices": ()}, False),
        ({"devices": (DeviceStatus(pbx="main", device="PJSIP/1", state=DeviceState.UNAVAILABLE),)}, False),
        ({"devices": (DeviceStatus(pbx="main", device="PJSIP/1", state=DeviceState.ALERTING),)}, False),
        (
            {
                "devices": (
                    DeviceStatus(pbx="main", device="PJSIP/1", state=DeviceState.IDLE),
                    DeviceStatus(pbx="main", device="PJSIP/2", state=DeviceState.BUSY),
                )
            },
            False,
        ),
        ({"agent": "bob"}, False),
    ],
)
async def test_who_calls(tmp_path: Path, changes: dict[str, object], is_free: bool) -> None:
    """Ready in the queue, with a phone that can be rung and none in use, and one of those who do it at this site."""
    async with staged(tmp_path, agents=("alice",)) as stage:
        stage.pbx.staff = [msgspec.structs.replace(agent("alice"), **changes)]
        await stage.ask()
        if is_free:
            await stage.dialled()
        else:
            await stage.passes(seconds=1)
            assert [] == stage.pbx.given
