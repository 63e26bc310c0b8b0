"""Ask a PBX what is there right now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from hub.telephony.agents.snapshot import QueueSnapshot
from hub.telephony.ami.errors import AmiActionFailed, AmiError
from hub.telephony.tracker import (
    CHANNEL_STATES,
    ChannelState,
    Conferee,
    ParkedCaller,
    PbxSnapshot,
    SeenChannel,
    WaitingCaller,
)
from hub.telephony.tracker.parking import parking_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)

_HOLDING = "holding_bridge"
_MAX_DIGITS = 9
_MAX_ROOMS = 500
_CLOCK_DIGITS = 10
_UNSET = frozenset({"", "(null)"})
"""What action Status shows of a channel variable that is not set: C's way to print nothing."""


async def take_stock(
    manager: AsyncManager, *, pbx: str, variables: Sequence[str] = ()
) -> tuple[PbxSnapshot, QueueSnapshot]:
    """Return what calls there are on a PBX; and its queues, their members and the devices.

    `variables` are the channel variables that are wanted, of every channel. Raises :class:`AmiError` where the
    channels can't be had. Without one of the other lists (a PBX without the module, a manager user without the
    right) the rest is still worth having: that is a warning.
    """
    try:
        reply = await manager.send_action({"Action": "CoreShowChannels"})
    except AmiActionFailed as error:
        raise AmiError(f"{error}; the manager user needs write = system or reporting in manager.conf") from error
    bridges = await _list_or_nothing(manager, "BridgeList", pbx)
    queues = await _list_or_nothing(manager, "QueueStatus", pbx)
    devices = await _list_or_nothing(manager, "DeviceStateList", pbx)
    parked = await _list_if_any(manager, {"Action": "ParkedCalls"}, pbx)
    rooms = await _list_if_any(manager, {"Action": "ConfbridgeListRooms"}, pbx)
    calls = PbxSnapshot(
        channels=tuple(_channel(event) for event in reply.events if event.name == "CoreShowChannel"),
        waiting=tuple(_waiting(event) for event in queues or () if event.name == "QueueEntry"),
        holding_bridges=frozenset(
            event.get("BridgeUniqueid") for event in bridges or () if event.get("BridgeTechnology") == _HOLDING
        ),
        parked=tuple(_parked(event) for event in parked if event.name == "ParkedCall"),
        conferees=await _conferees(manager, rooms, pbx),
        variables=await _variables(manager, variables, pbx),
        device_holds={
            event.get("Device"): event.get("State") == "ONHOLD" for event in devices or () if event.get("State")
        },
    )
    return calls, QueueSnapshot(queues=queues, devices=devices, pbx_now=await _clock(manager))


async def _clock(manager: AsyncManager) -> int | None:
    """Return the PBX's time, in whole seconds since 1970; None from one that does not tell it with its Pong."""
    reply = await manager.send_action({"Action": "Ping"})
    return _number(reply.get("Timestamp").partition(".")[0], _CLOCK_DIGITS) or None


async def _list_or_nothing(manager: AsyncManager, action: str, pbx: str) -> tuple[AmiEvent, ...] | None:
    try:
        reply = await manager.send_action({"Action": action})
    except AmiActionFailed as error:
        log.warning("pbx_list_refused", pbx=pbx, action=action, reason=str(error))
        return None
    return tuple(reply.events)


async def _list_if_any(manager: AsyncManager, action: dict[str, str], pbx: str) -> tuple[AmiEvent, ...]:
    """Return a list that not every PBX has, and that is refused where it is empty."""
    try:
        return tuple((await manager.send_action(action)).events)
    except AmiActionFailed as error:
        if "ermission" in str(error):
            log.warning("pbx_list_refused", pbx=pbx, action=action["Action"], reason=str(error))
        return ()


async def _conferees(manager: AsyncManager, rooms: Iterable[AmiEvent], pbx: str) -> tuple[Conferee, ...]:
    names = [event.get("Conference") for event in rooms if event.name == "ConfbridgeListRooms"]
    found: list[Conferee] = []
    for name in names[:_MAX_ROOMS]:
        listed = await _list_if_any(manager, {"Action": "ConfbridgeList", "Conference": name}, pbx)
        found += [
            Conferee(uid=event.get("Uniqueid"), room=name, is_muted=event.get("Muted") == "Yes")
            for event in listed
            if event.name == "ConfbridgeList"
        ]
    return tuple(found)


async def _variables(manager: AsyncManager, names: Sequence[str], pbx: str) -> dict[str, dict[str, str]]:
    """Return the values of these variables, by channel and name, in one list."""
    if not names:
        return {}
    listed = await _list_if_any(manager, {"Action": "Status", "Variables": ",".join(names)}, pbx)
    found: dict[str, dict[str, str]] = {}
    for event in listed:
        values = (line.partition("=") for line in event.all("Variable"))
        kept = {name: value for name, _, value in values if value not in _UNSET and name in names}
        if kept:
            found[event.get("Uniqueid")] = kept
    return found


def _parked(event: AmiEvent) -> ParkedCaller:
    return ParkedCaller(
        uid=event.get("ParkeeUniqueid"), place=parking_place(event), parker=event.get("ParkerDialString")
    )


def _channel(event: AmiEvent) -> SeenChannel:
    return SeenChannel(
        uid=event.get("Uniqueid"),
        name=event.get("Channel"),
        linkedid=event.get("Linkedid"),
        state=CHANNEL_STATES.get(event.get("ChannelState"), ChannelState.DOWN),
        caller=event.get("CallerIDNum"),
        caller_name=event.get("CallerIDName"),
        connected=event.get("ConnectedLineNum"),
        connected_name=event.get("ConnectedLineName"),
        extension=event.get("Exten"),
        application=event.get("Application"),
        bridge_id=event.get("BridgeId"),
        age=_duration(event.get("Duration")),
    )


def _waiting(event: AmiEvent) -> WaitingCaller:
    waited = timedelta(seconds=_number(event.get("Wait")))
    return WaitingCaller(uid=event.get("Uniqueid"), queue=event.get("Queue"), waited=waited)


def _duration(text: str) -> timedelta:
    """Read `Duration` as CoreShowChannels writes it: HH:MM:SS, and more than two digits after 99 hours."""
    hours, _, rest = text.partition(":")
    minutes, _, seconds = rest.partition(":")
    return timedelta(seconds=3600 * min(_number(hours), 100_000) + 60 * _number(minutes) + _number(seconds))


def _number(text: str, max_digits: int = _MAX_DIGITS) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= max_digits else 0
