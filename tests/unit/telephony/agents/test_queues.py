"""Who waits in a queue, and how it does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hub.domain.call import ConnectionState
from tests.unit.telephony.agents.scene import NOON, PARAMS, Scene, ami, call, completed

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent


def joins(uid: str, position: int) -> AmiEvent:
    return ami("QueueCallerJoin", Queue="support", Uniqueid=uid, Position=str(position), CallerIDNum="+4930123456")


def leaves(uid: str) -> AmiEvent:
    return ami("QueueCallerLeave", Queue="support", Uniqueid=uid)


@pytest.fixture
def scene() -> Scene:
    """Have two queues without members."""
    return Scene().sync(*PARAMS)


def test_callers_are_in_the_order_in_which_they_are_served(scene: Scene) -> None:
    """One with a higher priority joins ahead; positions count from 1; the longest wait may be of a later one."""
    scene.feed(joins("1.1", 1), joins("1.2", 2), joins("1.3", 1), joins("1.2", 2), leaves("1.1"), leaves("9.9"))
    waiting = scene.queue().waiting
    assert [(1, NOON + timedelta(seconds=3)), (2, NOON + timedelta(seconds=2))] == [
        (one.position, one.since) for one in waiting
    ]
    assert NOON + timedelta(seconds=2) == scene.queue().longest_wait_since
    scene.feed(leaves("1.2"), leaves("1.3"))
    assert None is scene.queue().longest_wait_since


def test_a_caller_is_who_the_call_says(scene: Scene) -> None:
    """Number and id are the call's; one whose call is not followed has neither: the number may be withheld."""
    scene.calls(call("alice", ConnectionState.ALERTING, queue="support"))
    scene.feed(joins("1.1", 1), joins("5.5", 2))
    assert [("main-1.1", ""), ("", "")] == [(one.call_id, one.caller.raw) for one in scene.queue().waiting]
    scene.calls(call("alice", ConnectionState.NULL, queue="support"), is_over=True)
    assert ["", ""] == [one.call_id for one in scene.queue().waiting]


def test_a_list_says_since_when_they_wait(scene: Scene) -> None:
    """Who was known keeps the exact time, who is new has waited as long as the list says."""
    scene.feed(joins("1.1", 1))
    scene.pass_time(9)
    scene.sync(
        *PARAMS,
        ami("QueueEntry", Queue="support", Position="2", Uniqueid="1.1", Wait="8"),
        ami("QueueEntry", Queue="support", Position="1", Uniqueid="1.0", Wait="60"),
    )
    assert [scene.now - timedelta(seconds=60), NOON + timedelta(seconds=1)] == [
        one.since for one in scene.queue().waiting
    ]


def test_figures_go_on_from_those_of_the_list(scene: Scene) -> None:
    """Counts and averages as app_queue makes them, the service level as a share."""
    scene.sync(
        ami(
            "QueueParams",
            Queue="support",
            Strategy="rrmemory",
            Completed="3",
            Abandoned="1",
            Holdtime="8",
            TalkTime="100",
            ServiceLevel="20",
            ServicelevelPerf="66.7",
        )
    )
    assert (3, 1, 2 / 3) == (scene.queue().completed, scene.queue().abandoned, scene.queue().service_level)
    scene.feed(
        ami("QueueCallerAbandon", Queue="support", Uniqueid="1.1"),
        ami("AgentConnect", Queue="support", Interface="PJSIP/1001", HoldTime="3"),
        completed(),
    )
    queue = scene.queue()
    assert (4, 2, 6, 90, 3 / 4) == (queue.completed, queue.abandoned, queue.hold_s, queue.talk_s, queue.service_level)


def test_a_queue_without_calls_has_no_service_level(scene: Scene) -> None:
    """None is not 0."""
    assert (None, 0) == (scene.queue().service_level, scene.queue().completed)


def test_queues_come_and_go_with_a_reload(scene: Scene) -> None:
    """A queue that an event names is there; one that the list no longer has is gone."""
    scene.feed(ami("QueueCallerJoin", Queue="new", Uniqueid="1.1", Position="1"))
    assert ["new", "sales", "support"] == [queue.queue for queue in scene.roster.queues()]
    scene.sync(*PARAMS[:1])
    assert ["support"] == [queue.queue for queue in scene.roster.queues()]
