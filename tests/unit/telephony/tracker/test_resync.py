"""The tracker brought in line with what the PBX lists: after connecting, and after a time away."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from hub.domain.call import Cause, ConnectionState, Direction, Outcome
from hub.telephony.tracker import ChannelState, PbxSnapshot, SeenChannel, WaitingCaller
from tests.unit.telephony.tracker.replay import NOON, TRACES, Replay, read_trace

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob"}
CALLER = SeenChannel(
    uid="1.1",
    name="PJSIP/trunk-00000001",
    linkedid="1.1",
    state=ChannelState.UP,
    caller="+498912345678",
    caller_name="Max Muster",
    extension="s",
    application="Queue",
    age=timedelta(seconds=30),
)
RINGING = SeenChannel(
    uid="1.2",
    name="PJSIP/1001-00000002",
    linkedid="1.1",
    state=ChannelState.RINGING,
    application="AppQueue",
    connected="+498912345678",
    age=timedelta(seconds=3),
)
WAITING = WaitingCaller(uid="1.1", queue="support", waited=timedelta(seconds=20))
IN_QUEUE = PbxSnapshot(channels=(CALLER, RINGING), waiting=(WAITING,))
TALKING = PbxSnapshot(
    channels=(
        SeenChannel(
            uid="1.1", name=CALLER.name, linkedid="1.1", state=ChannelState.UP, caller=CALLER.caller, bridge_id="b1"
        ),
        SeenChannel(uid="1.2", name=RINGING.name, linkedid="1.1", state=ChannelState.UP, bridge_id="b1"),
    )
)


@pytest.fixture
def fresh() -> Replay:
    """Make a tracker that has seen nothing."""
    return Replay(AGENTS, ["PJSIP/trunk"])


def test_calls_that_are_there_are_told_as_partial(fresh: Replay) -> None:
    """A waiting caller and a ringing phone found at connecting give their steps, with the times as far as known."""
    fresh.tracker.resync(IN_QUEUE, NOON)
    assert ["queued PJSIP/trunk", "delivered alice"] == fresh.table()
    [call] = fresh.tracker.live_calls()
    assert call.partial
    assert NOON - timedelta(seconds=30) == call.started_at
    assert NOON - timedelta(seconds=20) == call.queued_at
    assert "+498912345678" == call.caller.e164
    assert call.direction is Direction.INBOUND


def test_a_second_look_tells_nothing_again(fresh: Replay) -> None:
    """What is known is not told twice."""
    fresh.tracker.resync(IN_QUEUE, NOON)
    told = fresh.table()
    fresh.tracker.resync(IN_QUEUE, NOON)
    assert told == fresh.table()


def test_steps_taken_meanwhile_are_told(fresh: Replay) -> None:
    """A call that rang before and talks now was answered."""
    fresh.tracker.resync(IN_QUEUE, NOON)
    fresh.tracker.resync(TALKING, NOON + timedelta(seconds=5))
    assert ["established alice"] == fresh.table()[2:]
    [call] = fresh.tracker.live_calls()
    assert NOON + timedelta(seconds=5) == call.left_queue_at
    assert {ConnectionState.CONNECTED} == {connection.state for connection in call.connections}


def test_calls_that_ended_meanwhile_end_unknown(fresh: Replay) -> None:
    """The end nobody saw has the cause unknown; whether it was answered is known."""
    fresh.tracker.resync(TALKING, NOON)
    fresh.tracker.resync(PbxSnapshot(), NOON)
    assert ["established alice", "cleared answered unknown"] == fresh.table()
    assert 0 == fresh.tracker.channel_count


def test_a_ringing_phone_that_fell_silent_meanwhile_is_told(fresh: Replay) -> None:
    """Its pop closes though the call goes on."""
    fresh.tracker.resync(IN_QUEUE, NOON)
    fresh.tracker.resync(PbxSnapshot(channels=(CALLER,), waiting=(WAITING,)), NOON)
    assert ["diverted alice unknown"] == fresh.table()[2:]
    fresh.tracker.resync(PbxSnapshot(), NOON)
    last = fresh.steps[-1].call
    assert (Outcome.UNKNOWN, Cause.UNKNOWN) == (last.outcome, last.cause)


def test_local_halves_are_paired_by_name(fresh: Replay) -> None:
    """The agent behind a Local channel talks to the caller before it."""

    def up(uid: str, name: str, bridge: str) -> SeenChannel:
        return SeenChannel(uid=uid, name=name, linkedid="1.1", state=ChannelState.UP, bridge_id=bridge)

    fresh.tracker.resync(
        PbxSnapshot(
            channels=(
                up("1.4", "PJSIP/1002-00000004", "inner"),
                up("1.3", "Local/1002@agents-00000001;2", "inner"),
                up("1.2", "Local/1002@agents-00000001;1", "outer"),
                up("1.1", CALLER.name, "outer"),
            )
        ),
        NOON,
    )
    assert ["established bob"] == fresh.table()


def test_a_shared_holding_bridge_joins_nobody(fresh: Replay) -> None:
    """Parked callers stay calls of their own."""
    parked = tuple(
        SeenChannel(uid=uid, name=f"PJSIP/trunk-{uid}", linkedid=uid, state=ChannelState.UP, bridge_id="lot")
        for uid in ("1.1", "2.1")
    )
    fresh.tracker.resync(PbxSnapshot(channels=parked, holding_bridges=frozenset({"lot"})), NOON)
    assert 2 == len(fresh.tracker.live_calls())


def test_events_held_back_change_nothing_that_the_list_told(fresh: Replay) -> None:
    """Events from before the list, applied after it, are no news; those after it are."""
    events = read_trace(TRACES / "queue-rrmemory-answered.ami")
    whole = Replay(AGENTS, ["PJSIP/trunk"]).feed(events)
    ringing = next(n for n, event in enumerate(events) if event.name == "Newstate" and event.get("ChannelState") == "5")
    caller, phone = (next(e for e in events if e.get("Channel").startswith(d)) for d in ("PJSIP/trunk", "PJSIP/1001"))
    fresh.feed(events[: ringing + 1])
    listed = tuple(
        SeenChannel(
            uid=event.get("Uniqueid"),
            name=event.get("Channel"),
            linkedid=event.get("Linkedid"),
            state=state,
            application=application,
        )
        for event, state, application in (
            (caller, ChannelState.UP, "Queue"),
            (phone, ChannelState.RINGING, "AppQueue"),
        )
    )
    waiting = (WaitingCaller(uid=caller.get("Uniqueid"), queue="support"),)
    fresh.tracker.resync(PbxSnapshot(channels=listed, waiting=waiting), fresh.now)
    fresh.feed(events[ringing - 10 :])
    assert whole.table() == fresh.table()


def test_a_restarted_hub_names_a_call_as_before(fresh: Replay) -> None:
    """A call found by its later channels has the id that its first gave it."""
    fresh.tracker.resync(TALKING, NOON)
    again = Replay(AGENTS, ["PJSIP/trunk"])
    again.tracker.resync(PbxSnapshot(channels=TALKING.channels[1:]), NOON)
    assert [call.id for call in fresh.tracker.live_calls()] == [call.id for call in again.tracker.live_calls()]


def test_a_hold_is_known_from_the_state_of_the_device(fresh: Replay) -> None:
    """A device that holds all its calls holds this one; once it does not, it was retrieved meanwhile."""
    fresh.tracker.resync(msgspec.structs.replace(TALKING, device_holds={"PJSIP/1001": True}), NOON)
    fresh.tracker.resync(msgspec.structs.replace(TALKING, device_holds={}), NOON)
    assert ["established alice", "held alice"] == fresh.table()
    fresh.tracker.resync(msgspec.structs.replace(TALKING, device_holds={"PJSIP/1001": False}), NOON)
    assert "retrieved alice" == fresh.table()[-1]


def test_a_waiting_agents_channel_is_no_call(fresh: Replay) -> None:
    """Whoever is logged on by phone is listed with a channel, and has no call."""
    channel = SeenChannel(
        uid="1.9", name="PJSIP/1001-9", linkedid="1.9", state=ChannelState.UP, application="AgentLogin", bridge_id="b"
    )
    fresh.tracker.resync(PbxSnapshot(channels=(channel,), holding_bridges=frozenset({"b"})), NOON)
    assert [] == list(fresh.tracker.live_calls())
    assert [] == fresh.steps
