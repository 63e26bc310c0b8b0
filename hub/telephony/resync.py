"""Ask a PBX what is there right now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from hub.telephony.agents.snapshot import QueueSnapshot
from hub.telephony.ami.errors import AmiActionFailed, AmiError
from hub.telephony.tracker import CHANNEL_STATES, ChannelState, PbxSnapshot, SeenChannel, WaitingCaller

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)

_HOLDING = "holding_bridge"
_MAX_DIGITS = 9
_CLOCK_DIGITS = 10


async def take_stock(manager: AsyncManager, *, pbx: str) -> tuple[PbxSnapshot, QueueSnapshot]:
    """Return the channels, bridges and waiting callers of a PBX; and its queues, their members and the devices.

    Raises :class:`AmiError` where the channels can't be had. Without the bridges or the queues (a PBX without
    the module, a manager user without the right) the rest is still worth having: that is a warning.
    """
    try:
        reply = await manager.send_action({"Action": "CoreShowChannels"})
    except AmiActionFailed as error:
        raise AmiError(f"{error}; the manager user needs write = system or reporting in manager.conf") from error
    bridges = await _list_or_nothing(manager, "BridgeList", pbx)
    queues = await _list_or_nothing(manager, "QueueStatus", pbx)
    devices = await _list_or_nothing(manager, "DeviceStateList", pbx)
    calls = PbxSnapshot(
        channels=tuple(_channel(event) for event in reply.events if event.name == "CoreShowChannel"),
        waiting=tuple(_waiting(event) for event in queues or () if event.name == "QueueEntry"),
        holding_bridges=frozenset(
            event.get("BridgeUniqueid") for event in bridges or () if event.get("BridgeTechnology") == _HOLDING
        ),
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
