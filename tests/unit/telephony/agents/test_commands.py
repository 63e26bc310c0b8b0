"""What agents command, over a real socket: which actions go to the PBX, and what is refused in words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.domain.control import AfterCallWork, AgentCommand, LogOff, LogOn, NotReady, Ready, Refusal
from hub.telephony.agents import commands as commands_module
from tests.unit.telephony.agents.exchange import Desk, Exchange
from tests.unit.telephony.ami.peer import error, success
from tests.waiting import eventually


async def test_logging_on_without_a_queue_means_all_of_the_configuration(pbx: Exchange, desk: Desk) -> None:
    """A member is added to each, once; what was done can be seen when the result is there."""
    result = await desk.do(LogOn)
    assert (True, "Logged on to support, sales.") == (result.done, result.message)
    assert "ready" == desk.state()
    assert (await desk.do(LogOn, queues=("sales",))).done
    assert ["QueueAdd support PJSIP/1001 false", "QueueAdd sales PJSIP/1001 false"] == pbx.done()
    added = next(action for action in pbx.actions if action["Action"] == "QueueAdd")
    assert ("Alice", "PJSIP/1001") == (added["MemberName"], added["StateInterface"])


async def test_an_agent_with_one_phone_logs_on_there(pbx: Exchange, desk: Desk) -> None:
    """Names by which queues have that phone rung are no further phones to choose from."""
    assert (await desk.do(LogOn, "eve")).done
    assert ["QueueAdd support PJSIP/1005 false"] == pbx.done()


async def test_a_member_whom_the_hub_does_not_see_yet_is_no_error(
    pbx: Exchange, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logging on twice at the same time, or behind the hub's back: Asterisk says that they are there already."""
    monkeypatch.setattr(commands_module, "SEEN_WITHIN_S", 0.05)
    pbx.put("support", "PJSIP/1001", "dynamic")
    assert (await desk.do(LogOn, queues=("support",))).done


async def test_pausing_is_one_action_for_all_queues(pbx: Exchange, desk: Desk) -> None:
    """So that no call comes between two; in one queue it names the queue; what is so already is not done again."""
    await desk.do(LogOn)
    pbx.actions.clear()
    assert (await desk.do(NotReady, reason="Lunch")).message == "Paused in sales, support."
    assert (await desk.do(NotReady, reason="Lunch")).done
    assert (await desk.do(Ready, queues=("sales",))).done
    assert (await desk.do(AfterCallWork)).done
    assert "after_call_work" == desk.state()
    assert (await desk.do(Ready)).done
    assert "ready" == desk.state()
    assert [
        "QueuePause PJSIP/1001 true Lunch",
        "QueuePause sales PJSIP/1001 false",
        "QueuePause PJSIP/1001 true After-call work until ready",
        "QueuePause PJSIP/1001 false",
    ] == pbx.done()


async def test_logging_off_leaves_what_can_be_left(pbx: Exchange, desk: Desk) -> None:
    """A dynamic member is removed; one by the file is paused for good, and ready does not bring them back."""
    pbx.put("sales", "PJSIP/1001")
    pbx.hang_up()
    await eventually(lambda: desk.state() == "ready", "the member is found")
    await desk.do(LogOn, queues=("support",))
    pbx.actions.clear()
    result = await desk.do(LogOff)
    assert (True, "logged_off") == (result.done, desk.state())
    assert ["QueuePause sales PJSIP/1001 true Logged off", "QueueRemove support PJSIP/1001"] == pbx.done()
    assert Refusal.WRONG_STATE is (await desk.do(Ready)).refusal
    assert (await desk.do(LogOn, queues=("sales",))).done
    assert "QueuePause sales PJSIP/1001 false" == pbx.done()[-1]


@pytest.mark.parametrize(
    ("asked", "refusal", "words"),
    [
        (("nobody", Ready, {}), Refusal.NO_SUCH_AGENT, "There is no agent 'nobody'"),
        (("alice", Ready, {}), Refusal.WRONG_STATE, "Alice is not logged on to any queue"),
        (("alice", LogOff, {"queues": ("sales",)}), Refusal.WRONG_STATE, "not logged on to sales"),
        (("alice", LogOn, {"queues": ("board",)}), Refusal.NOT_ALLOWED, "board is not one of the queues of Alice"),
        (("alice", LogOn, {"device": "PJSIP/1002"}), Refusal.NO_SUCH_DEVICE, "none of the devices of Alice"),
        (("bob", LogOn, {}), Refusal.NO_SUCH_QUEUE, "agents.bob.queues"),
        (("chen", LogOn, {}), Refusal.NO_SUCH_DEVICE, "PJSIP/1003, PJSIP/2003"),
        (("chen", LogOn, {"device": "PJSIP/1003"}), Refusal.NO_SUCH_QUEUE, "no queue gone on main"),
        (("dora", LogOn, {}), Refusal.NOT_POSSIBLE, "AgentLogin"),
    ],
)
async def test_a_refusal_says_why(
    pbx: Exchange,
    desk: Desk,
    asked: tuple[str, type[AgentCommand], dict[str, Any]],
    refusal: Refusal,
    words: str,
) -> None:
    """In plain words, and nothing was done at the PBX."""
    agent, command, fields = asked
    result = await desk.do(command, agent, **fields)
    assert (False, refusal, "c-1") == (result.done, result.refusal, result.id)
    assert words in result.message
    assert [] == pbx.done()


async def test_a_reason_that_is_a_state_is_refused(pbx: Exchange, desk: Desk) -> None:
    """An agent can't pretend to be in after-call work for ever, or logged off."""
    await desk.do(LogOn)
    for reason in ("After-call work", "Logged off", " Logged off\u200b"):
        assert Refusal.NOT_POSSIBLE is (await desk.do(NotReady, reason=reason)).refusal
    assert "ready" == desk.state()
    assert 2 == len(pbx.done())


async def test_line_breaks_don_t_reach_the_pbx(pbx: Exchange, desk: Desk) -> None:
    """They are taken out of a reason, which is no second header then."""
    await desk.do(LogOn, queues=("support",))
    assert (await desk.do(NotReady, reason="Lunch\r\nAction: Originate")).done
    assert "QueuePause PJSIP/1001 true LunchAction: Originate" == pbx.done()[-1]
    assert "Originate" not in pbx.names()


async def test_a_reason_is_one_field_of_the_queue_log(pbx: Exchange, desk: Desk) -> None:
    """There a bar divides one field from the next, and whoever counts pauses would read what isn't so."""
    await desk.do(LogOn, queues=("support",))
    assert (await desk.do(NotReady, reason="Lunch|0|1")).done
    assert "QueuePause PJSIP/1001 true Lunch/0/1" == pbx.done()[-1]
    assert Refusal.NOT_POSSIBLE is (await desk.do(NotReady, reason="Logged off")).refusal


async def test_what_the_pbx_refuses_is_told_in_its_words(pbx: Exchange, desk: Desk) -> None:
    """So that an administrator finds the cause."""
    pbx.answers["QueueAdd"] = lambda action: error(action, "Permission denied")
    result = await desk.do(LogOn)
    assert Refusal.PBX_REFUSED is result.refusal
    assert "Permission denied" in result.message


async def test_without_a_connection_nothing_can_be_done(pbx: Exchange, desk: Desk) -> None:
    """The refusal says which PBX is away."""
    await desk.do(LogOn)
    await pbx.stop()
    await eventually(lambda: desk.link.manager is None, "the loss is seen")
    for command in (LogOn, NotReady):
        result = await desk.do(command)
        assert Refusal.PBX_NOT_CONNECTED is result.refusal
        assert "main" in result.message


async def test_an_event_that_never_comes_does_not_hold_a_result_up(
    pbx: Exchange, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manager user who may write and not read: done, after a short while."""
    monkeypatch.setattr(commands_module, "SEEN_WITHIN_S", 0.05)
    pbx.answers["QueueAdd"] = success
    began = asyncio.get_running_loop().time()
    assert (await desk.do(LogOn)).done
    assert 0.05 <= asyncio.get_running_loop().time() - began < 1
