"""The board of pops, as a table: events above, what is on whose screen below."""

import msgspec
import pytest

from hub.desk.frames import ClosedReason, PopState
from hub.desk.pops import Change, Gone, PopBoard, Shown
from hub.domain.call import Call, CallEventKind, Cause, ConnectionState, Monitoring, Role
from tests.unit.desk.samples import at, call, ended, leg, rings, step


def _shown(changes: list[Change]) -> list[tuple[str, PopState, str]]:
    return [(c.agent, c.pop.state, c.pop.device) for c in changes if isinstance(c, Shown)]


def _gone(changes: list[Change]) -> list[tuple[str, ClosedReason]]:
    return [(c.agent, c.reason) for c in changes if isinstance(c, Gone)]


def test_a_ringing_device_gives_its_agent_a_pop() -> None:
    """The agent whose phone rings gets the call, and no one else does."""
    board = PopBoard()

    changes = board.happened(rings(call(leg("alice"))))

    assert [("alice", PopState.RINGING, "PJSIP/1001")] == _shown(changes)
    assert () == board.pops_of("bob")


def test_a_call_in_the_queue_pops_nowhere() -> None:
    """Nobody is shown a call before their own device rings."""
    assert [] == PopBoard().happened(step(CallEventKind.QUEUED, call(queue="sales")))


def test_ring_all_pops_once_at_each_as_their_phone_rings() -> None:
    """A second agent's ringing is news for that agent alone, not for the first."""
    board = PopBoard()

    first = board.happened(rings(call(leg("alice"))))
    second = board.happened(rings(call(leg("alice"), leg("bob"))))

    assert ["alice"] == [agent for agent, _, _ in _shown(first)]
    assert ["bob"] == [agent for agent, _, _ in _shown(second)]


def test_a_colleague_who_merely_rings_is_not_in_the_pop() -> None:
    """An agent's view of a call has the outside party and the agent's own phones."""
    board = PopBoard()
    board.happened(rings(call(leg("alice"), leg("bob"))))

    (pop,) = board.pops_of("alice")

    assert ["trunk", "alice-PJSIP/1001"] == [c.id for c in pop.call.connections]


def test_answering_changes_the_winners_pop_and_closes_the_losers() -> None:
    """With ring-all one answers; the others' pops close and say why."""
    board = PopBoard()
    board.happened(rings(call(leg("alice"), leg("bob"), leg("carol"))))

    answered = call(
        leg("alice", ConnectionState.CONNECTED, since=at(8)),
        leg("bob", ConnectionState.NULL, since=at(8), cause=Cause.ANSWERED_ELSEWHERE),
        leg("carol"),
        answered_at=at(8),
    )
    at_once = board.happened(step(CallEventKind.ESTABLISHED, answered, answered.connections[1]))
    late = board.happened(
        step(CallEventKind.DIVERTED, call(leg("alice", ConnectionState.CONNECTED, since=at(8)), answered_at=at(8)))
    )

    assert ("alice", PopState.CONNECTED, "PJSIP/1001") in _shown(at_once)
    assert [("bob", ClosedReason.ANSWERED_ELSEWHERE)] == _gone(at_once)
    assert [("carol", ClosedReason.ANSWERED_ELSEWHERE)] == _gone(late)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause.CALL_NOT_ANSWERED, ClosedReason.NOT_ANSWERED),
        (Cause.REJECTED, ClosedReason.REJECTED),
        (Cause.BUSY, ClosedReason.REJECTED),
        (Cause.DO_NOT_DISTURB, ClosedReason.REJECTED),
        (Cause.CALL_CANCELLED, ClosedReason.CANCELLED),
        (Cause.ANSWERED_ELSEWHERE, ClosedReason.ANSWERED_ELSEWHERE),
        (Cause.REDIRECTED, ClosedReason.LEFT),
        (Cause.UNKNOWN, ClosedReason.UNKNOWN),
    ],
)
def test_a_phone_that_stops_ringing_says_why(cause: Cause, reason: ClosedReason) -> None:
    """The pop closes with the cause that the PBX gave, in the desk's words."""
    board = PopBoard()
    board.happened(rings(call(leg("alice"))))
    silent = call(leg("alice", ConnectionState.NULL, since=at(20), cause=cause))

    changes = board.happened(step(CallEventKind.DIVERTED, silent, silent.connections[1], cause))

    assert [("alice", reason)] == _gone(changes)


def test_the_cause_is_taken_from_the_event_when_the_connection_has_none() -> None:
    """A tracker that drops the connection at once still tells the reason in its event."""
    board = PopBoard()
    board.happened(rings(call(leg("alice"))))

    changes = board.happened(step(CallEventKind.DIVERTED, call(), leg("alice"), Cause.REJECTED))

    assert [("alice", ClosedReason.REJECTED)] == _gone(changes)


def test_a_caller_who_hangs_up_cancels_the_pop() -> None:
    """A call that ends while it rings was cancelled, however the PBX words it."""
    board = PopBoard()
    ringing = call(leg("alice"))
    board.happened(rings(ringing))

    assert [("alice", ClosedReason.CANCELLED)] == _gone(board.happened(ended(ringing)))


def test_a_caller_who_hangs_up_on_the_second_agent_was_not_answered_elsewhere() -> None:
    """Who talked before this phone began to ring did not take the call away from it."""
    board = PopBoard()
    transferred = call(
        leg("bob", ConnectionState.NULL, since=at(30), connected_at=at(8), cause=Cause.TRANSFERRED),
        leg("alice", since=at(31)),
    )
    board.happened(rings(transferred))

    assert [("alice", ClosedReason.CANCELLED)] == _gone(board.happened(ended(transferred)))


def test_a_supervisor_who_listens_sees_the_call_and_has_not_answered_it() -> None:
    """The one who listens has the call on the screen; a phone that then falls silent was not answered elsewhere."""
    listening = msgspec.structs.replace(
        leg("sue", ConnectionState.CONNECTED, since=at(8)), role=Role.OBSERVER, monitoring=Monitoring.SPY
    )
    board = PopBoard()
    board.happened(rings(call(leg("alice"))))

    changes = board.happened(step(CallEventKind.CALL_INFORMATION, call(leg("alice"), listening)))
    assert [("sue", PopState.CONNECTED, "PJSIP/1009")] == _shown(changes)

    silent = leg("alice", ConnectionState.NULL, cause=Cause.CALL_CANCELLED)
    changes = board.happened(step(CallEventKind.DIVERTED, call(silent, listening)))
    assert [("alice", ClosedReason.CANCELLED)] == _gone(changes)


def test_a_talk_that_ends_closes_as_ended() -> None:
    """Hanging up closes the pop, and a late repetition brings nothing back."""
    board = PopBoard()
    talking = call(leg("alice", ConnectionState.CONNECTED))
    board.happened(step(CallEventKind.ESTABLISHED, talking))

    assert [("alice", ClosedReason.ENDED)] == _gone(board.happened(ended(talking)))
    assert [] == board.happened(ended(talking))
    assert () == board.agents_on("main-1")


def test_an_agent_who_leaves_a_call_that_goes_on_has_left() -> None:
    """After a transfer the first agent's pop closes and the second agent's opens."""
    board = PopBoard()
    board.happened(step(CallEventKind.ESTABLISHED, call(leg("alice", ConnectionState.CONNECTED))))

    changes = board.happened(
        step(
            CallEventKind.TRANSFERRED,
            call(leg("alice", ConnectionState.NULL, connected_at=at(5)), leg("bob", ConnectionState.CONNECTED)),
        )
    )

    assert [("alice", ClosedReason.LEFT)] == _gone(changes)
    assert ["bob"] == [agent for agent, _, _ in _shown(changes)]


def test_hold_and_retrieve_change_the_pop() -> None:
    """The pop says that the call is held, and since when."""
    board = PopBoard()
    board.happened(step(CallEventKind.ESTABLISHED, call(leg("alice", ConnectionState.CONNECTED))))

    held = board.happened(step(CallEventKind.HELD, call(leg("alice", ConnectionState.HOLD, since=at(40)))))
    back = board.happened(step(CallEventKind.RETRIEVED, call(leg("alice", ConnectionState.CONNECTED, since=at(50)))))

    assert [("alice", PopState.HELD, "PJSIP/1001")] == _shown(held)
    assert [("alice", PopState.CONNECTED, "PJSIP/1001")] == _shown(back)


def test_two_devices_of_one_agent_make_one_pop() -> None:
    """Desk phone and headset ring for the same call: one pop; answering one of them does not close it."""
    board = PopBoard()
    board.happened(rings(call(leg("alice"))))
    board.happened(rings(call(leg("alice"), leg("alice", device="PJSIP/2001"))))
    assert 1 == len(board.pops_of("alice"))

    changes = board.happened(
        step(
            CallEventKind.ESTABLISHED,
            call(
                leg("alice", ConnectionState.NULL, cause=Cause.ANSWERED_ELSEWHERE),
                leg("alice", ConnectionState.CONNECTED, device="PJSIP/2001"),
            ),
        )
    )

    assert [("alice", PopState.CONNECTED, "PJSIP/2001")] == _shown(changes)
    assert [] == _gone(changes)


def test_an_event_that_changes_nothing_for_the_agent_sends_nothing() -> None:
    """The same truth twice is told once."""
    board = PopBoard()
    ringing = call(leg("alice"))
    board.happened(rings(ringing))

    assert [] == board.happened(rings(ringing))


def test_a_rebuild_makes_the_board_equal_to_the_live_calls() -> None:
    """After a reconnect: calls that are gone close, new ones pop, unchanged ones are left alone."""
    board = PopBoard()
    stays, goes, comes = (call(leg("alice"), id=name) for name in ("stays", "goes", "comes"))
    board.happened(rings(stays))
    board.happened(rings(goes))

    changes = board.rebuild([stays, comes])

    assert [("alice", ClosedReason.UNKNOWN)] == _gone(changes)
    assert ["comes"] == [c.pop.call.id for c in changes if isinstance(c, Shown)]
    assert {"stays", "comes"} == {pop.call.id for pop in board.pops_of("alice")}


def test_a_board_built_live_and_one_built_anew_are_the_same() -> None:
    """It does not matter at which moment the desk begins to look."""
    steps: list[Call] = [
        call(leg("alice")),
        call(leg("alice"), leg("bob")),
        call(leg("alice", ConnectionState.CONNECTED), leg("bob")),
        call(leg("alice", ConnectionState.HOLD), leg("bob", ConnectionState.NULL)),
    ]
    live = PopBoard()
    for now in steps:
        live.happened(step(CallEventKind.DELIVERED, now))
        anew = PopBoard()
        anew.rebuild([now])
        assert [anew.pops_of(agent) for agent in ("alice", "bob")] == [
            live.pops_of(agent) for agent in ("alice", "bob")
        ]


def test_pops_are_told_the_longest_standing_first() -> None:
    """An agent with a talk and a second call that rings sees them in the order in which they came."""
    board = PopBoard()
    second = msgspec.structs.replace(call(leg("alice", since=at(30))), id="second")
    board.happened(rings(second))
    board.happened(step(CallEventKind.ESTABLISHED, call(leg("alice", ConnectionState.CONNECTED), id="first")))

    assert ["first", "second"] == [pop.call.id for pop in board.pops_of("alice")]


def test_who_listens_unheard_is_not_in_the_pop() -> None:
    """An agent sees a supervisor who joins the talk or whispers, and not one who merely listens."""
    board = PopBoard()
    talks = leg("alice", ConnectionState.CONNECTED)
    spy, barge = (
        leg(name, ConnectionState.CONNECTED, role=Role.OBSERVER, monitoring=mode)
        for name, mode in (("bob", Monitoring.SPY), ("carol", Monitoring.BARGE))
    )
    board.happened(step(CallEventKind.ESTABLISHED, call(talks, spy, barge)))

    (pop,) = board.pops_of("alice")
    (own,) = board.pops_of("bob")

    assert [None, "alice", "carol"] == [c.agent for c in pop.call.connections]
    assert "bob" in [c.agent for c in own.call.connections]


def test_who_asks_a_colleague_sees_that_it_rings_there() -> None:
    """While an agent holds the call, the one who is asked is in the pop from the first ring on."""
    board = PopBoard()
    board.happened(step(CallEventKind.HELD, call(leg("alice", ConnectionState.HOLD), leg("bob"))))

    (pop,) = board.pops_of("alice")

    assert [None, "alice", "bob"] == [c.agent for c in pop.call.connections]


def test_an_own_call_that_is_given_up_was_not_hung_up_by_a_caller() -> None:
    """The phone that the hub rang for its agent stops ringing: the call ended, nobody else cancelled it."""
    board = PopBoard()
    own = call(leg("alice", role=Role.CALLER))
    board.happened(rings(own))

    assert [("alice", ClosedReason.ENDED)] == _gone(board.happened(ended(own, Cause.CALL_CANCELLED)))
