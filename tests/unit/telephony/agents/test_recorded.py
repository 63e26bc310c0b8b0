"""What real Asterisks said of agents and queues, replayed: the truth, and every suffix of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from hub.domain.agent import AgentState, DeviceState
from tests.unit.telephony.agents.replay import TRACES, AgentReplay
from tests.unit.telephony.tracker.replay import TRACES as CALLS
from tests.unit.telephony.tracker.replay import read_trace

PHONES: dict[str, tuple[str, ...]] = {
    "alice": ("PJSIP/1001", "SIP/1001"),
    "bob": ("PJSIP/1002", "SIP/1002"),
    "chen": ("PJSIP/1003", "SIP/1003"),
    "dora": ("PJSIP/1004", "SIP/1004"),
}
QUEUE_TRACES = sorted(
    path for path in (*TRACES.glob("*.ami"), *CALLS.glob("*.ami")) if b"Event: QueueCallerJoin" in path.read_bytes()
)


def test_a_day_of_an_agent_at_the_phone() -> None:
    """Each change is told once; who leaves one of two queues is still there; dialling a code makes nobody busy."""
    replay = AgentReplay(PHONES).feed(read_trace(TRACES / "agent-day.ami")).settle()
    assert [
        "dora logged_on",
        "dora ready",
        "dora busy",
        "dora ready",
        "dora not_ready Lunch",
        "dora not_ready Training",
        "dora ready",
    ] == replay.told
    assert ["sales"] == [place.queue for place in replay.roster.places_of("dora")]
    [service] = [queue for queue in replay.roster.queues() if queue.queue == "service"]
    assert (1, 1, (), 0) == (service.completed, service.abandoned, service.waiting, service.logged_on)


def test_after_call_work_in_a_day_is_ordered_once() -> None:
    """One queue call: each of her places is paused in the moment in which the call is over, and only then."""
    replay = AgentReplay(PHONES, after_call_s=10).feed(read_trace(TRACES / "agent-day.ami"))
    assert [("sales", True), ("service", True)] == [(order.place[1], order.is_paused) for order in replay.orders]
    assert "dora after_call_work" in replay.told


@pytest.mark.parametrize("pbx", ["", "a16-", "a16-sip-"])
def test_an_agent_who_logs_in_to_the_pool_stays_on_the_line(pbx: str) -> None:
    """AgentLogin logs on, the calls make busy, and hanging up logs off, though the queue has a member all the while."""
    replay = AgentReplay({"alice": ("Agent/7901",)}).feed(read_trace(CALLS / f"{pbx}queue-agent-login.ami")).settle()
    assert [
        "alice logged_on",
        "alice ready",
        "alice busy",
        "alice ready",
        "alice busy",
        "alice ready",
        "alice logged_off",
    ] == replay.told


@pytest.mark.parametrize("path", QUEUE_TRACES, ids=lambda path: path.stem)
def test_nothing_is_left_over(path: Path) -> None:
    """When all have hung up nobody waits, nobody is busy, and no state was told twice in a row."""
    replay = AgentReplay(PHONES).feed(read_trace(path)).settle()
    assert [] == [queue.queue for queue in replay.roster.queues() if queue.waiting]
    assert [] == [status.agent for status in replay.roster.agents() if status.state is AgentState.BUSY]
    states = (DeviceState.HELD, DeviceState.ALERTING)
    devices = [device for status in replay.roster.agents() for device in status.devices]
    assert [] == [device.device for device in devices if device.state in states]
    for agent in PHONES:
        own = [line for line in replay.told if line.startswith(f"{agent} ")]
        assert [] == [one for one, next_one in pairwise(own) if one == next_one]


@pytest.mark.parametrize("path", QUEUE_TRACES, ids=lambda path: path.stem)
def test_whoever_comes_later_ends_alike(path: Path) -> None:
    """Attached at any event, nobody is left busy or waiting, and places are as for whoever saw it all."""
    events = read_trace(path)
    whole = AgentReplay(PHONES).feed(events).settle()
    for start in range(0, len(events), max(1, len(events) // 12)):
        late = AgentReplay(PHONES).feed(events[start:]).settle()
        assert [] == [queue.queue for queue in late.roster.queues() if queue.waiting]
        assert [] == [status.agent for status in late.roster.agents() if status.state is AgentState.BUSY]
        for agent in PHONES:
            places = {(place.queue, place.is_paused, place.reason) for place in late.roster.places_of(agent)}
            all_places = {(place.queue, place.is_paused, place.reason) for place in whole.roster.places_of(agent)}
            assert places <= all_places
