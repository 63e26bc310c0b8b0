"""Which calls each agent has on the screen: a pure function of the calls, with no I/O and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from hub.desk.frames import ClosedReason, Pop, PopState
from hub.domain.call import Call, CallEvent, Cause, Connection, ConnectionState, Monitoring, Role

_SHOWN_STATES: dict[ConnectionState, PopState] = {
    ConnectionState.CONNECTED: PopState.CONNECTED,
    ConnectionState.HOLD: PopState.HELD,
    ConnectionState.ALERTING: PopState.RINGING,
}
_RANK = {state: rank for rank, state in enumerate(_SHOWN_STATES)}
_TALKING = frozenset({ConnectionState.CONNECTED, ConnectionState.HOLD})

_REASON_OF_CAUSE: dict[Cause, ClosedReason] = {
    Cause.ANSWERED_ELSEWHERE: ClosedReason.ANSWERED_ELSEWHERE,
    Cause.CALL_PICKUP: ClosedReason.ANSWERED_ELSEWHERE,
    Cause.CALL_NOT_ANSWERED: ClosedReason.NOT_ANSWERED,
    Cause.REJECTED: ClosedReason.REJECTED,
    Cause.BUSY: ClosedReason.REJECTED,
    Cause.DO_NOT_DISTURB: ClosedReason.REJECTED,
    Cause.REDIRECTED: ClosedReason.LEFT,
    Cause.TRANSFERRED: ClosedReason.LEFT,
}
"""Why a phone stopped ringing. Causes that are not here say too little; the call itself tells the rest."""


class Shown(msgspec.Struct, frozen=True):
    """A pop that is new at this agent, or that changed."""

    agent: str
    pop: Pop


class Gone(msgspec.Struct, frozen=True):
    """A pop that this agent has no more."""

    agent: str
    call_id: str
    reason: ClosedReason


Change = Shown | Gone


class PopBoard:
    """The pops of all agents.

    An agent has one pop for a call while any of their devices rings or talks in it, however many of them do.
    The call inside a pop is the agent's own view: colleagues whose phones merely ring, or who are no more in the
    call, and supervisors who listen unheard are left out of its connections. An agent who holds the call sees who
    rings: somebody is being asked.
    """

    def __init__(self) -> None:
        self._by_call: dict[str, dict[str, Pop]] = {}
        self._by_agent: dict[str, dict[str, Pop]] = {}

    def happened(self, event: CallEvent) -> list[Change]:
        """Take one step of a call and return what changed on whose screen."""
        return self._replace(event.call, _pops_of(event.call), event)

    def rebuild(self, calls: Iterable[Call]) -> list[Change]:
        """Make the board equal to `calls`, the live calls as a whole, and return what changed on whose screen."""
        changes: list[Change] = []
        live = {call.id: call for call in calls}
        for call_id in [call_id for call_id in self._by_call if call_id not in live]:
            for agent in tuple(self._by_call[call_id]):
                self._remove(agent, call_id)
                changes.append(Gone(agent, call_id, ClosedReason.UNKNOWN))
        for call in live.values():
            changes += self._replace(call, _pops_of(call), None)
        return changes

    def pops_of(self, agent: str) -> tuple[Pop, ...]:
        """Return the agent's pops, the longest-standing first."""
        return tuple(sorted(self._by_agent.get(agent, {}).values(), key=lambda pop: pop.since))

    def agents_on(self, call_id: str) -> tuple[str, ...]:
        return tuple(self._by_call.get(call_id, ()))

    def _replace(self, call: Call, pops: Mapping[str, Pop], event: CallEvent | None) -> list[Change]:
        before = self._by_call.get(call.id, {})
        changes: list[Change] = []
        for agent in [agent for agent in before if agent not in pops]:
            changes.append(Gone(agent, call.id, _reason(agent, before[agent], call, event)))
            self._remove(agent, call.id)
        for agent, pop in pops.items():
            if before.get(agent) != pop:
                self._by_call.setdefault(call.id, {})[agent] = pop
                self._by_agent.setdefault(agent, {})[call.id] = pop
                changes.append(Shown(agent, pop))
        return changes

    def _remove(self, agent: str, call_id: str) -> None:
        _drop(self._by_call, call_id, agent)
        _drop(self._by_agent, agent, call_id)


def _drop(table: dict[str, dict[str, Pop]], key: str, inner: str) -> None:
    del table[key][inner]
    if not table[key]:
        del table[key]


def _pops_of(call: Call) -> dict[str, Pop]:
    if call.ended_at is not None:
        return {}
    common: list[Connection] = []
    silent: dict[str, list[Connection]] = {}
    foremost: dict[str, Connection] = {}
    for connection in call.connections:
        agent = connection.agent
        if agent is None or (connection.state in _TALKING and connection.monitoring is not Monitoring.SPY):
            common.append(connection)
        else:
            silent.setdefault(agent, []).append(connection)
        if agent is not None and connection.state in _RANK:
            best = foremost.get(agent)
            if best is None or _RANK[connection.state] < _RANK[best.state]:
                foremost[agent] = connection
    return {
        agent: Pop(
            call=msgspec.structs.replace(call, connections=(*common, *_seen(silent, agent, connection.state))),
            state=_SHOWN_STATES[connection.state],
            device=connection.device,
            since=connection.since,
        )
        for agent, connection in foremost.items()
    }


def _seen(silent: Mapping[str, list[Connection]], agent: str, state: ConnectionState) -> Iterable[Connection]:
    """Return which of the connections that nobody talks with yet, or any more, an agent sees."""
    own = silent.get(agent, [])
    if state is not ConnectionState.HOLD:
        return own
    rings = (c for other, parts in silent.items() if other != agent for c in parts)
    return [*own, *(c for c in rings if c.state is ConnectionState.ALERTING)]


def _reason(agent: str, before: Pop, call: Call, event: CallEvent | None) -> ClosedReason:
    if before.state is not PopState.RINGING:
        return ClosedReason.LEFT if call.ended_at is None else ClosedReason.ENDED
    reason = _REASON_OF_CAUSE.get(_cause(agent, call, event))
    if reason is not None:
        return reason
    if any(c.agent not in (None, agent) and _answered_since(c, before.since) for c in call.connections):
        return ClosedReason.ANSWERED_ELSEWHERE
    if any(c.agent == agent and c.role is Role.CALLER for c in call.connections):
        return ClosedReason.ENDED  # the agent's own call, which the hub rang the phone for
    if call.ended_at is not None or _cause(agent, call, event) is Cause.CALL_CANCELLED:
        return ClosedReason.CANCELLED
    return ClosedReason.UNKNOWN


def _answered_since(connection: Connection, moment: datetime) -> bool:
    if connection.role is Role.OBSERVER:
        return False
    return connection.connected_at is not None and connection.connected_at >= moment


def _cause(agent: str, call: Call, event: CallEvent | None) -> Cause:
    """Why the agent's phone stopped ringing: its own connection knows best, then the event that was about it."""
    ended = [c for c in call.connections if c.agent == agent and c.cause is not None]
    if ended:
        return max(ended, key=lambda c: c.ended_at or c.since).cause or Cause.UNKNOWN
    if event is not None and event.cause is not None:
        about_agent = event.connection is not None and event.connection.agent == agent
        return event.cause if about_agent else Cause.UNKNOWN
    return Cause.UNKNOWN
