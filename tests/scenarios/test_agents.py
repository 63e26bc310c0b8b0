"""Agents on a real Asterisk: they log on, pause and work after calls, from the desk and from the phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.agent import AgentState, DeviceState, QueueStatus
from hub.domain.control import AfterCallWork, LogOff, LogOn, NotReady, Ready, Refusal
from tests.scenarios.agent_floor import Floor, floor_of
from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.record import SUPPORT
from tests.servers.sipp import DiallingPhone, Phone, Trunk
from tests.waiting import eventually

SERVICE = "493023125300"


@pytest.fixture(autouse=True)
def _as_it_was(asterisk: Asterisk) -> Iterator[None]:
    """Find and leave nobody paused and nobody in the queue that agents log on to."""
    _tidy(asterisk)
    yield
    _tidy(asterisk)


def _tidy(asterisk: Asterisk) -> None:
    for phone in ("1001", "1004"):
        for queue in ("support", "sales", "service"):
            asterisk.command(f"queue unpause member PJSIP/{phone} queue {queue}")
        asterisk.command(f"queue remove member PJSIP/{phone} from service")


@pytest.fixture
async def floor(asterisk: Asterisk) -> AsyncIterator[Floor]:
    """Follow agents and queues."""
    async with floor_of(asterisk) as running:
        yield running


async def dial(phone: DiallingPhone, code: str) -> None:
    """Dial a code and listen until Asterisk hangs up."""
    call = await phone.dial(code)
    await call.established()
    await call.cleared(within=10)


async def test_an_agent_logs_on_and_off_at_the_desk(floor: Floor) -> None:
    """Dora, member of no queue but sales by its file, gets a place in service and gives it back; each told once."""
    assert ["sales"] == [place.queue for place in floor.agent("dora").queues]
    assert [("main", "service")] == [(place.pbx, place.queue) for place in floor.agent("dora").can_join]
    floor.told.clear()

    result = await floor.do(LogOn, "dora", queues=("service",))
    assert (True, "Logged on to service.") == (result.done, result.message)
    (sales, service) = floor.agent("dora").queues
    assert (("sales", False), ("service", True)) == (
        (sales.queue, sales.is_dynamic),
        (service.queue, service.is_dynamic),
    )
    assert () == floor.agent("dora").can_join

    assert (await floor.do(LogOn, "dora", queues=("service",))).done
    assert (await floor.do(LogOff, "dora", queues=("service",))).done
    assert ["sales"] == [place.queue for place in floor.agent("dora").queues]
    refused = await floor.do(LogOff, "dora", queues=("service",))
    assert (Refusal.WRONG_STATE, "Dora is not logged on to service.") == (refused.refusal, refused.message)
    assert [] == floor.told


async def test_a_member_by_the_file_is_paused_by_logging_off(floor: Floor, asterisk: Asterisk) -> None:
    """Nobody can leave a queue that names them in queues.conf: they count as logged off, and no call reaches them."""
    floor.told.clear()
    result = await floor.do(LogOff, "dora")
    assert result.done
    assert "sales" in result.message
    assert ["dora logged_off"] == floor.told
    assert () == floor.agent("dora").queues
    assert "Logged off" in asterisk.command("queue show sales")
    assert (await floor.do(Ready, "dora")).refusal is Refusal.WRONG_STATE

    assert (await floor.do(LogOn, "dora", queues=("sales",))).done
    assert ["dora logged_off", "dora logged_on", "dora ready"] == floor.told


async def test_desk_and_phone_agree(floor: Floor, asterisk: Asterisk) -> None:
    """What is begun at the phone is ended at the desk, and the other way round; one event for each change."""
    async with Phone(asterisk, "1004"), DiallingPhone(asterisk, "1004") as keys:
        await floor.do(LogOff, "dora")
        floor.told.clear()
        await dial(keys, "*45")
        await floor.is_so("dora", "ready")
        assert ["service"] == [place.queue for place in floor.agent("dora").queues]
        assert (await floor.do(NotReady, "dora", reason="Lunch")).done
        await floor.is_so("dora", "not_ready", "Lunch")
        await dial(keys, "*47")
        await floor.is_so("dora", "ready")
        await dial(keys, "*463")
        await floor.is_so("dora", "not_ready", "Meeting")
        assert (await floor.do(Ready, "dora")).done
        await floor.is_so("dora", "ready")
        assert (await floor.do(LogOff, "dora", queues=("service",))).done
    told = [line for line in floor.told if "busy" not in line]
    assert "dora logged_on" == told[0]
    assert 1 == told.count("dora logged_on")
    assert "dora not_ready Lunch" in told
    assert "dora not_ready Meeting" in told


async def test_a_pause_has_a_reason_in_each_queue(floor: Floor, asterisk: Asterisk) -> None:
    """Paused in one queue of two an agent is ready still; in both, not, and the newest reason is told."""
    floor.told.clear()
    assert (await floor.do(NotReady, reason="Training", queues=("sales",))).done
    assert {"sales": "Training"} == floor.paused("alice")
    assert AgentState.READY is floor.agent("alice").state
    assert [] == floor.told

    assert (await floor.do(NotReady, reason="Lunch, öäü")).done
    assert {"sales": "Lunch, öäü", "support": "Lunch, öäü"} == floor.paused("alice")
    assert ["alice not_ready Lunch, öäü"] == floor.told
    assert "Lunch, öäü" in asterisk.command("queue show sales")

    assert (await floor.do(Ready)).done
    assert ["alice not_ready Lunch, öäü", "alice ready"] == floor.told
    reserved = await floor.do(NotReady, reason="After-call work")
    assert Refusal.NOT_POSSIBLE is reserved.refusal


async def test_an_agent_is_busy_from_answering_until_the_end(floor: Floor, asterisk: Asterisk) -> None:
    """A phone that rings makes nobody busy; one that talks does, and its device says which."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        await eventually(lambda: floor.agent("alice").devices[0].state is DeviceState.IDLE, "the phone is free")
        floor.told.clear()
        caller = await trunk.call("+498999998301", to=SUPPORT)
        ringing = await phone.rings()
        await eventually(lambda: floor.agent("alice").devices[0].state is DeviceState.ALERTING, "the phone rings")
        assert AgentState.READY is floor.agent("alice").state
        await ringing.answer()
        await floor.is_so("alice", "busy")
        assert DeviceState.BUSY is floor.agent("alice").devices[0].state
        await caller.hang_up()
        await floor.is_so("alice", "ready")
        assert ["alice busy", "alice ready"] == floor.told
        await eventually(lambda: floor.agent("alice").queues[0].calls_taken > 0, "the call is counted")
    await eventually(lambda: floor.agent("alice").devices[0].state is DeviceState.UNAVAILABLE, "the phone is off")


async def test_after_a_queue_call_there_is_time_to_write_it_down(fresh_asterisk: Asterisk) -> None:
    """Paused in all queues as the call ends, for as long as the queue has it; then ready by itself, each told once.

    No other hub is there, which has a time of its own for after-call work and would end it.
    """
    async with (
        floor_of(fresh_asterisk, after_call_s=30, queues={"support": {"after_call_s": 1.5}}) as floor,
        Phone(fresh_asterisk, "1001") as phone,
        Trunk(fresh_asterisk) as trunk,
    ):
        floor.told.clear()
        caller = await trunk.call("+498999998302", to=SUPPORT)
        await (await phone.rings()).answer()
        await floor.is_so("alice", "busy")
        await caller.hang_up()
        await floor.is_so("alice", "after_call_work")
        began = floor.agent("alice")
        assert began.until is not None
        assert timedelta(seconds=1.4) < began.until - began.since <= timedelta(seconds=1.5)
        await eventually(
            lambda: {"sales": "After-call work", "support": "After-call work"} == floor.paused("alice"), "both paused"
        )
        await floor.is_so("alice", "ready")
        await eventually(lambda: {} == floor.paused("alice"), "nothing paused")
        assert datetime.now(UTC) >= began.until
        assert ["alice busy", "alice after_call_work", "alice ready"] == floor.told


async def test_who_waits_gets_the_agent_when_the_work_is_done(asterisk: Asterisk) -> None:
    """A caller who waits already is not put through in the moment in which the phone is free, but after it."""
    async with (
        floor_of(asterisk, after_call_s=2) as floor,
        Phone(asterisk, "1004") as phone,
        Trunk(asterisk) as trunk,
    ):
        assert (await floor.do(LogOn, "dora", queues=("service",))).done
        first = await trunk.call("+498999998307", to=SERVICE)
        await (await phone.rings()).answer()
        await floor.is_so("dora", "busy")
        second = await trunk.call("+498999998308", to=SERVICE)
        await eventually(lambda: 1 == len(floor.queue("service").waiting), "the second caller waits")
        await asyncio.sleep(0.5)  # the queue tries for a caller once a second: half-way between two tries
        await first.hang_up()
        await floor.is_so("dora", "after_call_work")
        until = floor.agent("dora").until
        ringing = await phone.rings()
        assert until is not None
        assert datetime.now(UTC) >= until
        await ringing.answer()
        await second.hang_up()


async def test_after_call_work_ends_when_the_agent_says_so(fresh_asterisk: Asterisk) -> None:
    """Ready ends it early, from the desk or the phone; a pause of their own during it stays when its time is over."""
    async with (
        floor_of(fresh_asterisk, after_call_s=2) as floor,
        Phone(fresh_asterisk, "1001") as phone,
        DiallingPhone(fresh_asterisk, "1001") as keys,
        Trunk(fresh_asterisk) as trunk,
    ):

        async def talk() -> None:
            caller = await trunk.call("+498999998303", to=SUPPORT)
            await (await phone.rings()).answer()
            await floor.is_so("alice", "busy")
            await caller.hang_up()
            await eventually(lambda: 2 == len(floor.paused("alice")), "paused after the call")

        await talk()
        assert (await floor.do(Ready)).done
        await floor.is_so("alice", "ready")

        await talk()
        await dial(keys, "*47")
        await floor.is_so("alice", "ready")

        await talk()
        assert (await floor.do(NotReady, reason="Break")).done
        await floor.is_so("alice", "not_ready", "Break")
        before = list(floor.told)
        await asyncio.sleep(2.5)  # what must not happen has no event to wait for
        assert before == floor.told

        assert (await floor.do(Ready)).done
        await talk()
        assert (await floor.do(AfterCallWork)).done
        assert (AgentState.AFTER_CALL_WORK, None) == (floor.agent("alice").state, floor.agent("alice").until)
        before = list(floor.told)
        await asyncio.sleep(2.5)
        assert before == floor.told
        assert (await floor.do(Ready)).done
        await floor.is_so("alice", "ready")


async def test_after_call_work_outlives_the_hub(fresh_asterisk: Asterisk) -> None:
    """The next hub knows the pause by its reason and goes on with what is left of the time; nothing is told anew."""
    async with Phone(fresh_asterisk, "1001") as phone, Trunk(fresh_asterisk) as trunk:
        async with floor_of(fresh_asterisk, after_call_s=4) as first:
            caller = await trunk.call("+498999998304", to=SUPPORT)
            await (await phone.rings()).answer()
            await first.is_so("alice", "busy")
            await caller.hang_up()
            await eventually(lambda: 2 == len(first.paused("alice")), "paused after the call")
            known = tuple(first.service.agents())
        async with floor_of(fresh_asterisk, known, after_call_s=4) as second:
            assert AgentState.AFTER_CALL_WORK is second.agent("alice").state
            assert [] == second.told
            assert known[0].since == second.agent("alice").since
            until = second.agent("alice").until
            assert until is not None
            assert known[0].until is not None
            assert abs(until - known[0].until) < timedelta(seconds=1.5)
            await second.is_so("alice", "ready", within=8)
            assert ["alice ready"] == second.told


async def test_what_happened_while_the_hub_was_away_is_found(fresh_asterisk: Asterisk) -> None:
    """After a cut only what is different is told, and after a restart of Asterisk: who logged on is still there."""
    async with floor_of(fresh_asterisk) as floor, RawManager.hub(fresh_asterisk) as manager:
        assert (await floor.do(LogOn, queues=("service",))).done
        floor.told.clear()
        fresh_asterisk.freeze()
        await floor.link.stop()
        assert () == tuple(floor.service.queues())
        assert DeviceState.UNKNOWN is floor.agent("alice").devices[0].state
        assert AgentState.READY is floor.agent("alice").state
        refused = await floor.do(NotReady)
        assert Refusal.PBX_NOT_CONNECTED is refused.refusal
        fresh_asterisk.thaw()
        manager.send(Action="QueuePause", Interface="PJSIP/1004", Paused="true", Reason="Lunch", ActionID="p")
        assert "Success" == (await manager.wait_for(ActionID="p"))["Response"]
        await floor.start()
        await floor.is_so("dora", "not_ready", "Lunch")
        assert ["dora not_ready Lunch"] == floor.told

        members = "/Queue/PersistentMembers/service"
        await eventually(lambda: "PJSIP/1001" in fresh_asterisk.on_disk(members), "Asterisk has written it down")
        await asyncio.to_thread(fresh_asterisk.kill)
        await eventually(lambda: not floor.link.status().connected, "the loss is seen")
        await asyncio.to_thread(fresh_asterisk.start)
        await eventually(lambda: floor.link.status().connected, "connected again", 15)
        # Asterisk keeps who was added over its restart, but not the pause of who stands in queues.conf.
        await floor.is_so("dora", "ready")
        assert ["sales", "service", "support"] == [place.queue for place in floor.agent("alice").queues]
        assert ["dora not_ready Lunch", "dora ready"] == floor.told


async def test_queues_tell_who_waits_and_how_they_do(asterisk: Asterisk) -> None:
    """Two wait where nobody is logged on, one gives up, one is answered; the figures are Asterisk's own at the end."""
    async with floor_of(asterisk) as floor, Phone(asterisk, "1004") as phone, Trunk(asterisk) as trunk:
        await eventually(lambda: floor.agent("dora").devices[0].state is DeviceState.IDLE, "the phone is on")
        await eventually(lambda: 1 == floor.queue("sales").ready, "sales knows it")
        floor.queues_told.clear()
        begun = floor.queue("service")
        first = await trunk.call("+498999998305", name="Max", to=SERVICE)
        await eventually(lambda: 1 == len(floor.queue("service").waiting), "one waits")
        second = await trunk.call("+498999998306", to=SERVICE)
        await eventually(lambda: 2 == len(floor.queue("service").waiting), "two wait")
        service = floor.queue("service")
        assert ["+498999998305", "+498999998306"] == [one.caller.e164 for one in service.waiting]
        assert [1, 2] == [one.position for one in service.waiting]
        assert {call.id for call in floor.link.live_calls()} == {one.call_id for one in service.waiting}
        assert service.waiting[0].since == service.longest_wait_since
        assert (0, 0, "leastrecent") == (service.logged_on, service.ready, service.strategy)
        assert {"service"} == floor.queues_told

        await first.hang_up()
        await eventually(lambda: begun.abandoned + 1 == floor.queue("service").abandoned, "one gave up")
        assert ["+498999998306"] == [one.caller.e164 for one in floor.queue("service").waiting]

        assert (await floor.do(LogOn, "dora", queues=("service",))).done
        await (await phone.rings()).answer()
        await eventually(lambda: 1 == floor.queue("service").busy, "one talks")
        assert (1, 0, ()) == (
            floor.queue("service").logged_on,
            floor.queue("service").ready,
            floor.queue("service").waiting,
        )
        await second.hang_up()
        await eventually(lambda: begun.completed + 1 == floor.queue("service").completed, "one was answered")
        await eventually(lambda: 1 == floor.queue("service").ready, "free again")
        followed = floor.queue("service")

    async with floor_of(asterisk) as fresh:
        listed = fresh.queue("service")
    assert figures(listed) == figures(followed)


def figures(queue: QueueStatus) -> tuple[int | float | None, ...]:
    """Return what app_queue counts."""
    return queue.completed, queue.abandoned, queue.hold_s, queue.talk_s, queue.service_level, queue.service_level_s
