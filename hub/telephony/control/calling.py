"""Commands that ring the agent's own device first: dial, pick up, listen in."""

from __future__ import annotations

from typing import NamedTuple

from hub.domain.call import Call, Connection, ConnectionState, Direction, Monitoring, Role
from hub.domain.control import Refusal
from hub.telephony.control.numbers import dialable
from hub.telephony.control.outcome import Outcome
from hub.telephony.control.part import Part
from hub.telephony.control.pbx import ControlledPbx
from hub.telephony.control.refused import RefusedError
from hub.telephony.tracker.calls import call_id

_SPY_OPTIONS = {Monitoring.SPY: "qESu", Monitoring.WHISPER: "qwESu", Monitoring.BARGE: "qBESu"}
"""Of ChanSpy: no beep; whisper to the one channel, or talk to both; end with the call; no channel but the named one."""

_UNSAFE_IN_CALLER = str.maketrans("", "", '"<>\\\r\n')


class Station(NamedTuple):
    """A device of an agent's, on the PBX that has it, and how a call from it is shown."""

    pbx: ControlledPbx
    device: str
    name: str

    @property
    def caller(self) -> str:
        """What those see whom the agent calls; the dialplan puts the house's number in its place for the outside."""
        extension = self.device.partition("/")[2]
        name = self.name.translate(_UNSAFE_IN_CALLER)
        return f'"{name}" <{extension}>' if extension.isdigit() else f'"{name}" <>'


async def dial(station: Station, to: str, uid: str) -> Outcome:
    """Ring the agent's device, and once it is answered call the number; done when the device rings.

    `uid` is what the channel of that device is to be known by.
    """
    number = dialable(to)
    await station.pbx.need_number(number)
    await station.pbx.originate(
        station.device, number, caller=station.caller, variables={}, context=station.pbx.section.context, uid=uid
    )
    return Outcome(call_id=call_id(station.pbx.name, uid))


async def pick_up(station: Station, call: Call) -> Outcome:
    """Ring the agent's device, and once it is answered give it the call that rings elsewhere or is parked.

    `call` is the call as the station's PBX has it.
    """
    if any(_takes_part(connection, station.device) for connection in call.connections):
        raise RefusedError(Refusal.WRONG_STATE, "You are in this call already: answer it at your phone.")
    where = await _parked_at(station.pbx, call)
    if where is not None:
        lot, space = where
        variables = {"CTIHUB_LOT": lot, "CTIHUB_SPACE": space}
        await station.pbx.originate(station.device, "parked", caller=station.caller, variables=variables)
        return Outcome(value=f"{lot}/{space}")
    ringing = [connection for connection in call.connections if _rings_in_the_house(connection, call)]
    if not ringing:
        raise RefusedError(Refusal.WRONG_STATE, "This call rings at no colleague's and is not parked.")
    variables = {"CTIHUB_CHANNEL": station.pbx.end_of(call, ringing[0]).channel}
    await station.pbx.originate(station.device, "pickup", caller=station.caller, variables=variables)
    return Outcome()


async def monitor(station: Station, target: Part, mode: Monitoring) -> Outcome:
    """Ring the supervisor's device, and once it is answered let it hear the agent's call."""
    target.need(ConnectionState.CONNECTED, ConnectionState.HOLD)
    if any(_takes_part(connection, station.device) for connection in target.call.connections):
        raise RefusedError(Refusal.WRONG_STATE, "You are in this call already.")
    await station.pbx.originate(
        station.device,
        "monitor",
        caller=station.caller,
        variables={
            "CTIHUB_CHANNEL": target.channel,
            "CTIHUB_MODE": str(mode),
            "CTIHUB_OPTIONS": _SPY_OPTIONS[mode],
        },
    )
    return Outcome()


def _rings_in_the_house(connection: Connection, call: Call) -> bool:
    """Whether somebody is being called there.

    A phone that the hub rings for its own agent is the caller's: whoever picked that up would dial in their name, or
    listen in as if they were the supervisor. What an agent has dialled outside rings at the customer's.
    """
    if connection.state is not ConnectionState.ALERTING or connection.role is not Role.CALLED:
        return False
    return connection.agent is not None or call.direction is not Direction.OUTBOUND


def _takes_part(connection: Connection, device: str) -> bool:
    return connection.device == device and connection.state is not ConnectionState.NULL


async def _parked_at(pbx: ControlledPbx, call: Call) -> tuple[str, str] | None:
    """Return lot and space of a parked call."""
    waiting = {c.id for c in call.connections if c.role is not Role.OBSERVER and c.state is not ConnectionState.NULL}
    reply = await pbx.act({"Action": "ParkedCalls"})
    for row in reply.events:
        if row.name == "ParkedCall" and row.get("ParkeeUniqueid") in waiting:
            return row.get("Parkinglot") or row.get("ParkingLot"), row.get("ParkingSpace")
    return None
