"""Calls that go from one PBX to another: two calls to Asterisk, one to people.

Both PBXs give the call's channels one variable with the same value; the dialplan hands it over in a SIP header. Pure:
no I/O and no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, ConnectionState, Outcome, Role
from hub.telephony.joined import JoinedCall, Sharing

SETTLE = timedelta(seconds=1)
"""How long after its part on one PBX ended a call must go on for that to be worth an event, as in the tracker; and
how long the other PBX has to tell of its part."""

MAX_PARTS = 8
"""Calls that may be joined into one; with more of the same value the dialplan does not tell calls apart."""

_MAX_WAITING = 10_000
"""Calls remembered of which no event was given out yet."""

_TALKING = (ConnectionState.CONNECTED, ConnectionState.HOLD)
_OF_THE_WHOLE = (CallEventKind.QUEUED, CallEventKind.CALL_INFORMATION, CallEventKind.CONFERENCED)
"""Steps that matter to all in the call, also where one of the legs between the PBXs took them."""


class Federation:
    """Stands between the PBXs' trackers and everyone else; a PBX that isn't in `shared` passes as it is.

    `on_event` gets each step with the call as a whole, under the id of the part that was known first. `on_arrival`
    gets calls from outside before their first step. `on_absorbed` gets the id of a call that `on_arrival` told of
    and that turned out to be part of another. A call that steps were told of under its own id ends with cause
    `transferred` when that is found out. `known_before` are the ids that were given out before the hub was started.

    The two PBXs' news come in no order. So what a leg between them does is held back for as long as `SETTLE`: mostly
    the other PBX has told of the call by then, and the leg is nothing that anybody wants to hear of.
    """

    def __init__(
        self,
        shared: Mapping[str, Sharing],
        *,
        on_event: Callable[[CallEvent], None],
        on_arrival: Callable[[Call], None],
        on_absorbed: Callable[[str], None],
        known_before: Container[str] = (),
    ) -> None:
        self._shared = shared
        self._on_event = on_event
        self._on_arrival = on_arrival
        self._on_absorbed = on_absorbed
        self._known_before = known_before
        self._by_part: dict[str, JoinedCall] = {}
        self._by_value: dict[str, JoinedCall] = {}
        self._waiting: dict[str, JoinedCall] = {}
        self._holding: deque[tuple[datetime, JoinedCall]] = deque()
        self._departures: deque[tuple[datetime, JoinedCall, str, str]] = deque()
        self._begun = 0

    def happened(self, event: CallEvent) -> None:
        """Take one step of a call on one PBX, and tell what it is of the call as a whole."""
        if event.call.pbx not in self._shared:
            self._on_event(event)
            return
        self.settle(event.time)
        part = event.call
        before = self._by_part.get(part.id)
        talked = before.talking(part.id) if before and event.kind is CallEventKind.CLEARED else ()
        joined = self._learn(part, event.time)
        if joined.is_alone and joined.values and event.connection and joined.is_between(part, event.connection):
            joined.held.append(event)
            self._holding.append((event.time + SETTLE, joined))
            return
        self._release(joined)
        if event.kind is CallEventKind.CLEARED:
            self._announced(joined)
            self._part_over(joined, event, talked)
        else:
            self._tell(joined, event)

    def arrived(self, part: Call) -> None:
        """Take a call from outside that no step was told of yet."""
        if part.pbx not in self._shared:
            self._on_arrival(part)
            return
        joined = self._learn(part, part.started_at)
        if not joined.is_announced:
            self._on_arrival(joined.picture())

    def live(self, parts: Iterable[Call]) -> list[Call]:
        """Return the calls as a whole that have these parts, the live calls of all PBXs."""
        whole: dict[str, Call | JoinedCall] = {}
        for part in parts:
            joined = self._by_part.get(part.id)
            if joined is None or joined.is_alone:
                whole[part.id] = part
            else:
                joined.parts[part.id] = part
                whole[joined.id] = joined
        return [call.picture() if isinstance(call, JoinedCall) else call for call in whole.values()]

    def parts_of(self, call_id: str) -> Sequence[str]:
        """Return the ids that a call's parts have on their own PBXs; its own alone where it is on one of them."""
        joined = self._by_part.get(call_id)
        return tuple(joined.parts) if joined is not None and joined.id == call_id else (call_id,)

    def settle(self, now: datetime) -> None:
        """Tell of those whose part ended while the call went on; to be called now and then while all is quiet."""
        while self._holding and self._holding[0][0] <= now:
            self._release(self._holding.popleft()[1])
        while self._departures and self._departures[0][0] <= now:
            _, joined, part_id, connection_id = self._departures.popleft()
            if self._by_part.get(part_id) is not joined:
                continue
            picture = joined.picture()
            connection = joined.shown(part_id, connection_id)
            if connection is not None:
                self._on_event(
                    CallEvent(
                        kind=CallEventKind.CONNECTION_CLEARED,
                        time=now,
                        call=picture,
                        connection=connection,
                        cause=connection.cause,
                    )
                )

    @property
    def is_settled(self) -> bool:
        """Whether `settle` would have nothing to tell, now or later."""
        return not self._departures and not self._holding

    def _release(self, joined: JoinedCall) -> None:
        """Tell the steps that were held back; what a joined call has no room for is left out."""
        held, joined.held = joined.held, []
        for event in held:
            self._tell(joined, event)

    def _tell(self, joined: JoinedCall, event: CallEvent) -> None:
        self._announced(joined)
        if joined.is_alone:
            self._on_event(event)
        else:
            self._tell_step(joined, event)

    def _announced(self, joined: JoinedCall) -> None:
        joined.is_announced = True
        self._waiting.pop(joined.id, None)

    def _learn(self, part: Call, now: datetime) -> JoinedCall:
        """Take a part as it is now, and join it with the others of its value."""
        joined = self._by_part.get(part.id)
        if joined is None:
            self._begun += 1
            joined = self._by_part[part.id] = JoinedCall(part, self._shared, self._begun)
            self._wait(joined)
        joined.parts[part.id] = part
        value = part.variables.get(self._shared[part.pbx].variable, "")
        if not value or value in joined.values:
            return joined
        other = self._by_value.get(value)
        if other is not None and len(other.parts) + len(joined.parts) > MAX_PARTS:
            return joined
        if other is not None:
            joined = self._join(joined, other, now)
        joined.values.add(value)
        self._by_value[value] = joined
        return joined

    def _wait(self, joined: JoinedCall) -> None:
        self._waiting[joined.id] = joined
        if len(self._waiting) > _MAX_WAITING:
            oldest = self._waiting[next(iter(self._waiting))]
            self._release(oldest)
            self._forget(oldest)

    def _join(self, one: JoinedCall, other: JoinedCall, now: datetime) -> JoinedCall:
        known = self._known_before
        # Of two that nobody was told of, the one with the caller goes before the one with a leg from where he is.
        keep, gone = sorted(
            (one, other),
            key=lambda call: (call.id not in known, not call.is_announced, not call.has_caller, call.order),
        )
        self._waiting.pop(gone.id, None)
        there = {(connection.pbx or keep.pbx, connection.device) for connection in _live(keep.picture())}
        if gone.is_announced:
            self._say_absorbed(gone, now)
        else:
            self._on_absorbed(gone.id)
        arrivals = [(gone.pbx_of(connection), connection.id) for connection in _live(gone.picture())]
        keep.absorb(gone)
        for part_id in gone.parts:
            self._by_part[part_id] = keep
        for value in gone.values:
            self._by_value[value] = keep
        if gone.is_announced:
            self._introduce(keep, arrivals, there, now)
        return keep

    def _say_absorbed(self, gone: JoinedCall, now: datetime) -> None:
        call = gone.picture()
        outcome = Outcome.ANSWERED if call.answered_at else Outcome.UNKNOWN
        over = msgspec.structs.replace(call, ended_at=now, cause=Cause.TRANSFERRED, outcome=outcome)
        self._on_event(CallEvent(kind=CallEventKind.CLEARED, time=now, call=over, cause=Cause.TRANSFERRED))

    def _introduce(
        self, joined: JoinedCall, arrivals: list[tuple[str, str]], there: set[tuple[str, str]], now: datetime
    ) -> None:
        """Tell of the connections that came over from a call that was told of under another id."""
        call = joined.picture()
        for connection in _live(call):
            pbx = joined.pbx_of(connection)
            if (pbx, connection.id) not in arrivals or (pbx, connection.device) in there:
                continue
            kind = CallEventKind.ESTABLISHED if connection.state in _TALKING else CallEventKind.DELIVERED
            if connection.state in _TALKING or connection.state is ConnectionState.ALERTING:
                self._on_event(CallEvent(kind=kind, time=now, call=call, connection=connection))

    def _tell_step(self, joined: JoinedCall, event: CallEvent) -> None:
        connection = event.connection
        call = joined.picture()
        if connection is not None and joined.is_between(event.call, connection):
            if event.kind not in _OF_THE_WHOLE:
                return
            # It is the caller, on the other PBX, to whom it happened.
            shown = next((one for one in call.connections if one.role is Role.CALLER), None)
        else:
            shown = connection and joined.shown(event.call.id, connection.id)
        self._on_event(msgspec.structs.replace(event, call=call, connection=shown))

    def _part_over(self, joined: JoinedCall, event: CallEvent, talked: Sequence[str]) -> None:
        part = event.call
        joined.over.add(part.id)
        if joined.is_alone:
            self._forget(joined)
            self._on_event(event)
        elif joined.is_over:
            call = joined.final_picture(event.time)
            self._forget(joined)
            self._on_event(CallEvent(kind=CallEventKind.CLEARED, time=event.time, call=call, cause=call.cause))
        else:
            due = event.time + SETTLE
            self._departures.extend((due, joined, part.id, connection_id) for connection_id in talked)

    def _forget(self, joined: JoinedCall) -> None:
        self._waiting.pop(joined.id, None)
        for part_id in joined.parts:
            self._by_part.pop(part_id, None)
        for value in joined.values:
            self._by_value.pop(value, None)


def _live(call: Call) -> list[Connection]:
    return [connection for connection in call.connections if connection.state is not ConnectionState.NULL]
