"""One call made of its parts on several PBXs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from hub.domain.call import (
    Call,
    CallEvent,
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Outcome,
    QueueVisit,
    RecordingState,
    Role,
)

_TALKING = (ConnectionState.CONNECTED, ConnectionState.HOLD)
_MAY_BE_ELSEWHERE = (ConnectionState.INITIATED, ConnectionState.CONNECTED)


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """How one PBX shares calls: the variable that tells them, the trunks between the PBXs, those to the outside."""

    variable: str
    between: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()


class JoinedCall:
    """The parts by their ids, in the order in which they became known.

    `id` and `pbx` are the first part's. `order` grows from call to call. `values` are what the shared variable had,
    `held` the steps that wait for the other part to be seen.
    The connections between the PBXs are left out of the picture: what they do, those at its ends do.
    """

    def __init__(self, first: Call, shared: Mapping[str, Sharing], order: int) -> None:
        self.id = first.id
        self.pbx = first.pbx
        self.order = order
        self.parts: dict[str, Call] = {first.id: first}
        self.over: set[str] = set()
        self.values: set[str] = set()
        self.held: list[CallEvent] = []
        self.is_announced = False
        self._shared = shared

    @property
    def is_alone(self) -> bool:
        """Whether it is one call on one PBX, as most are."""
        return len(self.parts) == 1

    @property
    def is_over(self) -> bool:
        return self.over.issuperset(self.parts)

    @property
    def has_caller(self) -> bool:
        """Whether the one who calls is on one of these PBXs, and not only a leg from where he is."""
        return any(map(self._has_caller, self.parts.values()))

    def absorb(self, other: JoinedCall) -> None:
        self.parts |= other.parts
        self.over |= other.over
        self.values |= other.values
        self.held += other.held

    def pbx_of(self, connection: Connection) -> str:
        return connection.pbx or self.pbx

    def is_between(self, part: Call, connection: Connection) -> bool:
        """Whether this is one of the legs that join the PBXs. `DAHDI/i1` is the trunk of `DAHDI/i1/0301234`."""
        between = self._shared[part.pbx].between
        return connection.device in between or connection.device.rpartition("/")[0] in between

    def talking(self, part_id: str) -> tuple[str, ...]:
        """Return the ids of a part's connections that talk, without those between the PBXs."""
        part = self.parts[part_id]
        return tuple(
            connection.id
            for connection in part.connections
            if connection.state in _TALKING and not self.is_between(part, connection)
        )

    def shown(self, part_id: str, connection_id: str) -> Connection | None:
        """Return a part's connection as the picture has it."""
        pbx = self.parts[part_id].pbx
        return next(
            (one for one in self.picture().connections if (self.pbx_of(one), one.id) == (pbx, connection_id)), None
        )

    def picture(self) -> Call:
        """Return the call as a whole, as it is now."""
        if self.is_alone:
            return self.parts[self.id]
        parts = self._from_the_first()
        origin = parts[0]
        queued = max(
            (part for part in parts if part.queued_at),
            key=lambda part: part.queued_at or part.started_at,
            default=origin,
        )
        living = [part for part in parts if part.id not in self.over] or parts
        return msgspec.structs.replace(
            origin,
            id=self.id,
            pbx=self.pbx,
            direction=self._direction(parts),
            queue=queued.queue,
            queued_at=queued.queued_at,
            left_queue_at=queued.left_queue_at,
            answered_at=min((at for part in parts if (at := self._answered_at(part))), default=None),
            ended_at=None,
            connections=self._connections(parts),
            queue_visits=tuple(sorted((visit for part in parts for visit in part.queue_visits), key=_joined_at)),
            transfers=tuple(sorted((one for part in parts for one in part.transfers), key=lambda one: one.time)),
            variables={name: value for part in parts for name, value in part.variables.items()},
            recordings=tuple(dict.fromkeys(name for part in parts for name in part.recordings)),
            recording=_recording(living),
            parked=next((part.parked for part in reversed(living) if part.parked), ""),
            conference=next((part.conference for part in reversed(living) if part.conference), ""),
            outcome=None,
            cause=None,
            partial=any(part.partial for part in parts),
        )

    def final_picture(self, now: datetime) -> Call:
        """Return the call when its last part is over, with how it went as a whole."""
        call = self.picture()
        outcome, cause = self._verdict(call)
        return msgspec.structs.replace(call, ended_at=now, outcome=outcome, cause=cause)

    def _from_the_first(self) -> list[Call]:
        """Return the parts, the first of them the one that has the caller and not only a leg from where he is.

        Times alone don't tell: of a call come upon in the middle the PBX knows its age in whole seconds.
        """
        return sorted(self.parts.values(), key=lambda part: (not self._has_caller(part), part.started_at))

    def _has_caller(self, part: Call) -> bool:
        return any(one.role is Role.CALLER and not self.is_between(part, one) for one in part.connections)

    def _direction(self, parts: list[Call]) -> Direction:
        origin = parts[0]
        if origin.direction is Direction.INBOUND:
            return Direction.INBOUND
        leads_out = any(
            connection.device in self._shared[part.pbx].outside
            for part in parts
            for connection in part.connections
            if connection.role is Role.CALLED and not self.is_between(part, connection)
        )
        is_public = origin.direction is Direction.OUTBOUND and origin.called.e164 is not None
        return Direction.OUTBOUND if leads_out or is_public else Direction.INTERNAL

    def _answered_at(self, part: Call) -> datetime | None:
        """Return when somebody answered there; that the other PBX took the call is no answer yet."""
        return part.answered_at if self._has_answered(part) else None

    def _has_answered(self, part: Call) -> bool:
        return any(
            connection.connected_at and connection.role is Role.CALLED and not self.is_between(part, connection)
            for connection in part.connections
        )

    def _connections(self, parts: list[Call]) -> tuple[Connection, ...]:
        found: list[Connection] = []
        for part in parts:
            pbx = "" if part.pbx == self.pbx else part.pbx
            for connection in part.connections:
                if self.is_between(part, connection):
                    continue
                is_second_caller = connection.role is Role.CALLER and part is not parts[0]
                role = Role.CALLED if is_second_caller else connection.role
                shown = self._caller(connection, parts) if role is Role.CALLER else connection
                found.append(msgspec.structs.replace(shown, pbx=pbx, role=role))
        return tuple(found)

    def _caller(self, caller: Connection, parts: list[Call]) -> Connection:
        """Return the caller as the PBX has them where they are now: they may wait in a queue of the other one."""
        origin = parts[0]
        talks_there = any(
            connection.state in _TALKING
            and connection.role is not Role.CALLER
            and not self.is_between(origin, connection)
            for connection in origin.connections
        )
        if caller.state not in _MAY_BE_ELSEWHERE or talks_there:
            return caller
        for part in reversed(parts[1:]):
            for leg in part.connections:
                if leg.role is Role.CALLER and leg.state is not ConnectionState.NULL and self.is_between(part, leg):
                    return msgspec.structs.replace(
                        caller,
                        state=leg.state,
                        since=leg.since,
                        queued_at=leg.queued_at or caller.queued_at,
                        connected_at=caller.connected_at if self._has_answered(origin) else leg.connected_at,
                    )
        return caller

    def _verdict(self, call: Call) -> tuple[Outcome | None, Cause | None]:
        """Say how it went: as where somebody answered or, if nobody did, as where nobody even seemed to."""
        parts = self._from_the_first()
        if call.answered_at:
            return Outcome.ANSWERED, parts[0].cause
        told = next(
            (part for part in (parts[0], *reversed(parts[1:])) if part.outcome is not Outcome.ANSWERED), parts[0]
        )
        return (Outcome.NOT_ANSWERED if told.outcome is Outcome.ANSWERED else told.outcome), told.cause


def _joined_at(visit: QueueVisit) -> datetime:
    return visit.joined_at


def _recording(parts: list[Call]) -> RecordingState:
    states = {part.recording for part in parts}
    return next((state for state in (RecordingState.ON, RecordingState.PAUSED) if state in states), RecordingState.OFF)
