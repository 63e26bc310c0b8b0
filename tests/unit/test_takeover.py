from datetime import UTC, datetime, timedelta

import msgspec

from hub.domain.call import (
    Call,
    CallEvent,
    CallEventKind,
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Outcome,
    Role,
)
from hub.house.takeover import Takeover

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RINGING = Connection(
    id="main-2",
    device="PJSIP/1001",
    role=Role.CALLED,
    state=ConnectionState.ALERTING,
    since=NOW,
    agent="alice",
    alerted_at=NOW,
)
CALL = Call(
    id="main-1",
    pbx="main",
    direction=Direction.INBOUND,
    started_at=NOW,
    queue="support",
    queued_at=NOW,
    connections=(RINGING,),
)


def step(kind: CallEventKind, connection: Connection | None = None, call: Call = CALL) -> CallEvent:
    return CallEvent(kind=kind, time=NOW + timedelta(seconds=5), call=call, connection=connection)


def test_steps_the_journal_holds_are_not_told_twice() -> None:
    """A hub that comes back in the middle of a call finds it ringing; the journal already says so."""
    takeover = Takeover([CALL])
    assert takeover.is_known(step(CallEventKind.QUEUED))
    assert takeover.is_known(step(CallEventKind.DELIVERED, RINGING))


def test_what_is_new_is_told() -> None:
    """The answer, another phone, another queue, the end, and any other call are news."""
    takeover = Takeover([CALL])
    other_phone = msgspec.structs.replace(RINGING, id="main-3")
    assert not takeover.is_known(step(CallEventKind.ESTABLISHED, RINGING))
    assert not takeover.is_known(step(CallEventKind.DELIVERED, other_phone))
    assert not takeover.is_known(step(CallEventKind.QUEUED, call=msgspec.structs.replace(CALL, queue="sales")))
    assert not takeover.is_known(step(CallEventKind.DELIVERED, RINGING, msgspec.structs.replace(CALL, id="main-9")))
    assert not takeover.is_known(step(CallEventKind.CLEARED))


def test_a_connection_of_another_pbx_may_have_the_same_id() -> None:
    """Ids of connections are unique within a PBX: one of each in a joined call are two."""
    takeover = Takeover([CALL])
    there = msgspec.structs.replace(RINGING, pbx="branch")
    assert not takeover.is_known(step(CallEventKind.DELIVERED, there))


def test_call_that_ended_unseen_is_cleared_once() -> None:
    """What the PBX no longer has ends with cause unknown; what lives on, and other PBXs' calls, stay open."""
    elsewhere = msgspec.structs.replace(CALL, id="other-1", pbx="other")
    alive = msgspec.structs.replace(CALL, id="main-7")
    takeover = Takeover([CALL, elsewhere, alive])
    ended = takeover.ended_meanwhile("main", [alive], NOW)
    assert [("main-1", Cause.UNKNOWN, Outcome.UNKNOWN)] == [(e.call.id, e.cause, e.call.outcome) for e in ended]
    assert [] == takeover.ended_meanwhile("main", [alive], NOW)
    assert ["other-1"] == [e.call.id for e in takeover.ended_meanwhile("other", [], NOW)]


def test_call_that_was_cleared_is_forgotten() -> None:
    """After its end was seen a call is not ended again."""
    takeover = Takeover([CALL])
    takeover.is_known(step(CallEventKind.CLEARED))
    assert [] == takeover.ended_meanwhile("main", [], NOW)


def test_call_of_a_pbx_that_was_taken_out_of_the_configuration_ends() -> None:
    """Nobody will ask that PBX any more, so its calls would stay open for ever; the others' stay."""
    elsewhere = msgspec.structs.replace(CALL, id="other-1", pbx="other")
    takeover = Takeover([CALL, elsewhere])
    assert [("other-1", Cause.UNKNOWN)] == [(e.call.id, e.cause) for e in takeover.ended_with_their_pbx({"main"}, NOW)]
    assert [] == takeover.ended_with_their_pbx({"main"}, NOW)
    assert ["main-1"] == [e.call.id for e in takeover.ended_meanwhile("main", [], NOW)]
