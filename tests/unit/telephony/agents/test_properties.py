"""Whatever order, whatever is missing or comes twice, whatever stands in a header: the roster stays whole."""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.agent import AgentState
from hub.telephony.agents import WANTED_EVENTS
from hub.telephony.agents.members import MAX_INTERFACE, MAX_NAME, MAX_REASON
from hub.telephony.ami.event import AmiEvent
from tests.unit.telephony.agents.replay import TRACES, AgentReplay
from tests.unit.telephony.agents.scene import PARAMS, Scene
from tests.unit.telephony.tracker.replay import read_trace

MANY = settings(
    max_examples=int(os.environ.get("CTIHUB_EXAMPLES") or "30"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DAY = read_trace(TRACES / "agent-day.ami")
PEOPLE = {"dora": ("PJSIP/1004",)}

HEADERS = (
    "Queue",
    "Interface",
    "StateInterface",
    "MemberName",
    "Membership",
    "Paused",
    "PausedReason",
    "Status",
    "LastCall",
    "LastPause",
    "CallsTaken",
    "Wrapuptime",
    "Position",
    "Uniqueid",
    "HoldTime",
    "TalkTime",
    "Device",
    "State",
    "Agent",
    "Wait",
    "Completed",
    "Abandoned",
    "Holdtime",
    "ServiceLevel",
    "ServicelevelPerf",
)
VALUES = st.one_of(
    st.sampled_from(
        ["", "support", "PJSIP/1001", "Agent:7002", "dynamic", "static", "1", "0", "-1", "9" * 400, "٣", "1e9"]
    ),
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=400),
)
EVENTS = st.builds(
    lambda name, headers: AmiEvent.from_mapping({"Event": name, **headers}),
    st.sampled_from([*WANTED_EVENTS, "QueueParams", "QueueMember", "QueueEntry"]),
    st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=12),
)


@MANY
@given(st.lists(EVENTS, max_size=40), st.lists(EVENTS, max_size=20))
def test_no_header_breaks_it(live: list[AmiEvent], listed: list[AmiEvent]) -> None:
    """Live or listed, hostile values raise nothing, stay bounded, and give no negative figure or time."""
    scene = Scene(pbx={"main": {"after_call_s": 5}}).sync(*PARAMS)
    scene.feed(*live)
    scene.sync(*listed, devices=tuple(listed)).feed(*live)
    scene.pass_time(3600)
    for queue in scene.roster.queues():
        assert len(queue.queue) <= MAX_NAME
        assert min(queue.completed, queue.abandoned, queue.hold_s, queue.talk_s, queue.logged_on) >= 0
        assert queue.service_level is None or 0 <= queue.service_level <= 1
        assert [] == [one for one in queue.waiting if one.since > scene.now]
    for status in scene.roster.agents():
        assert status.since <= scene.now
        for place in status.queues:
            assert len(place.reason) <= MAX_REASON
            assert len(place.queue) <= MAX_NAME
            assert len(place.device) <= MAX_INTERFACE
    for agent in ("alice", "bob"):
        own = [event.agent.since for event in scene.events if event.agent.agent == agent]
        assert sorted(own) == own


@MANY
@given(st.data())
def test_missing_and_repeated_events_leave_nothing_behind(data: st.DataObject) -> None:
    """A day with events left out or told twice: no exception, and nobody busy or waiting once all channels are gone."""
    chosen = data.draw(st.lists(st.integers(0, 2), min_size=len(DAY), max_size=len(DAY)))
    must = {"Hangup", "QueueCallerLeave"}
    events = [event for event, times in zip(DAY, chosen, strict=True) for _ in range(max(times, event.name in must))]
    replay = AgentReplay(PEOPLE, after_call_s=5).feed(events).settle()
    assert [] == [queue.queue for queue in replay.roster.queues() if queue.waiting]
    status = replay.roster.agent("dora")
    assert status is not None
    assert AgentState.BUSY is not status.state
    assert replay.now - timedelta(days=1) < status.since <= replay.now
