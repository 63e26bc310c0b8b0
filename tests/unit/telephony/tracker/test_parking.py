"""Parking lots."""

from __future__ import annotations

import pytest

from hub.domain.call import Cause, ConnectionState, Outcome
from tests.unit.telephony.tracker.scene import Scene

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob"}
CALLER = "PJSIP/trunk-00000001"
ALICE = "PJSIP/1001-00000002"
BOB = "PJSIP/1002-00000003"
PLACE = {"Parkinglot": "default", "ParkingSpace": "701", "ParkerDialString": "PJSIP/1001"}


@pytest.fixture
def scene() -> Scene:
    """Alice talks to a caller."""
    made = Scene(AGENTS)
    made.answered(CALLER, ALICE)
    return made


def park(scene: Scene) -> None:
    """Let the caller be parked, and Alice hang up."""
    scene.bridge("lot", CALLER, technology="holding_bridge")
    scene.say("ParkedCall", **scene.about(CALLER, "Parkee"), **PLACE)
    scene.hang_up(ALICE)


def test_a_parked_call_waits_at_its_place(scene: Scene) -> None:
    """It is told once, with where; Alice's part ended by parking."""
    park(scene)
    scene.say("ParkedCall", **scene.about(CALLER, "Parkee"), **PLACE)
    assert ["queued PJSIP/trunk parked"] == scene.table[2:]
    assert "default/701" == scene.call.parked
    scene.wait(2)
    scene.replay.tracker.settle(scene.replay.now)
    assert "connection_cleared alice parked" == scene.table[-1]
    assert [ConnectionState.QUEUED, ConnectionState.NULL] == [c.state for c in scene.call.connections]


@pytest.mark.parametrize("parked_first", [True, False])
def test_a_transfer_to_the_lot_is_parking(scene: Scene, *, parked_first: bool) -> None:
    """Phones park by a transfer to the lot's number; in whichever order it is told, nobody was handed anything."""
    parties = scene.about(ALICE, "Transferer") | scene.about(CALLER, "Transferee")
    steps = [("BlindTransfer", parties | {"Result": "Success", "Extension": "700"}), ("ParkedCall", PLACE)]
    for event, headers in reversed(steps) if parked_first else steps:
        scene.say(event, **(headers | scene.about(CALLER, "Parkee") if event == "ParkedCall" else headers))
    scene.hang_up(ALICE)
    assert "queued PJSIP/trunk parked" in scene.table
    [call] = scene.replay.tracker.live_calls()
    assert () == call.transfers
    assert [Cause.PARKED] == [c.cause for c in call.connections if c.agent == "alice"]


def test_a_parked_call_is_fetched(scene: Scene) -> None:
    """Bob dials the place: his call and the parked one are one, and he talks."""
    park(scene)
    scene.channel(BOB, "ring", Exten="701")
    scene.say("Newstate", BOB, "up")
    scene.say("UnParkedCall", **scene.about(CALLER, "Parkee"), **scene.about(BOB, "Retriever"), **PLACE)
    scene.bridge("b2", CALLER, BOB)
    assert "established bob" == scene.table[-1]
    assert "" == scene.call.parked
    assert 1 == len(scene.replay.tracker.live_calls())
    scene.hang_up(BOB, CALLER)
    assert "cleared answered normal_clearing" == scene.table[-1]


def test_nobody_fetches_it_and_it_rings_back(scene: Scene) -> None:
    """After the lot's time the parking phone rings; that the time ran out is told."""
    park(scene)
    scene.say("ParkedCallTimeOut", **scene.about(CALLER, "Parkee"), **PLACE)
    again = "PJSIP/1001-00000009"
    scene.channel(again, of=CALLER)
    scene.dial(CALLER, again)
    scene.say("Newstate", again, "ringing")
    scene.say("Newstate", again, "up")
    scene.bridge("b2", again, CALLER)
    assert [
        "call_information PJSIP/trunk park_timed_out",
        "delivered alice",
        "established alice",
    ] == scene.table[3:]
    assert "" == scene.call.parked


def test_a_parked_caller_gives_up(scene: Scene) -> None:
    """He had talked before: the call was answered."""
    park(scene)
    scene.say("ParkedCallGiveUp", **scene.about(CALLER, "Parkee"), **PLACE)
    scene.hang_up(CALLER)
    assert Outcome.ANSWERED is scene.call.outcome
    assert "" == scene.call.parked


def test_a_call_that_was_parked_unanswered_and_given_up_is_abandoned() -> None:
    """Nobody ever talked to him."""
    scene = Scene(AGENTS)
    scene.channel(CALLER, "up")
    park_it = scene.about(CALLER, "Parkee") | PLACE
    scene.say("ParkedCall", **park_it)
    scene.say("ParkedCallGiveUp", **park_it)
    scene.hang_up(CALLER)
    assert ["queued PJSIP/trunk parked", "cleared abandoned call_cancelled"] == scene.table


def test_an_attended_transfer_to_the_lot_parks_the_other(scene: Scene) -> None:
    """Alice goes to the lot herself, then her caller takes her place there."""
    asks = "PJSIP/1001-00000005"
    scene.channel(asks, "up", Exten="700")
    scene.say("ParkedCall", **scene.about(asks, "Parkee"), **PLACE)
    scene.say("ParkedCallSwap", **scene.about(CALLER, "Parkee"), **PLACE)
    parked = [call.caller.raw for call in scene.replay.tracker.live_calls() if call.parked]
    assert ["+498912345678"] == parked
    legs = scene.about(ALICE, "OrigTransferer") | scene.about(asks, "SecondTransferer")
    scene.say("AttendedTransfer", Result="Success", DestType="Bridge", **legs)
    scene.hang_up(ALICE, asks)
    [call] = scene.replay.tracker.live_calls()
    assert "default/701" == call.parked
    scene.hang_up(CALLER)
    assert [] == list(scene.replay.tracker.live_calls())
