"""What is known of a call beside who talks to whom: variables, recordings, mute, rooms, digits."""

from __future__ import annotations

import pytest

from hub.domain.call import CallEventKind, RecordingState
from hub.telephony.tracker import EXCLUDED_EVENTS
from tests.unit.telephony.tracker.scene import Scene

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob", "PJSIP/1003": "chen"}
CALLER = "PJSIP/trunk-00000001"
ALICE = "PJSIP/1001-00000002"
BOB = "PJSIP/1002-00000003"
CHEN = "PJSIP/1003-00000004"
FILE = "/var/spool/asterisk/monitor/1700000000.0.wav"


@pytest.fixture
def scene() -> Scene:
    """Make a site that keeps two variables; nobody calls yet."""
    return Scene(AGENTS, variables=("IVR_CHOICE", "CUSTOMER_ID"))


def set_variable(scene: Scene, channel: str, name: str, value: str) -> None:
    """Let the dialplan set a variable."""
    scene.say("VarSet", channel, Variable=name, Value=value)


def test_a_variable_of_the_ivr_is_there_when_a_phone_rings(scene: Scene) -> None:
    """No step of its own while nobody knows of the call; then it is in every picture."""
    scene.channel(CALLER, "ring")
    set_variable(scene, CALLER, "IVR_CHOICE", "2")
    set_variable(scene, CALLER, "OTHER", "secret")
    assert [] == scene.table
    scene.channel(ALICE, "ringing", of=CALLER)
    assert {"IVR_CHOICE": "2"} == scene.call.variables


def test_a_variable_set_later_is_told_once(scene: Scene) -> None:
    """A new value is news, the same one again is not, and an empty one takes it away."""
    scene.answered(CALLER, ALICE)
    for value in ("2", "2", "3", ""):
        set_variable(scene, ALICE, "__CUSTOMER_ID", value)
    told = [step.call.variables for step in scene.replay.steps if step.kind is CallEventKind.CALL_INFORMATION]
    assert [{"CUSTOMER_ID": "2"}, {"CUSTOMER_ID": "3"}, {}] == told


def test_variables_come_with_other_events_too(scene: Scene) -> None:
    """As manager.conf's channelvars adds them to all events, for the channel and for the one that is dialled."""
    scene.channel(CALLER, "ring", **{f"ChanVariable({CALLER})": "IVR_CHOICE=2"})
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE, DestChanVariable="CUSTOMER_ID=C=1", ChanVariable="IVR_CHOICE=")
    scene.say("Newstate", ALICE, "ringing")
    assert {"IVR_CHOICE": "2", "CUSTOMER_ID": "C=1"} == scene.call.variables


def test_variables_of_two_calls_that_become_one_are_all_kept(scene: Scene) -> None:
    """What the call that goes on has counts more."""
    scene.answered(CALLER, ALICE)
    set_variable(scene, CALLER, "IVR_CHOICE", "2")
    scene.channel(BOB, "up")
    set_variable(scene, BOB, "IVR_CHOICE", "9")
    set_variable(scene, BOB, "CUSTOMER_ID", "C-1")
    scene.bridge("b1", BOB)
    assert {"IVR_CHOICE": "2", "CUSTOMER_ID": "C-1"} == scene.call.variables


def test_hostile_values_are_cut_and_cleaned(scene: Scene) -> None:
    """Asterisk's escapes are undone, control characters and most of a megabyte left out."""
    scene.channel(CALLER, "ring")
    set_variable(scene, CALLER, "IVR_CHOICE", 'a\\"b\\\\c\\r\\nd\u202e' + "x" * 1_000_000)
    scene.channel(ALICE, "ringing", of=CALLER)
    value = scene.call.variables["IVR_CHOICE"]
    assert 256 == len(value)
    assert value.startswith('a"b\\cdx')


def test_a_global_variable_is_nobodys(scene: Scene) -> None:
    """It has no channel, and makes none."""
    scene.say("VarSet", Channel="none", Uniqueid="none", Variable="IVR_CHOICE", Value="1")
    assert 0 == scene.replay.tracker.channel_count


def test_a_recording_is_told_with_its_file(scene: Scene) -> None:
    """On, paused, on again and off, with the one reference."""
    scene.answered(CALLER, ALICE)
    set_variable(scene, CALLER, "MIXMONITOR_FILENAME", FILE)
    scene.say("MixMonitorStart", CALLER)
    for state in ("1", "1", "0"):
        scene.say("MixMonitorMute", CALLER, Direction="both", State=state)
    scene.say("MixMonitorStop", CALLER)
    steps = [step for step in scene.replay.steps if step.kind is CallEventKind.CALL_INFORMATION]
    on, paused, off = RecordingState.ON, RecordingState.PAUSED, RecordingState.OFF
    assert [on, paused, on, off] == [step.call.recording for step in steps]
    assert {(FILE,)} == {step.call.recordings for step in steps}


def test_a_second_recording_of_the_call_is_another_reference(scene: Scene) -> None:
    """While one of two is on, the call is recorded; where the channel goes, so does its recording."""
    scene.answered(CALLER, ALICE)
    for channel, file in ((CALLER, "a.wav"), (ALICE, "b.wav")):
        set_variable(scene, channel, "MIXMONITOR_FILENAME", file)
        scene.say("MixMonitorStart", channel)
    assert ("a.wav", "b.wav") == scene.call.recordings
    scene.say("MixMonitorMute", CALLER, State="1")
    assert RecordingState.ON is scene.call.recording
    scene.hang_up(ALICE)
    [call] = scene.replay.tracker.live_calls()
    assert RecordingState.PAUSED is call.recording


def test_a_room_and_who_is_muted_in_it(scene: Scene) -> None:
    """Three in a room are a conference; each who comes in later is told, and a microphone that is off."""
    for name, of in ((CALLER, None), (ALICE, CALLER)):
        scene.channel(name, "up", of=of)
    for channel in (CALLER, ALICE):
        scene.bridge("room", channel, technology="softmix")
        scene.say("ConfbridgeJoin", channel, Conference="6001", Muted="No")
    for channel in (BOB, CHEN):
        scene.channel(channel, "up")
        scene.bridge("room", channel, technology="softmix")
        scene.say("ConfbridgeJoin", channel, Conference="6001", Muted="No")
    scene.say("ConfbridgeMute", BOB, Conference="6001")
    assert [
        "established alice",
        "established bob",
        "conferenced bob",
        "established chen",
        "conferenced chen",
        "call_information bob",
    ] == scene.table
    assert {"6001"} == {step.call.conference for step in scene.replay.steps}
    assert "6001" == scene.call.conference
    assert ["bob"] == [c.agent for c in scene.call.connections if c.is_muted]
    scene.say("ConfbridgeUnmute", BOB, Conference="6001")
    assert not any(c.is_muted for c in scene.call.connections)


def test_a_digit_is_told_where_that_is_wanted() -> None:
    """Once, by whom it was pressed; what is no digit is not."""
    scene = Scene(AGENTS, dtmf=True)
    scene.answered(CALLER, ALICE)
    for digit, direction in (("4", "Received"), ("4", "Sent"), ("#", "Received"), ("x", "Received"), ("", "Received")):
        scene.say("DTMFEnd", CALLER, Digit=digit, Direction=direction)
    steps = [step for step in scene.replay.steps if step.kind is CallEventKind.DTMF]
    assert [("4", "PJSIP/trunk"), ("#", "PJSIP/trunk")] == [
        (s.digit, s.connection and s.connection.device) for s in steps
    ]


def test_digits_are_neither_read_nor_sent_unless_that_is_wanted(scene: Scene) -> None:
    """They may be card numbers."""
    scene.answered(CALLER, ALICE)
    told = scene.table
    scene.say("DTMFEnd", CALLER, Digit="4", Direction="Received")
    assert told == scene.table
    assert "DTMFEnd" not in scene.replay.tracker.wanted_events
    assert "DTMFEnd" in EXCLUDED_EVENTS
