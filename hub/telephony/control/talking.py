"""Commands about the call that the agent has: answer, hang up, hold, retrieve, digits, mute."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from hub.domain.call import ConnectionState
from hub.domain.control import Refusal
from hub.telephony.control.outcome import DONE, Outcome
from hub.telephony.control.refused import RefusedError

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.control.part import Part

STATE: Final = "CTIHUB_STATE"
HELD: Final = "CTIHUB_HELD"
HOLDER: Final = "CTIHUB_HOLDER"

ON_HOLD: Final = "hold"
CONSULTING: Final = "consult"
IN_CONFERENCE: Final = "conference"

_WAITS_FOR_CALLS = "AgentLogin"
_ANSWER_S = 3.0
_DIGIT_MS = 100
DIGIT_S = 0.22
"""From one digit to the next: what is shorter, some take for one long digit."""

_REJECTED = 21
"""Q.850 cause: call rejected."""


async def state_of(part: Part) -> str:
    """Return what the hub's part of the dialplan does with the agent's channel: hold, consult, conference, or empty.

    Asked of the PBX, so that a hub that was restarted knows it as well.
    """
    return await part.pbx.variable(part.channel, STATE)


async def answer(part: Part) -> Outcome:
    """Tell the phone to answer (NOTIFY with Event: talk, as Broadsoft defined it) and see whether it does."""
    part.need(ConnectionState.ALERTING)
    headers = await _notify(part)

    def is_up(event: AmiEvent) -> bool:
        if event.get("Uniqueid") != part.uid:
            return False
        return event.name == "Hangup" or (event.name == "Newstate" and event.get("ChannelState") == "6")

    async with part.pbx.expecting(is_up) as expected:
        await part.pbx.act(headers)
        happened = await expected.first_within(min(_ANSWER_S, part.pbx.section.timeout_s * 0.8))
    if happened is None:
        raise RefusedError(Refusal.NOT_POSSIBLE, "The phone did not answer when it was told to. Answer at the phone.")
    if happened.name == "Hangup":
        raise RefusedError(Refusal.WRONG_STATE, "The call stopped ringing before it was answered.")
    return DONE


async def _notify(part: Part) -> dict[str, str]:
    """Return the action that sends Event: talk to the phone within the call that rings there."""
    match part.channel.partition("/")[0]:
        case "PJSIP":
            return {"Action": "PJSIPNotify", "Channel": part.channel, "Variable": "Event=talk"}
        case "SIP" if sip_call := await part.pbx.variable(part.channel, "SIPCALLID"):
            # Of chan_sip, which wants the phone, and the call by SIP's own name.
            phone = part.own.device
            return {"Action": "SIPnotify", "Channel": phone, "Variable": "Event=talk", "Call-ID": sip_call}
    raise RefusedError(Refusal.NOT_POSSIBLE, "This phone can't be told to answer. Answer at the phone.")


async def hang_up(part: Part) -> Outcome:
    """End the agent's part; a ringing one as rejected."""
    headers = {"Action": "Hangup", "Channel": part.channel}
    if part.own.state is ConnectionState.ALERTING:
        headers["Cause"] = str(_REJECTED)

    def is_over(event: AmiEvent) -> bool:
        return event.name == "Hangup" and event.get("Uniqueid") == part.uid

    async with part.pbx.expecting(is_over) as expected:
        await part.pbx.act(headers)
        await expected.all()
    return DONE


async def hold(part: Part) -> Outcome:
    if await state_of(part) in (ON_HOLD, CONSULTING):
        raise RefusedError(Refusal.WRONG_STATE, "The other side is on hold already.")
    part.need(ConnectionState.CONNECTED)
    if await state_of(part) == IN_CONFERENCE:
        raise RefusedError(Refusal.NOT_POSSIBLE, "A conference can't be held. Mute yourself instead.")
    other = part.other_side().channel
    await need_movable(part)
    await part.pbx.set_variables(part.channel, {HELD: other})
    await part.pbx.set_variables(other, {HOLDER: part.channel})

    def is_waiting(event: AmiEvent) -> bool:
        return event.get("Uniqueid") == part.uid and event.name in ("BridgeEnter", "Hangup")

    async with part.pbx.expecting(is_waiting) as expected:
        await part.pbx.send_both(part.channel, "hold", other, "held")
        happened = (await expected.all())[0]
    if happened.name == "Hangup":
        raise RefusedError(Refusal.WRONG_STATE, "The call has just ended.")
    return DONE


async def need_movable(part: Part) -> None:
    """Raise RefusedError where the agent's channel can't be sent to the hub's part of the dialplan and back."""
    await part.pbx.need_hub_context()
    reply = await part.pbx.act({"Action": "Status", "Channel": part.channel})
    if any(event.get("Application") == _WAITS_FOR_CALLS for event in reply.events):
        raise RefusedError(
            Refusal.NOT_POSSIBLE, "You are logged in by staying on the line, and would be logged off. Use the phone."
        )


async def retrieve(part: Part) -> Outcome:
    state = await state_of(part)
    if state == CONSULTING:
        raise RefusedError(Refusal.WRONG_STATE, "Somebody is being consulted: reconnect, or complete the transfer.")
    if state != ON_HOLD:
        if part.own.state is ConnectionState.HOLD:
            raise RefusedError(Refusal.NOT_POSSIBLE, "It was put on hold at the phone: retrieve it there.")
        raise RefusedError(Refusal.WRONG_STATE, "Nothing is on hold.")
    return await back_to_held(part)


async def back_to_held(part: Part) -> Outcome:
    """Join the agent with the side that waits."""

    def is_joined(event: AmiEvent) -> bool:
        return event.get("Uniqueid") == part.uid and event.name in ("BridgeEnter", "Hangup")

    async with part.pbx.expecting(is_joined) as expected:
        await part.pbx.send_to(part.channel, "retrieve")
        happened = (await expected.all())[0]
    if happened.name == "Hangup":
        raise RefusedError(Refusal.WRONG_STATE, "The other side has hung up.")
    return DONE


async def send_digits(part: Part, digits: str) -> Outcome:
    """Play digits to the other side, one after the other; Asterisk plays each of them `_DIGIT_MS` long."""
    part.need(ConnectionState.CONNECTED)
    other = part.other_side().channel
    for number, digit in enumerate(digits):
        if number:
            await asyncio.sleep(DIGIT_S)
        await part.pbx.act(
            {"Action": "PlayDTMF", "Channel": other, "Digit": digit, "Duration": str(_DIGIT_MS)},
        )
    return DONE


async def mute(part: Part, *, on: bool) -> Outcome:
    """Switch what the agent says off or on."""
    part.need(ConnectionState.CONNECTED, ConnectionState.HOLD)
    state = "on" if on else "off"
    await part.pbx.act({"Action": "MuteAudio", "Channel": part.channel, "Direction": "in", "State": state})
    # MuteAudio tells nobody.
    event = "CtihubMute" if on else "CtihubUnmute"
    await part.pbx.act({"Action": "UserEvent", "UserEvent": event, "Channel": part.channel, "Uniqueid": part.uid})
    return DONE
