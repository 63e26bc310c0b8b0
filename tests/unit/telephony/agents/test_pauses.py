"""After-call work over a real socket: paused as the call ends, unpaused by the clock."""

from __future__ import annotations

import pytest

from hub.domain.agent import AgentStatus
from hub.domain.control import LogOn
from tests.unit.telephony.agents.exchange import Desk, Exchange, desk_of
from tests.unit.telephony.ami.peer import error, message
from tests.waiting import eventually

COMPLETED = message("Event: AgentComplete", "Queue: support", "Interface: PJSIP/1001", "HoldTime: 1", "TalkTime: 9")
BEGUN = [
    "QueuePause support PJSIP/1001 true After-call work",
    "QueuePause sales PJSIP/1001 true After-call work",
]
OVER = ["QueuePause support PJSIP/1001 false", "QueuePause sales PJSIP/1001 false"]


async def test_the_clock_ends_it(pbx: Exchange) -> None:
    """Each place is paused at once and unpaused when the time is over."""
    async with desk_of(pbx, after_call_s=0.2) as desk:
        await desk.do(LogOn)
        pbx.actions.clear()
        desk.told.clear()
        pbx.say(COMPLETED)
        await eventually(lambda: desk.state() == "after_call_work", "after-call work")
        await eventually(lambda: desk.state() == "ready", "ready again")
        await eventually(lambda: 4 == len(pbx.done()), "all unpaused")
        assert (sorted(BEGUN), sorted(OVER)) == (sorted(pbx.done()[:2]), sorted(pbx.done()[2:]))
        assert ["alice after_call_work", "alice ready"] == desk.told


async def test_a_pbx_that_refuses_leaves_the_agent_ready(pbx: Exchange) -> None:
    """The state goes back to what it is on the PBX, and the log says why."""
    async with desk_of(pbx, after_call_s=60) as desk:
        await desk.do(LogOn)
        desk.told.clear()
        pbx.answers["QueuePause"] = lambda action: error(action, "Permission denied")
        pbx.say(COMPLETED)
        await eventually(lambda: ["alice after_call_work", "alice ready"] == desk.told, "given up")


async def test_a_connection_lost_meanwhile_puts_the_end_off(pbx: Exchange) -> None:
    """What could not be unpaused in time is unpaused when the PBX is back."""
    async with desk_of(pbx, after_call_s=0.3) as desk:
        await desk.do(LogOn)
        pbx.say(COMPLETED)
        await eventually(lambda: desk.state() == "after_call_work" and 4 == len(pbx.done()), "both paused")
        await pbx.stop()
        await eventually(lambda: desk.link.manager is None, "the loss is seen")
        await pbx.restart()
        await eventually(lambda: desk.state() == "ready", "ready again")
        assert set(OVER) <= set(pbx.done())


async def test_stopping_leaves_the_pause_to_the_next_hub(pbx: Exchange) -> None:
    """A hub that goes down in the middle of the work unpauses nobody; the one after it does."""
    async with desk_of(pbx, after_call_s=0.3) as desk:
        await desk.do(LogOn)
        pbx.say(COMPLETED)
        await eventually(lambda: set(BEGUN) <= set(pbx.done()), "both paused")
    assert set() == set(OVER) & set(pbx.done())
    async with desk_of(pbx, after_call_s=0.3) as desk:
        await eventually(lambda: desk.state() == "ready", "ready again")


async def test_listeners_that_fail_spoil_nothing(pbx: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is contained: the directory is right, and commands are carried out."""

    def fail(*_told: object) -> None:
        raise RuntimeError("no room")

    for listener in ("on_event", "on_agent_changed", "on_queues_changed"):
        monkeypatch.setattr(Desk, listener, fail)
    async with desk_of(pbx) as desk:
        assert (await desk.do(LogOn)).done
        status = desk.service.agent("alice")
        assert isinstance(status, AgentStatus)
        assert ["sales", "support"] == [place.queue for place in status.queues]
