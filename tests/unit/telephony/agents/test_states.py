"""From members, calls and devices to an agent's state: events above, what is told below."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from hub.domain.agent import AgentState, AgentStatus, DeviceState
from hub.domain.call import ConnectionState, Role
from tests.unit.telephony.agents.scene import NOON, PARAMS, Scene, ami, call, completed, member, pause, unpause


@pytest.fixture
def scene() -> Scene:
    """Have two queues without members."""
    return Scene().sync(*PARAMS)


def test_logging_on_and_off_is_told_once(scene: Scene) -> None:
    """The first queue logs on and the last one off; those between change places only."""
    scene.feed(member("QueueMemberAdded"), member("QueueMemberAdded", "sales"))
    scene.feed(member("QueueMemberAdded"))
    assert ["alice logged_on", "alice ready"] == scene.told
    assert ["sales", "support"] == [place.queue for place in scene.agent().queues]
    scene.feed(member("QueueMemberRemoved"), member("QueueMemberRemoved", "sales"), member("QueueMemberRemoved"))
    assert ["alice logged_on", "alice ready", "alice logged_off"] == scene.told
    assert () == scene.agent().queues


def test_what_may_be_joined_are_the_queues_of_the_configuration(scene: Scene) -> None:
    """Queues of the agent which the PBX has and which they are not in."""
    scene.feed(member("QueueMemberAdded"))
    assert [("main", "sales")] == [(place.pbx, place.queue) for place in scene.agent().can_join]
    assert () == scene.agent("bob").can_join


def test_not_ready_is_paused_in_every_queue(scene: Scene) -> None:
    """The newest reason is told, again if it changes; the first queue that is unpaused makes ready."""
    scene.feed(member("QueueMemberAdded"), member("QueueMemberAdded", "sales"))
    scene.told.clear()
    scene.feed(pause("Lunch", LastPause="100"))
    assert [] == scene.told
    scene.feed(pause("Lunch", "sales", LastPause="100"))
    scene.feed(pause("Meeting", LastPause="160"), pause("Meeting", "sales", LastPause="160"))
    scene.feed(unpause("sales"), unpause())
    assert ["alice not_ready Lunch", "alice not_ready Meeting", "alice ready"] == scene.told


def test_a_call_makes_busy_and_its_end_what_was_before(scene: Scene) -> None:
    """Not while ringing; on hold too; a pause during the call shows after it."""
    scene.feed(member("QueueMemberAdded")).calls(call("alice", ConnectionState.ALERTING))
    assert ("ready", DeviceState.ALERTING) == (scene.state(), scene.agent().devices[0].state)
    scene.calls(call("alice", ConnectionState.CONNECTED))
    since = scene.agent().since
    scene.calls(call("alice", ConnectionState.HOLD))
    assert ("busy", DeviceState.HELD, since) == (scene.state(), scene.agent().devices[0].state, scene.agent().since)
    scene.feed(pause("Lunch"))
    assert "busy" == scene.state()
    scene.calls(call("alice", ConnectionState.NULL), is_over=True)
    assert ["alice logged_on", "alice ready", "alice busy", "alice not_ready Lunch"] == scene.told


def test_dialling_makes_busy(scene: Scene) -> None:
    """From the first digit sent, as nobody else gets through to that phone."""
    scene.feed(member("QueueMemberAdded")).calls(call("alice", ConnectionState.INITIATED, role=Role.CALLER))
    assert "busy" == scene.state()


def test_who_is_in_no_queue_is_logged_off_whatever_they_do(scene: Scene) -> None:
    """A call of one's own is nothing to the queues."""
    scene.calls(call("alice", ConnectionState.CONNECTED))
    assert ("logged_off", [], DeviceState.BUSY) == (scene.state(), scene.told, scene.agent().devices[0].state)


def test_a_member_by_the_file_can_log_off(scene: Scene) -> None:
    """The reserved reason takes the place away; with any other it is a pause; a dynamic member is paused only."""
    scene.feed(member("QueueMemberAdded", Membership="static"))
    scene.feed(pause("Logged off", Membership="static"))
    assert ["alice logged_on", "alice ready", "alice logged_off"] == scene.told
    assert (0, ()) == (scene.queue().logged_on, scene.agent().queues)
    scene.feed(pause("Logged off"))
    assert "not_ready" == scene.state()


@pytest.mark.parametrize(
    ("interface", "state_interface", "name"),
    [
        ("Local/5001@agents/n", "PJSIP/1001", "Alice"),
        ("pjsip/1001", "", ""),
        ("Local/5001@agents/n", "hint:5001@agents", "PJSIP/1001"),
    ],
)
def test_a_member_is_known_by_what_it_dials_or_stands_for(
    scene: Scene, interface: str, state_interface: str, name: str
) -> None:
    """State interface first, then interface, then the member's name; the place keeps the device as configured."""
    scene.feed(member("QueueMemberAdded", device=interface, StateInterface=state_interface, MemberName=name))
    assert ["PJSIP/1001"] == [place.device for place in scene.agent().queues]
    [place] = scene.roster.places_of("alice")
    assert interface == place.interface


def test_a_member_who_is_nobody_of_the_configuration_counts_in_the_queue(scene: Scene) -> None:
    """The queue's figures are of all its members."""
    scene.feed(
        member("QueueMemberAdded", device="SIP/77"),
        member("QueueMemberAdded", device="SIP/78", Status="6"),
        member("QueueMemberAdded", device="SIP/79", Status="5"),
    )
    assert (3, 1, 1) == (scene.queue().logged_on, scene.queue().ready, scene.queue().busy)
    assert [] == scene.told
    assert "main support" in scene.queues_told


def test_an_agent_of_app_agent_pool_is_there_from_agent_login(scene: Scene) -> None:
    """The queue has a member for good; the agent is logged on from AgentLogin to AgentLogoff, busy by its device."""
    pooled = {"device": "Local/7002@agents", "StateInterface": "Agent:7002", "Membership": "static"}
    scene.feed(member("QueueMemberAdded", Status="5", **pooled))
    assert ("logged_off", 0) == (scene.state("bob"), scene.queue().logged_on)
    scene.feed(ami("AgentLogin", Agent="7002", Channel="PJSIP/1002-1", Uniqueid="9.1"))
    scene.calls(call("bob", ConnectionState.CONNECTED))
    assert "ready" == scene.state("bob")
    scene.feed(ami("DeviceStateChange", Device="Agent:7002", State="INUSE"))
    scene.feed(ami("DeviceStateChange", Device="Agent:7002", State="NOT_INUSE"))
    scene.feed(ami("AgentLogoff", Agent="7002", Logintime="12"))
    assert ["bob logged_on", "bob ready", "bob busy", "bob ready", "bob logged_off"] == scene.told


def test_devices_are_as_the_pbx_says(scene: Scene) -> None:
    """Known from the list and from events; of a PBX that is away nobody knows, and its queues are not shown."""
    states = [
        ("NOT_INUSE", DeviceState.IDLE),
        ("RINGING", DeviceState.ALERTING),
        ("INUSE", DeviceState.BUSY),
        ("ONHOLD", DeviceState.HELD),
        ("UNAVAILABLE", DeviceState.UNAVAILABLE),
        ("¿", DeviceState.UNKNOWN),
    ]
    for text, state in states:
        scene.feed(ami("DeviceStateChange", Device="PJSIP/1001", State=text))
        assert state is scene.agent().devices[0].state
    scene.sync(*PARAMS, devices=(ami("DeviceStateChange", Device="PJSIP/1001", State="NOT_INUSE"),))
    assert DeviceState.IDLE is scene.agent().devices[0].state
    scene.roster.book("main").lost(scene.now)
    assert DeviceState.UNKNOWN is scene.agent().devices[0].state
    assert [] == list(scene.roster.queues())
    assert [] == scene.told


def test_after_a_loss_only_what_is_different_is_told(scene: Scene) -> None:
    """A list that says the same is silent; one that doesn't tells the difference, once."""
    scene.feed(member("QueueMemberAdded"), member("QueueMemberAdded", device="PJSIP/1002"))
    scene.told.clear()
    scene.roster.book("main").lost(scene.now)
    rows = [
        *PARAMS,
        member("QueueMember"),
        member("QueueMember", device="PJSIP/1002", Paused="1", PausedReason="Lunch"),
    ]
    scene.sync(*rows)
    assert ["bob not_ready Lunch"] == scene.told
    scene.roster.book("main").lost(scene.now)
    scene.sync(*rows)
    assert ["bob not_ready Lunch"] == scene.told
    scene.sync(*PARAMS)
    assert ["alice logged_off", "bob logged_off"] == scene.told[1:]


def test_a_hub_that_starts_anew_repeats_nothing() -> None:
    """What the journal last told stands, with its time; what changed meanwhile is told; names are today's."""
    an_hour_ago = NOON - timedelta(hours=1)
    known = AgentStatus(agent="alice", name="Alice Old", state=AgentState.NOT_READY, reason="Lunch", since=an_hour_ago)
    busy = msgspec.structs.replace(known, agent="bob", state=AgentState.BUSY, reason="")
    scene = Scene(known=(known, busy))
    assert ("not_ready", "Lunch", "Alice") == (scene.state(), scene.agent().reason, scene.agent().name)
    scene.calls(call("bob", ConnectionState.CONNECTED))
    scene.sync(
        *PARAMS, member("QueueMember", Paused="1", PausedReason="Lunch"), member("QueueMember", device="PJSIP/1002")
    )
    assert ([], an_hour_ago, "busy") == (scene.told, scene.agent().since, scene.state("bob"))
    assert ["support"] == [place.queue for place in scene.agent().queues]
    scene.feed(unpause())
    assert ["alice ready"] == scene.told


def test_an_agent_of_two_pbxs_is_one() -> None:
    """Ready where at least one may ring them, busy where they talk; nobody logs off before both were asked."""
    before = AgentStatus(agent="alice", name="Alice", state=AgentState.READY, since=NOON - timedelta(hours=1))
    scene = Scene(known=(before,), pbx={"north": {}, "south": {}})
    scene.sync(*PARAMS, pbx="south")
    assert "ready" == scene.state()
    scene.sync(*PARAMS, member("QueueMember"), pbx="north")
    assert [] == scene.told
    scene.feed(member("QueueMemberAdded"), pbx="south")
    scene.feed(pause("Lunch"), pbx="north")
    assert [] == scene.told
    assert [("north", True), ("south", False)] == [(place.pbx, place.is_paused) for place in scene.agent().queues]
    assert [("north", "PJSIP/1001"), ("south", "PJSIP/1001")] == [(d.pbx, d.device) for d in scene.agent().devices]
    scene.calls(call("alice", ConnectionState.CONNECTED, pbx="south"))
    scene.roster.book("south").lost(scene.now)
    assert "busy" == scene.state()
    scene.roster.calls_are("south", [], scene.now)
    scene.sync(*PARAMS, member("QueueMember"), pbx="south")
    assert ["alice busy", "alice not_ready Lunch", "alice ready"] == scene.told


def test_after_call_work_at_one_pbx_while_another_is_away() -> None:
    """Only the places that can be paused are; one at a PBX that nobody can call by keeps nobody ready."""
    scene = Scene(pbx={"north": {"after_call_s": 30}, "south": {}})
    for pbx in ("north", "south"):
        scene.sync(*PARAMS, member("QueueMember"), pbx=pbx)
    scene.roster.book("south").lost(scene.now)
    scene.told.clear()
    scene.feed(completed(), pbx="north")
    assert ["alice after_call_work"] == scene.told
    assert ["pause north/support"] == scene.obey()
    scene.pass_time(40)
    assert ["unpause north/support"] == scene.obey()
    assert ["alice after_call_work", "alice ready"] == scene.told
