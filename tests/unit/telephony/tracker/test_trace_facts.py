"""What the tables of the recorded calls don't show: whose call it is, what is known of it, and what was recorded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from hub.domain.call import CallEventKind, Direction, RecordingState, Role
from tests.scenarios.truth import AGENTS, TRACES, TRUNKS
from tests.unit.telephony.tracker.replay import Replay, read_trace

if TYPE_CHECKING:
    from hub.domain.call import CallEvent

VARIABLES = ("IVR_CHOICE", "CUSTOMER_ID")
MAX = "+498999998123"
EVERY_OUTCOME = ("answered", "busy", "cancelled")

CUSTOMERS = {
    "forward-by-phone-outside": Direction.INBOUND,
    "forward-on-no-answer": Direction.INBOUND,
    "forward-outside": Direction.INBOUND,
    "mobile-accepts": Direction.INBOUND,
    **{f"dial-outside-{outcome}": Direction.OUTBOUND for outcome in EVERY_OUTCOME},
    "dial-early-media-answered": Direction.OUTBOUND,
    "click-answered": Direction.OUTBOUND,
    "click-busy": Direction.OUTBOUND,
    "click-not-answered": Direction.OUTBOUND,
    "click-through-local": Direction.OUTBOUND,
    "click-through-local-that-makes-way": Direction.OUTBOUND,
    "callback-answered": Direction.OUTBOUND,
    "callback-not-answered": Direction.OUTBOUND,
}
"""Calls between Max, outside, and the house, and which way: whoever dials, and whoever's phone rings first."""


def steps_of(name: str) -> list[CallEvent]:
    """Replay a trace on a hub that keeps variables."""
    return Replay(AGENTS, TRUNKS, variables=VARIABLES).feed(read_trace(TRACES / f"{name}.ami")).steps


@pytest.mark.parametrize("name", CUSTOMERS)
def test_the_customer_is_whoever_is_outside(name: str) -> None:
    """By the number, whether he called, was dialled through a prefix, was called for an agent, or called back."""
    ended = steps_of(name)[-1].call
    assert (CUSTOMERS[name], MAX) == (ended.direction, ended.customer_number.e164)


@pytest.mark.parametrize("name", ["click-answered", "click-through-local", "click-through-local-that-makes-way"])
def test_an_agent_who_has_a_customer_called_is_the_caller(name: str) -> None:
    """Though her phone rang first."""
    call = steps_of(name)[-1].call
    assert [(Role.CALLER, "alice"), (Role.CALLED, None)] == [(one.role, one.agent) for one in call.connections]


def test_a_caller_without_a_number_has_none() -> None:
    """Asterisk's word for it, <unknown>, is no number that is shown to anybody."""
    assert {""} == {step.call.caller.raw for step in steps_of("callback-answered")}


def test_what_was_chosen_in_a_menu_is_there_when_the_phone_rings() -> None:
    """The variables that the configuration names, with their values."""
    [ringing] = [step.call for step in steps_of("menu-then-queue") if step.kind is CallEventKind.DELIVERED]
    assert {"IVR_CHOICE": "2", "CUSTOMER_ID": "C-4711"} == ringing.variables


def test_variables_survive_a_transfer_and_may_change_after_it() -> None:
    """A value set after the transfer is told once, and the next phone that rings shows it beside those that stayed."""
    steps = steps_of("menu-then-transfer")
    first, second = [step.call for step in steps if step.kind is CallEventKind.DELIVERED]
    assert {"IVR_CHOICE": "3", "CUSTOMER_ID": "C-4711"} == first.variables
    assert {"IVR_CHOICE": "3", "CUSTOMER_ID": "C-4712"} == second.variables == steps[-1].call.variables
    assert ["transferred", "call_information", "queued"] == [str(step.kind) for step in steps[3:6]]


def test_each_queue_that_was_waited_in_is_remembered() -> None:
    """With the times of coming and going, in order."""
    call = steps_of("queue-overflow")[-1].call
    assert ["early", "late"] == [visit.queue for visit in call.queue_visits]
    times = [time for visit in call.queue_visits for time in (visit.joined_at, visit.left_at)]
    assert all(earlier and later and earlier <= later for earlier, later in pairwise(times))
    assert "late" == call.queue


def test_a_recording_that_began_before_the_phone_rang_is_named() -> None:
    """By the file that the PBX writes, from the first step on; it is over when the call is."""
    calls = [step.call for step in steps_of("direct-recorded")]
    assert {True} == {call.recordings[0].endswith(".wav") for call in calls}
    assert {1} == {len(call.recordings) for call in calls}
    assert [*[RecordingState.ON] * (len(calls) - 1), RecordingState.OFF] == [call.recording for call in calls]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("direct-answered-at-once", 16),
        ("direct-busy-at-once", 17),
        ("direct-declined", 21),
        ("direct-congested", 34),
    ],
)
def test_the_code_with_which_the_caller_was_sent_away_is_kept(name: str, code: int) -> None:
    """As Q.850 numbers it."""
    assert code == steps_of(name)[-1].call.hangup_code


def test_two_customers_of_one_agent_who_stays_on_the_line_are_two_calls() -> None:
    """The agent's own connection to the PBX is no call, and belongs to no customer's."""
    ended = [step.call for step in steps_of("queue-agent-login") if step.kind is CallEventKind.CLEARED]
    assert ["Max", "Eva"] == [call.caller_name for call in ended]
    assert {("PJSIP/1001", "alice")} == {(call.connections[-1].device, call.connections[-1].agent) for call in ended}
