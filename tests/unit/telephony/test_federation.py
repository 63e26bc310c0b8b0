"""Calls over two PBXs: what each tells above, what is told of the call as a whole below."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hub.domain.call import (
    Call,
    CallEvent,
    CallEventKind,
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Outcome,
    QueueVisit,
    Role,
)
from hub.domain.phone import parse_number
from hub.telephony.federation import Federation
from hub.telephony.joined import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHARED = {
    "a": Sharing(variable="REF", between=frozenset({"PJSIP/to-b"}), outside=frozenset({"PJSIP/carrier"})),
    "b": Sharing(variable="CALLREF", between=frozenset({"PJSIP/to-a"})),
}
MARIA = "+498912345"


class Pbx:
    """One PBX with one call, as a tracker would tell of it; `says` makes the next step."""

    def __init__(self, name: str, world: World, call_id: str, **call: Any) -> None:
        self._world = world
        self._connections: dict[str, Connection] = {}
        given: dict[str, Any] = {
            "id": call_id,
            "pbx": name,
            "direction": Direction.INBOUND,
            "started_at": world.now(),
            "caller": parse_number(MARIA, "DE"),
        }
        self.call = Call(**{**given, **call})

    def has(self, device: str, state: str, role: Role = Role.CALLED, **more: Any) -> None:
        """Bring a connection into a state; nobody is told."""
        now = self._world.now()
        known = self._connections.get(device)
        agent = {"PJSIP/1001": f"alice-{self.call.pbx}"}.get(device)
        before = known or Connection(
            id=f"{self.call.id}.{len(self._connections)}",
            device=device,
            role=role,
            state=ConnectionState.NULL,
            since=now,
        )
        at: dict[str, dict[str, Any]] = {
            "alerting": {"alerted_at": before.alerted_at or now},
            "connected": {"connected_at": before.connected_at or now},
            "queued": {"queued_at": now},
            "null": {"ended_at": now, "cause": Cause.NORMAL_CLEARING},
        }
        self._connections[device] = msgspec.structs.replace(
            before, agent=agent, state=ConnectionState(state), since=now, **{**at.get(state, {}), **more}
        )
        self.knows(connections=tuple(self._connections.values()))

    def knows(self, **changes: object) -> None:
        self.call = msgspec.structs.replace(self.call, **changes)

    def says(self, kind: str, device: str | None = None, state: str = "", cause: Cause | None = None) -> None:
        """Tell of a step, after the connection of that device has come into that state."""
        if device is not None and state:
            self.has(device, state)
        connection = self._connections[device] if device else None
        step = CallEvent(
            kind=CallEventKind(kind), time=self._world.now(), call=self.call, connection=connection, cause=cause
        )
        self._world.federation.happened(step)

    def over(self, outcome: Outcome = Outcome.ANSWERED, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        for device, connection in self._connections.items():
            if connection.state is not ConnectionState.NULL:
                self.has(device, "null")
        self.knows(ended_at=self._world.now(), outcome=outcome, cause=cause)
        self.says("cleared", cause=cause)


class World:
    """Two PBXs with a trunk between them. `told` is what came out, a line each."""

    def __init__(self, known_before: frozenset[str] = frozenset()) -> None:
        self._seconds = itertools.count()
        self.steps: list[CallEvent] = []
        self.arrivals: list[str] = []
        self.absorbed: list[str] = []
        self.federation = Federation(
            SHARED,
            on_event=self.steps.append,
            on_arrival=lambda call: self.arrivals.append(call.id),
            on_absorbed=self.absorbed.append,
            known_before=known_before,
        )

    def now(self) -> datetime:
        return NOON + timedelta(seconds=next(self._seconds) / 10)

    @property
    def told(self) -> list[str]:
        return [_line(step) for step in self.steps]

    def incoming(self, *, arrives: bool = True, variables: bool = True) -> Pbx:
        """Maria's call at A, where its dialplan has set the shared variable and dials B."""
        a = Pbx("a", self, "a-1", called=parse_number("+493023125", "DE"))
        a.has("PJSIP/carrier", "initiated", Role.CALLER)
        if variables:
            a.knows(variables={"REF": "x1"})
        if arrives:
            self.federation.arrived(a.call)
        a.has("PJSIP/to-b", "initiated")
        return a

    def forwarded(self, value: str = "x1") -> Pbx:
        """Its other half at B."""
        b = Pbx("b", self, "b-9")
        b.has("PJSIP/to-a", "initiated", Role.CALLER)
        b.knows(variables={"CALLREF": value} if value else {})
        return b

    @property
    def last(self) -> Call:
        return self.steps[-1].call


def _line(step: CallEvent) -> str:
    words = [str(step.kind), step.call.id]
    if step.connection:
        words.append(f"{step.connection.device}@{step.connection.pbx or step.call.pbx}")
    return " ".join([*words, step.cause] if step.cause else words)


@pytest.fixture
def world() -> World:
    return World()


def devices(call: Call) -> list[str]:
    return [f"{one.device}@{one.pbx or call.pbx} {one.role} {one.state}" for one in call.connections]


def test_a_call_over_the_trunk_is_one_call(world: World) -> None:
    """Rung, answered and hung up at B: each step once, under A's id, with the caller's number and without trunks."""
    a, b = world.incoming(), world.forwarded()
    b.says("delivered", "PJSIP/1001", "alerting")
    a.says("delivered", "PJSIP/to-b", "alerting")
    shown = world.last
    b.knows(answered_at=world.now())
    b.has("PJSIP/to-a", "connected")
    b.says("established", "PJSIP/1001", "connected")
    a.knows(answered_at=world.now())
    a.has("PJSIP/carrier", "connected")
    a.says("established", "PJSIP/to-b", "connected")
    talking = world.last
    b.over()
    assert ["a-1"] == [call.id for call in world.federation.live([a.call])]
    a.over()

    assert [
        "delivered a-1 PJSIP/1001@b",
        "established a-1 PJSIP/1001@b",
        "cleared a-1 normal_clearing",
    ] == world.told
    assert ["a-1"] == world.arrivals
    assert ["PJSIP/carrier@a caller initiated", "PJSIP/1001@b called alerting"] == devices(shown)
    assert ["PJSIP/carrier@a caller connected", "PJSIP/1001@b called connected"] == devices(talking)
    assert ("a", "+498912345", "+493023125", Direction.INBOUND) == (
        talking.pbx,
        talking.caller.e164,
        talking.called.e164,
        talking.direction,
    )
    assert frozenset({"alice-b"}) == shown.alerting_agents
    assert b.call.answered_at == talking.answered_at
    assert Outcome.ANSWERED is world.last.outcome
    world.federation.settle(world.now() + timedelta(hours=1))
    assert 3 == len(world.told)


def test_the_same_extension_on_both_is_two_devices(world: World) -> None:
    """1001 of A and 1001 of B, rung one after the other in one call."""
    a = world.incoming()
    a.says("delivered", "PJSIP/1001", "alerting")
    a.says("diverted", "PJSIP/1001", "null", Cause.CALL_NOT_ANSWERED)
    world.forwarded().says("delivered", "PJSIP/1001", "alerting")
    assert [
        "delivered a-1 PJSIP/1001@a",
        "diverted a-1 PJSIP/1001@a call_not_answered",
        "delivered a-1 PJSIP/1001@b",
    ] == (world.told)
    assert frozenset({"alice-b"}) == world.last.alerting_agents
    assert ["alice-a", "alice-b"] == [one.agent for one in world.last.connections if one.agent]


def test_a_queue_of_the_other_pbx_holds_the_caller(world: World) -> None:
    """B answers the trunk and queues: nobody has answered yet, the caller waits there, and gives up."""
    a, b = world.incoming(), world.forwarded()
    a.knows(answered_at=world.now())
    a.has("PJSIP/carrier", "connected")
    a.says("established", "PJSIP/to-b", "connected")
    b.knows(queue="support", queued_at=world.now(), queue_visits=(QueueVisit(queue="support", joined_at=NOON),))
    b.says("queued", "PJSIP/to-a", "queued")
    waiting = world.last
    b.over(Outcome.ABANDONED, Cause.CALL_CANCELLED)
    a.over()

    assert ["queued a-1 PJSIP/carrier@a", "cleared a-1 call_cancelled"] == world.told
    assert ("support", None) == (waiting.queue, waiting.answered_at)
    assert ["PJSIP/carrier@a caller queued"] == devices(waiting)
    assert ("support",) == tuple(visit.queue for visit in world.last.queue_visits)
    assert Outcome.ABANDONED is world.last.outcome


def test_who_talked_at_b_leaves_and_the_call_goes_on_at_a(world: World) -> None:
    """Told after a second, so that B's agent is free of it while A plays a survey."""
    a, b = world.incoming(), world.forwarded()
    b.has("PJSIP/to-a", "connected")
    b.says("established", "PJSIP/1001", "connected")
    b.over()
    before = list(world.told)
    assert not world.federation.is_settled
    world.federation.settle(world.now() + timedelta(seconds=2))
    assert world.federation.is_settled
    a.over()
    assert ["connection_cleared a-1 PJSIP/1001@b normal_clearing", "cleared a-1 normal_clearing"] == (
        world.told[len(before) :]
    )


def test_a_phone_of_b_that_is_busy_makes_the_call_busy(world: World) -> None:
    """A's answer to its caller (a busy tone after an announcement) does not hide it."""
    a, b = world.incoming(), world.forwarded()
    b.says("failed", "PJSIP/1001", "null", Cause.BUSY)
    b.over(Outcome.BUSY, Cause.BUSY)
    a.says("failed", "PJSIP/to-b", "null", Cause.BUSY)
    a.over(Outcome.BUSY, Cause.BUSY)
    assert ["failed a-1 PJSIP/1001@b busy", "cleared a-1 busy"] == world.told


def test_a_call_from_b_to_the_outside_by_as_carrier_is_outbound(world: World) -> None:
    """The customer is the one called; who answered is on A."""
    b = Pbx("b", world, "b-9", direction=Direction.INTERNAL, caller=parse_number("1001", "DE"))
    b.knows(called=parse_number(MARIA, "DE"), variables={"CALLREF": "x1"})
    b.has("PJSIP/1001", "initiated", Role.CALLER)
    b.has("PJSIP/to-a", "initiated")
    a = Pbx("a", world, "a-1", variables={"REF": "x1"}, caller=parse_number("1001", "DE"))
    a.has("PJSIP/to-b", "connected", Role.CALLER)
    a.says("delivered", "PJSIP/carrier", "alerting")
    b.says("delivered", "PJSIP/to-a", "alerting")
    a.knows(answered_at=world.now())
    a.says("established", "PJSIP/carrier", "connected")
    assert ["delivered a-1 PJSIP/carrier@a", "established a-1 PJSIP/carrier@a"] == world.told
    assert (Direction.OUTBOUND, "+498912345") == (world.last.direction, world.last.customer_number.e164)
    assert ["PJSIP/1001@b caller connected", "PJSIP/carrier@a called connected"] == devices(world.last)


def test_a_call_between_phones_of_both_is_internal(world: World) -> None:
    """Nobody outside takes part."""
    b = Pbx("b", world, "b-9", direction=Direction.OUTBOUND, caller=parse_number("1001", "DE"))
    b.knows(called=parse_number("2001", "DE"), variables={"CALLREF": "x1"})
    b.has("PJSIP/1001", "initiated", Role.CALLER)
    b.says("delivered", "PJSIP/to-a", "alerting")
    a = Pbx("a", world, "a-1", variables={"REF": "x1"})
    a.has("PJSIP/to-b", "initiated", Role.CALLER)
    a.says("delivered", "PJSIP/1001", "alerting")
    assert Direction.INTERNAL is world.last.direction
    assert "delivered b-9 PJSIP/1001@a" == world.told[-1]


def test_what_is_found_out_late_ends_the_second_call(world: World) -> None:
    """Both were told of when the variable came: the second is transferred into the first, and its phone introduced."""
    a, b = world.incoming(), world.forwarded(value="")
    a.says("delivered", "PJSIP/to-b", "alerting")
    assert [] == world.told
    world.federation.settle(world.now() + timedelta(seconds=2))
    world.federation.arrived(b.call)
    b.has("PJSIP/to-a", "connected")
    b.knows(answered_at=world.now())
    b.says("established", "PJSIP/1001", "connected")
    b.knows(variables={"CALLREF": "x1"})
    b.says("call_information")
    b.over()
    a.over()
    assert [
        "delivered a-1 PJSIP/to-b@a",
        "established b-9 PJSIP/1001@b",
        "cleared b-9 transferred",
        "established a-1 PJSIP/1001@b",
        "call_information a-1",
        "cleared a-1 normal_clearing",
    ] == world.told
    assert Outcome.ANSWERED is world.steps[2].call.outcome


def test_a_second_call_that_only_arrived_is_taken_back(world: World) -> None:
    """Its lookup had begun: whoever began it learns that the id is no more."""
    world.incoming()
    b = world.forwarded(value="")
    world.federation.arrived(b.call)
    b.knows(variables={"CALLREF": "x1"})
    b.says("delivered", "PJSIP/1001", "alerting")
    assert ["a-1", "b-9"] == world.arrivals
    assert ["b-9"] == world.absorbed
    assert ["delivered a-1 PJSIP/1001@b"] == world.told


def test_the_callers_own_pbx_names_the_call_though_the_other_tells_first(world: World) -> None:
    """As long as no step was told; after that the id stands."""
    b = world.forwarded()
    world.federation.arrived(b.call)
    world.incoming()
    b.says("delivered", "PJSIP/1001", "alerting")
    assert ["b-9"] == world.absorbed
    assert ["delivered a-1 PJSIP/1001@b"] == world.told


def test_after_a_restart_the_call_keeps_the_id_that_was_given_out(world: World) -> None:
    """B is connected first; when A's part is found, the call goes on under the id that the journal knows."""
    world = World(frozenset({"a-1"}))
    b = world.forwarded()
    b.has("PJSIP/to-a", "connected")
    b.says("established", "PJSIP/1001", "connected")
    a = world.incoming(arrives=False)
    a.says("established", "PJSIP/to-b", "connected")
    assert [
        "established b-9 PJSIP/1001@b",
        "cleared b-9 transferred",
        "established a-1 PJSIP/1001@b",
    ] == world.told


def test_where_the_caller_is_does_not_depend_on_the_clock(world: World) -> None:
    """Of calls come upon in the middle the age is known in seconds only: B's part may seem to be the older one."""
    b = world.forwarded()
    b.has("PJSIP/to-a", "connected")
    b.says("established", "PJSIP/1001", "connected")
    a = world.incoming(arrives=False)
    a.has("PJSIP/carrier", "connected")
    a.says("established", "PJSIP/to-b", "connected")
    (call,) = world.federation.live([a.call, b.call])
    assert ["PJSIP/carrier@a caller connected", "PJSIP/1001@b called connected"] == devices(call)
    assert "+493023125" == call.called.e164


def test_one_side_ends_unseen_and_the_call_with_its_last_part(world: World) -> None:
    """B was away: its part ends with cause unknown after A's is over, and the call is cleared once."""
    a, b = world.incoming(), world.forwarded()
    b.says("established", "PJSIP/1001", "connected")
    a.over()
    assert ["established a-1 PJSIP/1001@b"] == world.told
    assert ["a-1"] == [call.id for call in world.federation.live([b.call])]
    b.over(Outcome.UNKNOWN, Cause.UNKNOWN)
    assert [CallEventKind.ESTABLISHED, CallEventKind.CLEARED] == [step.kind for step in world.steps]
    assert [] == world.federation.live([])


def test_calls_without_the_variable_and_pbxs_without_it_pass_as_they_are(world: World) -> None:
    """Nothing is changed of a call that is nobody else's."""
    a, b = world.incoming(variables=False), world.forwarded(value="")
    other = Pbx("c", world, "c-1", variables={"REF": "x1"})
    for pbx in (a, b, other):
        pbx.says("delivered", "PJSIP/1001", "alerting")
        assert pbx.call == world.last
        pbx.over()
        assert pbx.call == world.last
    assert ["a-1", "b-9", "c-1"] == list(dict.fromkeys(step.call.id for step in world.steps))


def test_a_value_that_all_calls_have_joins_no_more_than_eight(world: World) -> None:
    """A dialplan that sets a constant does not make one endless call of all."""
    for number in range(30):
        Pbx("a", world, f"a-{number}", variables={"REF": "1"}).says("call_information")
    assert 30 - 7 == len({step.call.id for step in world.steps})


def test_each_part_has_its_id_on_its_own_pbx(world: World) -> None:
    """Whoever commands a joined call can find what its PBXs call it."""
    world.incoming()
    world.forwarded().says("delivered", "PJSIP/1001", "alerting")
    assert ("a-1", "b-9") == world.federation.parts_of("a-1")
    assert ("z",) == world.federation.parts_of("z")


def _orders(seed: int) -> Iterator[str]:
    """Yield whose turn it is, A's or B's, at random."""
    chance = random.Random(seed)  # noqa: S311 - an order of play
    while True:
        yield chance.choice("ab")


@pytest.mark.parametrize("seed", range(50))
def test_in_whatever_order_the_two_tell_it_the_end_is_the_same(seed: int) -> None:
    """One call cleared once, whoever's events come first; nothing is left over, and B's phone rang and talked.

    Only that one is over before the other was heard of is left out: those are two calls.
    """
    world = World()
    a, b = world.incoming(arrives=bool(seed % 2)), world.forwarded()
    plans: dict[str, list[Callable[[], None]]] = {
        "a": [
            lambda: a.says("delivered", "PJSIP/to-b", "alerting"),
            lambda: a.says("established", "PJSIP/to-b", "connected"),
            a.over,
        ],
        "b": [
            lambda: b.says("delivered", "PJSIP/1001", "alerting"),
            lambda: b.says("established", "PJSIP/1001", "connected"),
            b.over,
        ],
    }
    for turn in _orders(seed):
        is_alone = len(plans[turn]) == 1 and len(plans["ab".replace(turn, "")]) == 3
        if plans[turn] and not is_alone:
            plans[turn].pop(0)()
        if not any(plans.values()):
            break
    world.federation.settle(world.now() + timedelta(minutes=1))

    kinds = [step.kind for step in world.steps]
    assert 1 == kinds.count(CallEventKind.CLEARED)
    assert CallEventKind.CLEARED is kinds[-1]
    of_phone = [step.kind for step in world.steps if step.connection and step.connection.device == "PJSIP/1001"]
    assert [CallEventKind.DELIVERED, CallEventKind.ESTABLISHED] == of_phone[:2]
    assert world.federation.is_settled
    assert not world.federation._by_part
    assert not world.federation._by_value
    assert not world.federation._waiting
