"""The agent's own part in a call, and those on the other side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hub.domain.call import Call, Connection, ConnectionState, Role
from hub.domain.control import Refusal
from hub.telephony.control.pbx import ControlledPbx, End
from hub.telephony.control.refused import RefusedError

_BY_IMPORTANCE = (
    ConnectionState.CONNECTED,
    ConnectionState.HOLD,
    ConnectionState.ALERTING,
    ConnectionState.INITIATED,
    ConnectionState.QUEUED,
    ConnectionState.FAIL,
)
_TALKING = (ConnectionState.CONNECTED, ConnectionState.HOLD)
_STATE_WORDS = {
    ConnectionState.ALERTING: "the phone still rings",
    ConnectionState.CONNECTED: "they are talking",
    ConnectionState.HOLD: "the other side is on hold",
}


class Part(NamedTuple):
    """One agent in one call: the agent's connection, and its channel's name and uniqueid on that PBX.

    `call` is the call as that PBX has it, which for one that goes over several is not all of it.
    """

    pbx: ControlledPbx
    call: Call
    own: Connection
    channel: str
    uid: str

    def need(self, *states: ConnectionState) -> None:
        """Raise RefusedError unless the agent's connection is in one of these states."""
        if self.own.state not in states:
            words = _STATE_WORDS.get(self.own.state, f"the connection is {self.own.state}")
            raise RefusedError(Refusal.WRONG_STATE, f"This can't be done now: {words}.")

    def others(self, *states: ConnectionState) -> list[End]:
        """Return who else takes part on this PBX in one of these states."""
        return [
            self.pbx.end_of(self.call, other)
            for other in self.call.connections
            if other.id != self.own.id and other.role is not Role.OBSERVER and other.state in states
        ]

    def other_side(self) -> End:
        """Return the one whom the agent talks with. Raises RefusedError where there are none or several."""
        others = self.others(*_TALKING)
        if not others:
            raise RefusedError(Refusal.WRONG_STATE, "There is nobody on the other side.")
        if len(others) > 1:
            raise RefusedError(Refusal.NOT_POSSIBLE, "This can't be done with more than one on the other side.")
        return others[0]


def find_part(pbxs: Iterable[ControlledPbx], call_id: str, agent: str, device: str) -> Part:
    """Return that agent's part in a call; with two, the one that talks before one that rings.

    Raises RefusedError for a call or an agent's part that isn't there.
    """
    own = [
        (pbx, call, connection)
        for pbx, call in find_calls(pbxs, call_id)
        for connection in call.connections
        if connection.agent == agent
        and connection.state is not ConnectionState.NULL
        and (not device or connection.device == device)
    ]
    if not own:
        by = f" with {device}" if device else ""
        raise RefusedError(Refusal.NO_SUCH_CALL, f"{agent} has no part in this call{by}, or no more.")
    pbx, call, best = min(own, key=lambda found: _BY_IMPORTANCE.index(found[2].state))
    end = pbx.end_of(call, best)
    return Part(pbx, call, best, end.channel, end.uid)


def find_calls(pbxs: Iterable[ControlledPbx], call_id: str) -> list[tuple[ControlledPbx, Call]]:
    """Return what there is of a live call on each PBX. Raises RefusedError where there is nothing."""
    found = [(pbx, call) for pbx in pbxs if (call := pbx.call(call_id)) is not None]
    if not found:
        raise RefusedError(Refusal.NO_SUCH_CALL, "There is no such call, or it is over.")
    return found
