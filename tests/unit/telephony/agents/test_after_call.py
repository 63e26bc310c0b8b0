"""After-call work: when it begins, how it ends, and what it survives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hub.domain.agent import AgentState
from hub.domain.call import ConnectionState
from hub.telephony.agents.members import AFTER_CALL_REASON, UNTIL_READY_REASON
from tests.unit.telephony.agents.scene import (
    PARAMS,
    PBX_NOON,
    Scene,
    call,
    completed,
    member,
    pause,
    unpause,
)

TALKING, GONE = ConnectionState.CONNECTED, ConnectionState.NULL


def talking(**pbx: Any) -> Scene:
    """Have alice, in both queues, talk."""
    scene = Scene(pbx={"main": pbx})
    scene.sync(*PARAMS, member("QueueMember"), member("QueueMember", "sales"))
    scene.calls(call("alice", TALKING))
    scene.told.clear()
    return scene


def hang_up(scene: Scene) -> None:
    scene.calls(call("alice", GONE), is_over=True)


def test_it_begins_as_the_call_ends_and_ends_by_itself() -> None:
    """Every open place is paused; nothing else is told between busy and ready, in whatever order the PBX does it."""
    scene = talking(after_call_s=30)
    scene.feed(completed())
    assert "busy" == scene.state()
    hang_up(scene)
    assert "after_call_work" == scene.state()
    assert scene.agent().since + timedelta(seconds=30) == scene.agent().until == scene.roster.next_deadline(scene.now)
    assert ["pause main/sales", "pause main/support"] == sorted(scene.obey())
    scene.pass_time(20)
    assert [] == scene.orders
    scene.pass_time(10)
    assert "after_call_work" == scene.state()
    assert ["unpause main/sales", "unpause main/support"] == sorted(scene.obey())
    assert ["alice after_call_work", "alice ready"] == scene.told
    assert (None, None) == (scene.agent().until, scene.roster.next_deadline(scene.now))


def test_a_queue_may_have_a_time_of_its_own() -> None:
    """The time of the queue that the call came by; 0 is none."""
    scene = talking(after_call_s=30, queues={"sales": {"after_call_s": 5}, "support": {"after_call_s": 0}})
    scene.feed(completed("support"))
    assert [] == scene.orders
    scene.feed(completed("sales"))
    hang_up(scene)
    assert scene.agent().since + timedelta(seconds=5) == scene.agent().until


def test_who_paused_during_the_call_has_none_and_stays_paused() -> None:
    """The pause is the agent's own: the hub neither changes nor ends it."""
    scene = talking(after_call_s=30)
    scene.feed(pause("Lunch"), pause("Lunch", "sales"), completed())
    hang_up(scene)
    scene.pass_time(60)
    assert ([], ["alice not_ready Lunch"]) == (scene.orders, scene.told)


def test_a_place_that_is_paused_already_keeps_its_reason() -> None:
    """Of two places only the open one is paused, and unpaused again."""
    scene = talking(after_call_s=30)
    scene.feed(pause("Training", "sales"), completed())
    hang_up(scene)
    assert ["pause main/support"] == scene.obey()
    scene.pass_time(31)
    assert ["unpause main/support"] == scene.obey()
    assert {"sales": "Training"} == {place.queue: place.reason for place in scene.agent().queues if place.is_paused}


def test_ready_and_not_ready_end_it() -> None:
    """What the agent says counts; the hub's clock has nothing left to do."""
    for said, state in ((unpause, "ready"), (lambda queue: pause("Break", queue, LastPause="9"), "not_ready")):
        scene = talking(after_call_s=30)
        scene.feed(completed())
        hang_up(scene)
        scene.obey()
        scene.feed(said("support"), said("sales"))
        assert state == scene.state()
        scene.pass_time(60)
        assert ([], state) == (scene.orders, scene.state())


def test_it_lasts_until_ready_if_the_agent_wants_so() -> None:
    """With the reason for that there is no end by time, also begun while the clock runs."""
    scene = talking(after_call_s=30)
    scene.feed(completed())
    hang_up(scene)
    scene.obey()
    scene.feed(pause(UNTIL_READY_REASON), pause(UNTIL_READY_REASON, "sales"))
    assert ("after_call_work", None) == (scene.state(), scene.agent().until)
    scene.pass_time(3600)
    assert ([], "after_call_work") == (scene.orders, scene.state())
    scene.feed(unpause())
    assert ["alice after_call_work", "alice ready"] == scene.told


def test_it_begins_after_the_last_call() -> None:
    """A second call that goes on when the queue's is over puts it off, and makes it no shorter."""
    scene = talking(after_call_s=30)
    scene.feed(completed())
    scene.obey()
    scene.pass_time(40)
    assert ([], "busy") == (scene.orders, scene.state())
    hang_up(scene)
    assert scene.now + timedelta(seconds=30) == scene.agent().until


@pytest.mark.parametrize(("ago", "left"), [(10, 20), (29, 1), (0, 30)])
def test_a_new_hub_goes_on_with_what_is_left(ago: int, left: int) -> None:
    """By the PBX's own clock, from the last call that a place had."""
    scene = Scene(pbx={"main": {"after_call_s": 30}})
    paused = {"Paused": "1", "PausedReason": AFTER_CALL_REASON, "LastCall": str(PBX_NOON - ago)}
    scene.sync(*PARAMS, member("QueueMember", **paused), member("QueueMember", "sales", **paused))
    assert ["alice logged_on", "alice after_call_work"] == scene.told
    assert scene.now + timedelta(seconds=left) == scene.agent().until
    scene.pass_time(left)
    assert ["unpause main/sales", "unpause main/support"] == sorted(scene.obey())
    assert "ready" == scene.state()


def test_a_place_left_over_is_released_though_the_agent_is_ready() -> None:
    """Open in one queue again, and paused after a call in the other: the clock strikes for that one too."""
    known = talking(after_call_s=30).agent()
    scene = Scene(pbx={"main": {"after_call_s": 30}}, known=(msgspec.structs.replace(known, state=AgentState.READY),))
    paused = {"Paused": "1", "PausedReason": AFTER_CALL_REASON, "LastCall": str(PBX_NOON - 10)}
    scene.sync(*PARAMS, member("QueueMember", **paused), member("QueueMember", "sales"))
    assert ("ready", [], 1) == (scene.state(), scene.told, scene.deadlines_told)
    assert scene.now + timedelta(seconds=20) == scene.roster.next_deadline(scene.now)
    scene.pass_time(20)
    assert ["unpause main/support"] == scene.obey()
    assert None is scene.roster.next_deadline(scene.now)


def test_a_new_hub_ends_what_should_be_over() -> None:
    """The hub was away for longer than the work lasts, or the configuration has none any more."""
    for section, ago in (({"after_call_s": 30}, 500), ({}, 1)):
        scene = Scene(pbx={"main": section})
        last_call = str(PBX_NOON - ago)
        scene.sync(*PARAMS, member("QueueMember", Paused="1", PausedReason=AFTER_CALL_REASON, LastCall=last_call))
        assert ["unpause main/support"] == scene.obey()
        assert "ready" == scene.state()


def test_a_new_hub_that_finds_them_talking_again_waits_for_the_end() -> None:
    """Paused after a call and in another one: the work begins when that is over."""
    scene = Scene(pbx={"main": {"after_call_s": 30}})
    scene.calls(call("alice", TALKING))
    scene.sync(*PARAMS, member("QueueMember", Paused="1", PausedReason=AFTER_CALL_REASON, LastCall=str(PBX_NOON - 99)))
    assert "busy" == scene.state()
    hang_up(scene)
    assert ([], scene.now + timedelta(seconds=30)) == (scene.orders, scene.agent().until)


def test_a_pause_that_the_pbx_refuses_is_given_up() -> None:
    """The agent is ready, as the PBX has it."""
    scene = talking(after_call_s=30)
    scene.feed(completed())
    hang_up(scene)
    for order in list(scene.orders):
        scene.roster.order_failed(order, scene.now)
    assert ["alice after_call_work", "alice ready"] == scene.told
    assert None is scene.roster.next_deadline(scene.now)


def test_an_end_that_fails_is_tried_again() -> None:
    """A few seconds later, and when the PBX is back at the latest."""
    scene = talking(after_call_s=30)
    scene.feed(completed())
    hang_up(scene)
    scene.obey()
    scene.pass_time(31)
    orders, scene.orders[:] = list(scene.orders), []
    for order in orders:
        scene.roster.order_failed(order, scene.now)
    assert [] == scene.orders
    scene.pass_time(5)
    assert 2 == len(scene.obey())
    assert "ready" == scene.state()


def test_a_queue_with_a_wrap_up_time_of_its_own() -> None:
    """app_queue holds calls back after one by itself: that is after-call work too, until that time is over."""
    scene = Scene()
    scene.sync(*PARAMS, member("QueueMember", Wrapuptime="15"))
    scene.calls(call("alice", TALKING))
    scene.feed(completed(), member("QueueMemberStatus", Wrapuptime="15", LastCall=str(PBX_NOON + 5), CallsTaken="1"))
    ended = scene.now
    hang_up(scene)
    assert ("after_call_work", ended + timedelta(seconds=15)) == (scene.state(), scene.agent().until)
    assert scene.agent().until == scene.roster.next_deadline(scene.now)
    scene.pass_time(15)
    assert ([], "ready") == (scene.orders, scene.state())
