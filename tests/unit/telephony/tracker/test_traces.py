"""Calls on Asterisk 22 with PJSIP phones, replayed: what is told is what tests/scenarios/traces/NAME.txt says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.call import ConnectionState, Direction, Outcome, Role
from tests.scenarios.truth import AGENTS, TRACES, TRUNKS, told, truth_of
from tests.unit.telephony.tracker.replay import NOON, Replay, read_trace

NAMES = sorted(path.stem for path in TRACES.glob("*.ami"))


def replay(name: str) -> Replay:
    """Replay a trace with the agents and the trunks of its PBX, each event at its own time."""
    replayed = Replay(AGENTS, TRUNKS)
    for event in read_trace(TRACES / f"{name}.ami"):
        replayed.tracker.feed(event, datetime.fromtimestamp(float(event.get("Timestamp")), UTC))
    return replayed


@pytest.mark.parametrize("name", NAMES)
def test_each_step_is_told_once_and_in_order(name: str) -> None:
    """Who rang, who answered and how it ended are told as they happened, and nothing is left over."""
    replayed = replay(name)
    assert truth_of(name).told == told(replayed.steps)
    assert [] == list(replayed.tracker.live_calls())
    assert 0 == replayed.tracker.channel_count


def test_the_recorded_traces_all_have_their_truth_written_out() -> None:
    """No recording without its story and its table."""
    assert [] == [name for name in NAMES if not (truth_of(name).story and truth_of(name).told)]


def test_a_queue_call_is_whole_at_its_end() -> None:
    """The last picture of a call has its numbers, its queue, its times in order and its connections."""
    call = replay("queue-rrmemory-answered").steps[-1].call
    assert call.direction is Direction.INBOUND
    assert "+498999998123" == call.caller.e164
    assert "Max Muster" == call.caller_name
    assert "+493023125100" == call.called.e164
    assert "support" == call.queue
    times = [call.started_at, call.queued_at, call.left_queue_at, call.answered_at, call.ended_at]
    assert [time for time in times if time is not None] == times
    assert sorted(str(time) for time in times) == [str(time) for time in times]
    assert call.outcome is Outcome.ANSWERED
    assert not call.partial
    assert [(Role.CALLER, None), (Role.CALLED, "alice")] == [(c.role, c.agent) for c in call.connections]
    assert {ConnectionState.NULL} == {connection.state for connection in call.connections}
    assert call.id.startswith("main-")


def test_a_picture_shows_the_call_as_it_is_after_the_step() -> None:
    """At the ringing the agent's connection is alerting and the caller's queued; at the answer both talk."""
    steps = {str(step.kind): step.call for step in replay("queue-rrmemory-answered").steps}
    states = {
        kind: [str(connection.state) for connection in steps[kind].connections]
        for kind in ("queued", "delivered", "established")
    }
    assert {
        "queued": ["queued"],
        "delivered": ["queued", "alerting"],
        "established": ["connected", "connected"],
    } == states
    assert frozenset({"alice"}) == steps["delivered"].alerting_agents


def test_a_caller_is_known_before_any_phone_rings() -> None:
    """A call from outside is announced at its first event, with the number to look up."""
    replayed = Replay(AGENTS, TRUNKS)
    replayed.feed(read_trace(TRACES / "queue-rrmemory-answered.ami")[:3])
    assert ["+498999998123"] == replayed.arrivals
    assert [] == replayed.steps


def test_an_anonymous_caller_stays_anonymous() -> None:
    """No number is made up for a caller who hides it."""
    call = replay("direct-cancelled").steps[0].call
    assert call.caller.anonymous
    assert call.caller.e164 is None


def test_live_calls_show_the_present() -> None:
    """Between ringing and answer the call is there, with the agent whose phone rings."""
    events = read_trace(TRACES / "direct-answered.ami")
    replayed = Replay(AGENTS, TRUNKS)
    for event in events:
        replayed.feed([event])
        if replayed.steps:
            break
    [call] = replayed.tracker.live_calls()
    assert frozenset({"alice"}) == call.alerting_agents
    assert call.started_at - NOON < timedelta(seconds=1)
    assert call == replayed.steps[0].call


def test_two_replays_of_one_trace_tell_the_same() -> None:
    """The tracker has no clock and no chance in it."""
    assert replay("queue-ringall-answered").steps == replay("queue-ringall-answered").steps


def test_a_clock_that_goes_back_makes_no_negative_time() -> None:
    """Times in a call never go back, whatever the clock of the hub does."""
    replayed = Replay(AGENTS, TRUNKS)
    for number, event in enumerate(read_trace(TRACES / "queue-rrmemory-answered.ami")):
        replayed.tracker.feed(event, NOON - timedelta(seconds=number))
    times = [step.time for step in replayed.steps]
    assert sorted(times) == times
    assert 1 == len(set(times))


def test_what_followme_drops_is_not_answered_in_whichever_order_the_pbx_ends_it() -> None:
    """The phone's dialling may end before the Local that led to it is gone: two threads of Asterisk end them."""
    events = read_trace(TRACES / "mobile-follows-phone.ami")
    gone = next(event for event in events if event.name == "Hangup" and event.get("Channel").endswith("-00000000;1"))
    end = next(event for event in events if event.name == "DialEnd")
    assert events.index(gone) < events.index(end)
    events.remove(gone)
    events.insert(events.index(end) + 1, gone)
    replayed = Replay(AGENTS, TRUNKS).feed(events)
    assert truth_of("mobile-follows-phone").told == told(replayed.steps)
