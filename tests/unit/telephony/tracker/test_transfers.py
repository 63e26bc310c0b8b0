"""Handing a call over, in every way that a PBX tells of it."""

from __future__ import annotations

import pytest

from hub.domain.call import Cause, ConnectionState, Transfer, TransferKind
from tests.unit.telephony.tracker.scene import Scene

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob", "PJSIP/1003": "chen"}
CALLER = "PJSIP/trunk-00000001"
ALICE = "PJSIP/1001-00000002"
ALICE_ASKS = "PJSIP/1001-00000003"
BOB = "PJSIP/1002-00000004"
CHEN = "PJSIP/1003-00000005"
BEGIN = ["delivered alice", "established alice"]


@pytest.fixture
def scene() -> Scene:
    """Alice talks to a caller."""
    made = Scene(AGENTS)
    made.answered(CALLER, ALICE)
    return made


def ask_bob(scene: Scene, *, answers: bool = True) -> None:
    """Let Alice call Bob with a second channel of her phone."""
    scene.channel(ALICE_ASKS, "ring", Exten="1002")
    scene.channel(BOB, of=ALICE_ASKS)
    scene.dial(ALICE_ASKS, BOB)
    scene.say("Newstate", BOB, "ringing")
    if answers:
        scene.say("Newstate", BOB, "up")
        scene.say("Newstate", ALICE_ASKS, "up")
        scene.bridge("b2", BOB, ALICE_ASKS)


def hand_over(scene: Scene, destination: str, result: str = "Success", **headers: str) -> None:
    """Say that Alice joins her two calls."""
    legs = scene.about(ALICE, "OrigTransferer") | scene.about(ALICE_ASKS, "SecondTransferer")
    scene.say("AttendedTransfer", Result=result, DestType=destination, **legs, **headers)


def transfers(scene: Scene) -> list[tuple[str, str | None, str]]:
    """Return kind, agent and target of the call's transfers."""
    return [(str(one.kind), one.by_agent, one.to) for one in scene.call.transfers]


def test_a_blind_transfer_says_by_whom_and_where_to(scene: Scene) -> None:
    """The number that was dialled is in the call for as long as it lasts."""
    parties = scene.about(ALICE, "Transferer") | scene.about(CALLER, "Transferee")
    scene.say("BlindTransfer", Result="Success", **parties, Extension="1002")
    scene.settle()
    assert [*BEGIN, "transferred alice transferred"] == scene.table
    step = scene.replay.steps[-1]
    whole = Transfer(kind=TransferKind.BLIND, time=step.time, by_device="PJSIP/1001", by_agent="alice", to="1002")
    assert (whole,) == step.call.transfers
    scene.hang_up(ALICE)
    scene.channel(BOB, of=CALLER)
    scene.dial(CALLER, BOB)
    scene.say("Newstate", BOB, "ringing")
    scene.hang_up(BOB, CALLER)
    assert (whole,) == scene.call.transfers


def test_a_transfer_that_failed_is_none(scene: Scene) -> None:
    """The phone stays in the call, and nothing is told."""
    parties = scene.about(ALICE, "Transferer") | scene.about(CALLER, "Transferee")
    scene.say("BlindTransfer", Result="Invalid", **parties, Extension="9")
    ask_bob(scene)
    before = scene.table
    hand_over(scene, "Fail", result="Fail")
    assert before == scene.table
    assert 2 == len(scene.replay.tracker.live_calls())


def test_a_blind_transfer_come_upon_is_told(scene: Scene) -> None:
    """One whose transferring phone was never seen before says so as well."""
    fresh = Scene(AGENTS)
    parties = scene.about(ALICE, "Transferer") | scene.about(CALLER, "Transferee")
    fresh.say("BlindTransfer", Result="Success", **parties, Extension="1002")
    fresh.settle()
    assert ["transferred alice transferred"] == fresh.table
    assert fresh.call.partial


def test_an_attended_transfer_joins_two_calls(scene: Scene) -> None:
    """The second call ends as transferred, Bob is in the first, and Alice is out of it."""
    ask_bob(scene)
    scene.say("BridgeEnter", CALLER, BridgeUniqueid="b2", SwapUniqueid=scene.uid(ALICE_ASKS))
    hand_over(scene, "Bridge", **scene.about(CALLER, "Transferee"))
    scene.hang_up(ALICE, ALICE_ASKS)
    assert [
        *BEGIN,
        "2: delivered bob",
        "2: established bob",
        "2: cleared answered transferred",
        "established bob",
        "transferred alice transferred",
    ] == scene.table
    assert [("attended", "alice", "1002")] == transfers(scene)
    assert ["PJSIP/trunk", "PJSIP/1002"] == [c.device for c in scene.call.connections if c.state != "null"]
    scene.hang_up(CALLER, BOB)
    assert "cleared answered normal_clearing" == scene.table[-1]
    assert [] == list(scene.replay.tracker.live_calls())


def test_a_blonde_transfer_hands_over_what_still_rings(scene: Scene) -> None:
    """Alice does not wait for Bob's answer: her channel goes on as a Local channel that rings Bob."""
    ask_bob(scene, answers=False)
    one, two = "Local/_attended@transfer/m-00000001;1", "Local/_attended@transfer/m-00000001;2"
    scene.channel(one, of=CALLER)
    scene.channel(two, of=CALLER)
    scene.local(one, two)
    scene.take_over(ALICE_ASKS, two)
    scene.say("BridgeEnter", one, BridgeUniqueid="b1", SwapUniqueid=scene.uid(ALICE))
    hand_over(scene, "App", DestApp="Dial")
    scene.hang_up(ALICE)
    assert [("blonde", "alice", "1002")] == transfers(scene)
    assert "transferred alice transferred" == scene.table[-1]
    assert frozenset({"bob"}) == scene.call.alerting_agents
    scene.say("Newstate", BOB, "up")
    scene.dial(ALICE_ASKS, BOB, "DialEnd", DialStatus="ANSWER")
    scene.bridge("b3", BOB, ALICE_ASKS)
    assert "established bob" == scene.table[-1]
    scene.hang_up(CALLER, one, ALICE_ASKS, BOB)
    assert "cleared answered normal_clearing" == scene.table[-1]
    assert 0 == scene.replay.tracker.channel_count


def test_a_call_handed_over_to_a_queue_waits_there(scene: Scene) -> None:
    """Alice calls a queue and joins the caller to it before anybody answers: he waits now."""
    scene.channel(ALICE_ASKS, "up", Exten="8100")
    scene.say("QueueCallerJoin", ALICE_ASKS, Queue="support")
    hand_over(scene, "App", DestApp="Queue")
    assert ["queued PJSIP/trunk transferred", "transferred alice transferred"] == scene.table[-2:]
    assert [("blonde", "alice", "8100")] == transfers(scene)
    assert "support" == scene.call.queue
    assert ConnectionState.QUEUED is scene.call.connections[0].state


def test_bridges_that_are_linked_are_one_call(scene: Scene) -> None:
    """Where two bridges can't become one a Local channel joins them."""
    ask_bob(scene)
    one, two = "Local/_attended@transfer/m-00000001;1", "Local/_attended@transfer/m-00000001;2"
    scene.channel(one, of=CALLER)
    scene.channel(two, of=CALLER)
    hand_over(scene, "Link", **scene.about(one, "LocalOne"), **scene.about(two, "LocalTwo"))
    scene.hang_up(ALICE, ALICE_ASKS)
    scene.bridge("b1", one)
    scene.bridge("b2", two)
    assert "transferred alice transferred" == scene.table[-1]
    assert 1 == len(scene.replay.tracker.live_calls())


def test_a_three_way_call_hands_nothing_over(scene: Scene) -> None:
    """Whoever asked stays in: a conference of three."""
    ask_bob(scene)
    hand_over(scene, "Threeway")
    scene.hang_up(ALICE_ASKS)
    scene.bridge("b1", BOB)
    assert "conferenced bob" == scene.table[-1]
    assert () == scene.call.transfers
    assert ["alice", "bob"] == [c.agent for c in scene.call.connections if c.agent and c.state == "connected"]


@pytest.mark.parametrize("missing", ["OrigTransferer", "SecondTransferer"])
def test_one_leg_of_a_transfer_is_enough(scene: Scene, missing: str) -> None:
    """Old versions and odd cases leave one of them out."""
    ask_bob(scene)
    legs = scene.about(ALICE, "OrigTransferer") | scene.about(ALICE_ASKS, "SecondTransferer")
    seen = {header: value for header, value in legs.items() if not header.startswith(missing)}
    scene.say("AttendedTransfer", Result="Success", DestType="Bridge", **seen)
    assert "transferred alice transferred" == scene.table[-1].removeprefix("2: ")
    scene.hang_up(ALICE, ALICE_ASKS, CALLER, BOB)
    assert [] == list(scene.replay.tracker.live_calls())


def test_a_call_comes_back_to_the_one_who_handed_it_over(scene: Scene) -> None:
    """Alice to Bob, Bob back to Alice: two transfers, and Alice talks again."""
    scene.say("BlindTransfer", Result="Success", **scene.about(ALICE, "Transferer"), Extension="1002")
    scene.hang_up(ALICE)
    for phone in (BOB, "PJSIP/1001-00000009"):
        scene.channel(phone, of=CALLER)
        scene.dial(CALLER, phone)
        scene.say("Newstate", phone, "ringing")
        scene.say("Newstate", phone, "up")
        scene.bridge("b5", phone, CALLER)
        if phone == BOB:
            scene.say("BlindTransfer", Result="Success", **scene.about(BOB, "Transferer"), Extension="1001")
            scene.hang_up(BOB)
    assert [("blind", "alice", "1002"), ("blind", "bob", "1001")] == transfers(scene)
    assert ["delivered alice", "established alice"] == scene.table[-2:]
    ended = [c.cause for c in scene.call.connections if c.state == "null"]
    assert [Cause.TRANSFERRED, Cause.TRANSFERRED] == ended


def test_a_hundred_thousand_transfers_are_not_all_kept(scene: Scene) -> None:
    """What a call remembers is bounded, whatever happens to it."""
    for number in range(150):
        phone = f"PJSIP/1002-1{number:07}"
        scene.channel(phone, of=CALLER)
        scene.bridge("b1", phone)
        scene.say("BlindTransfer", Result="Success", **scene.about(phone, "Transferer"), Extension="9" * 1000)
        scene.hang_up(phone)
    assert 100 == len(scene.call.transfers)
    assert all(len(one.to) <= 64 for one in scene.call.transfers)
