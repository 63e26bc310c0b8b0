"""Who is in a call, by the calls' own connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.domain.agent import DeviceState
from hub.domain.call import ConnectionState, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.domain.call import Call, Connection

_STATES = {
    ConnectionState.ALERTING: DeviceState.ALERTING,
    ConnectionState.CONNECTED: DeviceState.BUSY,
    ConnectionState.QUEUED: DeviceState.BUSY,
    ConnectionState.HOLD: DeviceState.HELD,
}
_IN_A_CALL = (DeviceState.BUSY, DeviceState.HELD)

Part = tuple[str, str, str, DeviceState]
"""Agent, PBX and device, and what the device does in one call."""


class Talks:
    """What agents' devices do in the calls that are live.

    An agent is busy from answering, or from dialling, until out of the call; not while a device only rings
    (ECMA-269, agent busy), nor in a call that is told to nobody, as with the dialplan alone. Device states don't
    tell: a phone that rings counts as busy for Asterisk where it may have but one call (`device_state_busy_at = 1`).
    """

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], frozenset[Part]] = {}
        self._by_agent: dict[str, set[tuple[str, str]]] = {}

    def take(self, call: Call, *, is_over: bool) -> set[str]:
        """Take a call as it is now; return the agents for whom that changes something."""
        key = call.pbx, call.id
        before = self._calls.pop(key, frozenset())
        parts = frozenset() if is_over else _parts(call)
        if parts:
            self._calls[key] = parts
        if parts == before:
            return set()
        for agent, *_ in before - parts:
            self._by_agent.get(agent, set()).discard(key)
        for agent, *_ in parts:
            self._by_agent.setdefault(agent, set()).add(key)
        return {agent for agent, *_ in parts ^ before}

    def keep_only(self, pbx: str, live: Iterable[Call]) -> set[str]:
        """Forget the calls that a PBX does not have; return the agents for whom that changes something."""
        alive = {(call.pbx, call.id) for call in live}
        gone = [key for key in self._calls if key[0] == pbx and key not in alive]
        changed = set()
        for key in gone:
            for agent, *_ in self._calls.pop(key):
                self._by_agent[agent].discard(key)
                changed.add(agent)
        return changed

    def is_busy(self, agent: str) -> bool:
        return any(part[0] == agent and part[3] in _IN_A_CALL for part in self._of(agent))

    def device_state(self, agent: str, pbx: str, device: str) -> DeviceState | None:
        """Return what a device does in calls, talking before ringing; None where it is in none."""
        states = {part[3] for part in self._of(agent) if part[1:3] == (pbx, device)}
        order = (DeviceState.BUSY, DeviceState.HELD, DeviceState.ALERTING)
        return next((state for state in order if state in states), None)

    def _of(self, agent: str) -> list[Part]:
        return [part for key in self._by_agent.get(agent, ()) for part in self._calls[key]]


def _parts(call: Call) -> frozenset[Part]:
    return frozenset(
        (connection.agent, connection.pbx or call.pbx, connection.device, state)
        for connection in call.connections
        if connection.agent and (state := _state(connection))
    )


def _state(connection: Connection) -> DeviceState | None:
    if connection.state is ConnectionState.INITIATED and connection.role is not Role.CALLED:
        return DeviceState.BUSY
    return _STATES.get(connection.state)
