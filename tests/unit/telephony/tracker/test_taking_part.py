"""Who takes part, and as what: supervisors who listen, agents who wait on the line, those who pick up or are called."""

from __future__ import annotations

import pytest

from hub.domain.call import ConnectionState, Direction, Monitoring, Outcome, Role
from tests.unit.telephony.tracker.scene import Scene

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob", "PJSIP/1009": "sue"}
CALLER = "PJSIP/trunk-00000001"
ALICE = "PJSIP/1001-00000002"
BOB = "PJSIP/1002-00000003"
SUE = "PJSIP/1009-00000004"


@pytest.fixture
def scene() -> Scene:
    """Two agents, a supervisor, one trunk, no call."""
    return Scene(AGENTS)


def listen(scene: Scene, mode: str | None = None, *, to: str = ALICE) -> None:
    """Let the supervisor's phone be rung, be answered, and listen in."""
    scene.channel(SUE)
    scene.say("DialBegin", **scene.about(SUE, "Dest", "down"))
    scene.say("Newstate", SUE, "ringing")
    scene.say("Newstate", SUE, "up")
    if mode:
        scene.say("UserEvent", SUE, UserEvent="CtihubMonitor", Mode=mode)
    scene.say("ChanSpyStart", **scene.about(SUE, "Spyer"), **scene.about(to, "Spyee"))


@pytest.mark.parametrize(
    ("mode", "monitoring"),
    [(None, Monitoring.SPY), ("whisper", Monitoring.WHISPER), ("barge", Monitoring.BARGE), ("?", Monitoring.SPY)],
)
def test_a_supervisor_who_listens_is_an_observer(scene: Scene, mode: str | None, monitoring: Monitoring) -> None:
    """With a connection in the call, told as news of it; the call of the supervisor's own phone is over."""
    scene.answered(CALLER, ALICE)
    listen(scene, mode)
    assert [
        "2: delivered sue",
        "2: cleared answered normal_clearing",
        "call_information sue",
    ] == scene.table[2:]
    [call] = scene.replay.tracker.live_calls()
    observer = call.connections[-1]
    assert (Role.OBSERVER, monitoring, ConnectionState.CONNECTED) == (
        observer.role,
        observer.monitoring,
        observer.state,
    )
    assert Direction.INBOUND is call.direction


def test_a_call_that_is_listened_to_ends_with_its_parties(scene: Scene) -> None:
    """The supervisor's phone may stay on the line: the call is over, and there is none left."""
    scene.answered(CALLER, ALICE)
    listen(scene)
    scene.hang_up(ALICE, CALLER)
    assert "cleared answered normal_clearing" == scene.table[-1]
    assert [] == list(scene.replay.tracker.live_calls())
    told = scene.table
    scene.say("ChanSpyStop", **scene.about(SUE, "Spyer"))
    scene.hang_up(SUE)
    assert told == scene.table
    assert 0 == scene.replay.tracker.channel_count


def test_listening_that_stops_is_told(scene: Scene) -> None:
    """And the call goes on."""
    scene.answered(CALLER, ALICE)
    listen(scene)
    scene.say("ChanSpyStop", **scene.about(SUE, "Spyer"))
    assert "call_information sue" == scene.table[-1]
    assert ConnectionState.NULL is scene.call.connections[-1].state
    scene.hang_up(SUE)
    assert 1 == len(scene.replay.tracker.live_calls())


def test_a_caller_who_is_listened_to_while_waiting_is_not_answered(scene: Scene) -> None:
    """Who listens does not talk: the caller who goes has abandoned the queue."""
    scene.channel(CALLER, "up")
    scene.say("QueueCallerJoin", CALLER, Queue="support")
    listen(scene, to=CALLER)
    scene.say("HangupRequest", CALLER)
    scene.hang_up(CALLER)
    assert Outcome.ABANDONED is scene.call.outcome


def test_a_supervisor_who_moves_on_listens_to_the_next_call(scene: Scene) -> None:
    """ChanSpy goes from call to call without hanging up."""
    scene.answered(CALLER, ALICE)
    listen(scene)
    other = "PJSIP/trunk-00000008"
    scene.answered(other, BOB, bridge="b8")
    scene.say("ChanSpyStop", **scene.about(SUE, "Spyer"))
    scene.say("ChanSpyStart", **scene.about(SUE, "Spyer"), **scene.about(BOB, "Spyee"))
    first, second = scene.replay.tracker.live_calls()
    states = [[str(c.state) for c in call.connections if c.role is Role.OBSERVER] for call in (first, second)]
    assert [["null"], ["connected"]] == states


def test_an_agent_who_waits_on_the_line_is_no_call(scene: Scene) -> None:
    """Logged on by phone, and given two callers one after the other: two calls, and none before or between."""
    scene.channel(ALICE, "ring", Exten="8500")
    scene.say("Newstate", ALICE, "up")
    scene.say("AgentLogin", ALICE, Agent="1001")
    scene.bridge("pool", ALICE, technology="holding_bridge")
    assert [] == list(scene.replay.tracker.live_calls())
    for number in range(2):
        caller = f"PJSIP/trunk-0000001{number}"
        scene.channel(caller, "up", CallerIDNum=f"+4989123456{number}")
        scene.say("QueueCallerJoin", caller, Queue="support")
        scene.say("QueueCallerLeave", caller, Queue="support")
        scene.say("BridgeLeave", ALICE, BridgeUniqueid="pool")
        scene.bridge(f"talk{number}", ALICE, caller)
        [call] = scene.replay.tracker.live_calls()
        assert ["PJSIP/trunk", "PJSIP/1001"] == [connection.device for connection in call.connections]
        scene.hang_up(caller)
        scene.say("BridgeLeave", ALICE, BridgeUniqueid=f"talk{number}")
        assert [] == list(scene.replay.tracker.live_calls())
        scene.bridge("pool", ALICE, technology="holding_bridge")
    scene.say("AgentLogoff", ALICE, Agent="1001")
    scene.hang_up(ALICE)
    steps = ["queued PJSIP/trunk", "delivered alice", "established alice", "cleared answered normal_clearing"]
    assert [*steps, *(f"2: {step}" for step in steps)] == scene.table


def test_a_picked_up_call_says_so(scene: Scene) -> None:
    """The phone that rang is told of the pick-up, the one that took it talks, in one call."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.channel(BOB, "ring", Exten="*8")
    scene.say("Newstate", BOB, "up")
    scene.say("Pickup", BOB, **scene.about(ALICE, "Target", "ringing"))
    scene.dial(CALLER, BOB, "DialEnd", DialStatus="ANSWER")
    scene.say("Newstate", CALLER, "up")
    scene.hang_up(ALICE, cause=26)
    scene.bridge("b1", BOB, CALLER)
    assert ["delivered alice", "diverted alice call_pickup", "established bob call_pickup"] == scene.table
    scene.hang_up(BOB, CALLER)
    assert "cleared answered normal_clearing" == scene.table[-1]
    assert [] == list(scene.replay.tracker.live_calls())


def test_a_picked_up_call_of_older_versions_says_so(scene: Scene) -> None:
    """Where the ringing channel goes on under the name of the one that took the call."""
    scene.channel(CALLER, "ring")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.channel(BOB, "up", Exten="*8")
    scene.say("Pickup", BOB, **scene.about(ALICE, "Target", "ringing"))
    scene.take_over(ALICE, BOB)
    scene.dial(CALLER, ALICE, "DialEnd", DialStatus="ANSWER")
    scene.bridge("b1", ALICE, CALLER)
    assert ["delivered alice", "diverted alice call_pickup", "established bob call_pickup"] == scene.table
    scene.hang_up(ALICE, CALLER)
    assert [] == list(scene.replay.tracker.live_calls())


def hold_by_hub(scene: Scene, event: str = "CtihubHold") -> None:
    """Let the hub put the caller on hold for Alice: both leave the bridge and wait by themselves."""
    for channel in (ALICE, CALLER):
        scene.say("BridgeLeave", channel, BridgeUniqueid="b1")
    scene.say("UserEvent", ALICE, UserEvent=event)


def test_a_hold_by_the_hub_is_told(scene: Scene) -> None:
    """No phone knows of it: the dialplan says so, and it ends when the two meet again."""
    scene.answered(CALLER, ALICE)
    hold_by_hub(scene)
    scene.bridge("b2", ALICE, CALLER)
    assert ["held alice", "retrieved alice"] == scene.table[2:]


def test_who_is_asked_meanwhile_does_not_end_the_hold(scene: Scene) -> None:
    """Alice talks to Bob while her caller waits, then hands him over."""
    scene.answered(CALLER, ALICE)
    hold_by_hub(scene)
    scene.channel(BOB, of=ALICE)
    scene.dial(ALICE, BOB)
    scene.say("Newstate", BOB, "up")
    scene.bridge("b3", ALICE, BOB)
    assert ["held alice", "delivered bob", "established bob"] == scene.table[2:]
    scene.say("UserEvent", ALICE, UserEvent="CtihubTransfer", Kind="attended", To="1002")
    scene.bridge("b4", BOB, CALLER)
    scene.hang_up(ALICE)
    assert "transferred alice transferred" == scene.table[-1]
    assert [("attended", "alice", "1002")] == [(str(t.kind), t.by_agent, t.to) for t in scene.call.transfers]


def test_a_held_channel_may_speak_for_the_one_that_holds(scene: Scene) -> None:
    """The header Device names who holds; a device that isn't in the call does nothing."""
    scene.answered(CALLER, ALICE)
    for device in ("PJSIP/1002", "PJSIP/1001"):
        scene.say("UserEvent", CALLER, UserEvent="CtihubHold", Device=device)
    scene.say("UserEvent", ALICE, UserEvent="CtihubRetrieve")
    scene.say("UserEvent", ALICE, UserEvent="SomebodysOwn")
    assert ["held alice", "retrieved alice"] == scene.table[2:]


def test_a_microphone_that_the_hub_turns_off_is_told(scene: Scene) -> None:
    """MuteAudio has no event of its own; the action UserEvent names the channel by its uniqueid alone."""
    scene.answered(CALLER, ALICE)
    for event in ("CtihubMute", "CtihubMute", "CtihubUnmute"):
        scene.say("UserEvent", UserEvent=event, Uniqueid=scene.uid(ALICE))
    muted = [step.connection.is_muted for step in scene.replay.steps[2:] if step.connection]
    assert [True, False] == muted


def test_a_customer_who_is_called_back_first_is_called(scene: Scene) -> None:
    """The PBX rings him, and then the agent: an outbound call to his number."""
    scene.channel(CALLER)
    scene.say("DialBegin", **scene.about(CALLER, "Dest", "down"), DialString="08912345678@trunk")
    scene.say("Newstate", CALLER, "ringing")
    scene.say("Newstate", CALLER, "up")
    scene.channel(ALICE, of=CALLER)
    scene.dial(CALLER, ALICE)
    scene.say("Newstate", ALICE, "ringing")
    scene.say("Newstate", ALICE, "up")
    scene.bridge("b1", ALICE, CALLER)
    assert ["delivered PJSIP/trunk", "delivered alice", "established alice"] == scene.table
    assert Direction.OUTBOUND is scene.call.direction
    assert "+498912345678" == scene.call.customer_number.e164
    assert [] == scene.replay.arrivals


def test_a_mobile_that_does_not_take_the_call_was_not_answered(scene: Scene) -> None:
    """It picked up, was asked, and said nothing: no call was established."""
    scene.channel(CALLER, "ring")
    scene.channel(BOB, of=CALLER)
    scene.dial(CALLER, BOB)
    scene.say("Newstate", BOB, "ringing")
    scene.say("Newstate", BOB, "up")
    scene.dial(CALLER, BOB, "DialEnd", DialStatus="CONTINUE")
    scene.hang_up(BOB)
    assert ["delivered bob", "diverted bob call_not_answered"] == scene.table


def test_times_of_each_state_are_kept(scene: Scene) -> None:
    """When it was begun, queued, rung, connected, held and ended."""
    scene.answered(CALLER, ALICE, queue="support")
    scene.say("Hold", ALICE)
    scene.hang_up(ALICE, CALLER)
    caller, alice = scene.call.connections
    times = (alice.initiated_at, alice.alerted_at, alice.connected_at, alice.held_at, alice.ended_at)
    assert sorted(str(time) for time in times) == [str(time) for time in times]
    assert None not in times
    assert caller.initiated_at
    assert caller.queued_at
    assert caller.initiated_at <= caller.queued_at
    [visit] = scene.call.queue_visits
    assert ("support", caller.queued_at) == (visit.queue, visit.joined_at)
    assert 16 == scene.call.hangup_code
