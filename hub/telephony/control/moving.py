"""Commands that move a call: transfer, consultation and what may follow it, conference, parking."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.domain.call import ConnectionState
from hub.domain.control import Refusal
from hub.telephony.control.numbers import dialable
from hub.telephony.control.outcome import DONE, Outcome
from hub.telephony.control.pbx import UNTOLD_S
from hub.telephony.control.refused import RefusedError
from hub.telephony.control.talking import (
    CONSULTING,
    HELD,
    HOLDER,
    IN_CONFERENCE,
    ON_HOLD,
    STATE,
    back_to_held,
    need_movable,
    state_of,
)

if TYPE_CHECKING:
    from hub.domain.call import Call
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.control.part import Part
    from hub.telephony.control.pbx import End

_TO = "CTIHUB_TO"
_MODE = "CTIHUB_MODE"
_ROOM = "CTIHUB_ROOM"
_MAX_ROOM = 64
_IN_CALL = (ConnectionState.CONNECTED, ConnectionState.HOLD, ConnectionState.QUEUED, ConnectionState.INITIATED)
_CALLED = (ConnectionState.CONNECTED, ConnectionState.ALERTING, ConnectionState.INITIATED)
_IN_VAIN = frozenset({"BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL", "CANCEL"})
_IN_VAIN_WORDS = {"BUSY": "is busy", "NOANSWER": "did not answer"}


async def transfer(part: Part, to: str) -> Outcome:
    """Hand the other side over to a number, unannounced."""
    number = dialable(to)
    state = await state_of(part)
    if state == CONSULTING:
        raise RefusedError(Refusal.WRONG_STATE, "Somebody is being consulted: reconnect, or complete the transfer.")
    if state == ON_HOLD:
        await part.pbx.need_number(number)
        return await _hand_over(part, await _held(part), number, kind="blind")
    part.need(ConnectionState.CONNECTED)
    part.other_side()
    await part.pbx.need_number(number)
    await part.pbx.act(
        {
            "Action": "BlindTransfer",
            "Channel": part.channel,
            "Context": part.pbx.section.context,
            "Exten": number,
        }
    )
    return DONE


async def consult(part: Part, to: str) -> Outcome:
    """Have the other side wait and call somebody; done when it rings there."""
    number = dialable(to)
    state = await state_of(part)
    if state == CONSULTING:
        raise RefusedError(Refusal.WRONG_STATE, "Somebody is being consulted already.")
    if state == IN_CONFERENCE:
        raise RefusedError(Refusal.NOT_POSSIBLE, "This can't be done from a conference: call them into it.")
    await need_movable(part)
    await part.pbx.need_number(number)
    if state != ON_HOLD:
        part.need(ConnectionState.CONNECTED)
    held = await _held(part) if state == ON_HOLD else part.other_side().channel
    await part.pbx.set_variables(part.channel, {HELD: held, _TO: number, "CTIHUB_CONTEXT": part.pbx.section.context})
    await part.pbx.set_variables(held, {HOLDER: ""})

    def is_told(event: AmiEvent) -> bool:
        if event.get("Uniqueid") != part.uid:
            return False
        status = event.get("DialStatus")
        return event.name == "Hangup" or (
            event.name in ("DialState", "DialEnd") and (status in _IN_VAIN or status in ("RINGING", "ANSWER"))
        )

    async with part.pbx.expecting(is_told) as expected:
        if state == ON_HOLD:
            await part.pbx.send_to(part.channel, "consult")
        else:
            await part.pbx.send_both(part.channel, "consult", held, "held")
        first = await expected.first_within(UNTOLD_S)
    if first is not None and first.name == "Hangup":
        raise RefusedError(Refusal.WRONG_STATE, "The call has just ended.")
    if first is not None and first.get("DialStatus") in _IN_VAIN:
        why = _IN_VAIN_WORDS.get(first.get("DialStatus"), "can't be reached")
        raise RefusedError(Refusal.PBX_REFUSED, f"{number} {why}. You are back with the other side.")
    return DONE


async def complete_transfer(part: Part) -> Outcome:
    """Leave the held side with the one consulted; where it still rings there, it is called again for that side."""
    held = await _consulting(part)
    consulted = await _consulted(part, held)
    if consulted.connection.state is not ConnectionState.CONNECTED:
        return await _hand_over(part, held, await part.pbx.variable(part.channel, _TO), kind="blonde")
    await part.pbx.set_variables(part.channel, {_MODE: "attended", STATE: ""})
    await part.pbx.set_variables(consulted.channel, {HELD: held})

    def is_joined(event: AmiEvent) -> bool:
        return event.name in ("BridgeEnter", "Hangup") and event.get("Uniqueid") == consulted.uid

    async with part.pbx.expecting(is_joined) as expected:
        await part.pbx.send_both(part.channel, "transfer", consulted.channel, "join")
        happened = (await expected.all())[0]
    if happened.name == "Hangup":
        raise RefusedError(Refusal.WRONG_STATE, "One of the two has hung up meanwhile.")
    return DONE


async def reconnect(part: Part) -> Outcome:
    """Give the consultation up."""
    await _consulting(part)
    return await back_to_held(part)


async def conference(part: Part, to: str | None) -> Outcome:
    """Bring the held side, the one consulted and the agent into a room, or a further number into the call."""
    state = await state_of(part)
    if to is not None:
        return await _call_into_conference(part, dialable(to), state)
    if state == IN_CONFERENCE:
        raise RefusedError(Refusal.WRONG_STATE, "This is a conference already.")
    held = await _consulting(part)
    consulted = await _consulted(part, held)
    if consulted.connection.state is not ConnectionState.CONNECTED:
        raise RefusedError(Refusal.WRONG_STATE, "The one consulted has not answered yet.")
    room = room_of(part.call)
    for one in (part.channel, consulted.channel, held):
        await part.pbx.set_variables(one, {_ROOM: room})
    held_uid = next((other.uid for other in part.others(*_IN_CALL) if other.channel == held), "")
    async with part.pbx.expecting(_enters(part.uid, consulted.uid, held_uid), count=3) as expected:
        await part.pbx.send_both(part.channel, "conference", consulted.channel, "conference")
        await part.pbx.send_to(held, "conference")
        await expected.all()
    return Outcome(value=room)


async def _call_into_conference(part: Part, number: str, state: str) -> Outcome:
    if state in (ON_HOLD, CONSULTING):
        raise RefusedError(
            Refusal.WRONG_STATE, "Somebody is on hold: retrieve them first, or join all without a number."
        )
    part.need(ConnectionState.CONNECTED)
    await part.pbx.need_number(number)
    if state == IN_CONFERENCE:
        room = await part.pbx.variable(part.channel, _ROOM)
    else:
        room = room_of(part.call)
        other = part.other_side()
        await need_movable(part)
        for one in (part.channel, other.channel):
            await part.pbx.set_variables(one, {_ROOM: room})
        async with part.pbx.expecting(_enters(part.uid, other.uid), count=2) as expected:
            await part.pbx.send_both(part.channel, "conference", other.channel, "conference")
            await expected.all()
    caller = f"<{extension}>" if (extension := part.own.device.partition("/")[2]).isdigit() else ""
    await part.pbx.call_into(number, "conference", caller=caller, variables={_ROOM: room})
    return Outcome(value=room)


async def park(part: Part) -> Outcome:
    """Park the other side, tell where, and let the agent go."""
    state = await state_of(part)
    if state in (CONSULTING, IN_CONFERENCE):
        raise RefusedError(Refusal.WRONG_STATE, "Only a call with one other side can be parked.")
    if state != ON_HOLD:
        part.need(ConnectionState.CONNECTED)
    other = await _held(part) if state == ON_HOLD else part.other_side().channel
    lot = part.pbx.section.parking_lot
    if state == ON_HOLD:
        # Whoever waits for the agent alone would be let go with the agent's channel.
        await part.pbx.set_variables(part.channel, {STATE: ""})
        await part.pbx.set_variables(other, {HOLDER: ""})

    def is_parked(event: AmiEvent) -> bool:
        return event.name == "ParkedCall" and event.get("ParkeeChannel") == other

    async with part.pbx.expecting(is_parked) as expected:
        await part.pbx.act({"Action": "Park", "Channel": other, "TimeoutChannel": part.channel, "Parkinglot": lot})
        parked = (await expected.all())[0]
    await part.pbx.act({"Action": "Hangup", "Channel": part.channel})
    return Outcome(value=f"{parked.get('ParkingLot') or parked.get('Parkinglot')}/{parked.get('ParkingSpace')}")


def room_of(call: Call) -> str:
    """Return the conference room of a call: its id, or what stands for one that is too long for a room's name."""
    if len(call.id) <= _MAX_ROOM:
        return call.id
    return hashlib.sha256(call.id.encode()).hexdigest()


def _enters(*uids: str) -> Callable[[AmiEvent], bool]:
    def is_it(event: AmiEvent) -> bool:
        return event.name == "BridgeEnter" and event.get("Uniqueid") in uids

    return is_it


async def _held(part: Part) -> str:
    """Return the name of the channel that waits for the agent."""
    held = await part.pbx.variable(part.channel, HELD)
    if not held or held not in {other.channel for other in part.others(*_IN_CALL)}:
        raise RefusedError(Refusal.WRONG_STATE, "The one on hold has hung up.")
    return held


async def _consulting(part: Part) -> str:
    if await state_of(part) != CONSULTING:
        raise RefusedError(Refusal.WRONG_STATE, "Nobody is being consulted.")
    return await _held(part)


async def _consulted(part: Part, held: str) -> End:
    """Return who is consulted, as far as there is somebody."""
    called = [other for other in part.others(*_CALLED) if other.channel != held]
    if not called:
        raise RefusedError(Refusal.WRONG_STATE, "There is nobody yet at the number that was called.")
    return called[-1]


async def _hand_over(part: Part, held: str, number: str, *, kind: str) -> Outcome:
    """Send the one who waits on to a number, and let the agent go."""
    await part.pbx.set_variables(part.channel, {_TO: number, _MODE: kind, STATE: ""})
    await part.pbx.set_variables(held, {HOLDER: ""})

    def has_left(event: AmiEvent) -> bool:
        return event.name == "Hangup" and event.get("Uniqueid") == part.uid

    async with part.pbx.expecting(has_left) as expected:
        await part.pbx.send_both(part.channel, "transfer", held, number, part.pbx.section.context)
        await expected.all()
    return DONE
