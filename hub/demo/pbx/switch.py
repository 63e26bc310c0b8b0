"""The switch: channels come and go, enter bridges and leave them, and each step is told as Asterisk tells it."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from hub.demo.pbx.channel import CAUSE_TEXTS, NORMAL_CLEARING, REJECTED, Bridge, Channel, Headers

TRUNK = "PJSIP/trunk"


class Switch:
    """Each event goes to `listeners` as one set of headers."""

    def __init__(self) -> None:
        self.channels: list[Channel] = []
        self.listeners: list[Callable[[Headers], None]] = []
        self._bridges: dict[str, Bridge] = {}
        self._serial = itertools.count()

    @property
    def bridges(self) -> tuple[Bridge, ...]:
        return tuple(self._bridges.values())

    def channel(self, name: str) -> Channel | None:
        """Return the channel of that name or unique id."""
        return next((one for one in self.channels if name in (one.name, one.uniqueid)), None)

    def begin(
        self,
        device: str,
        *,
        number: str,
        name: str,
        exten: str,
        context: str,
        state: int = 0,
        uniqueid: str = "",
        linkedid: str = "",
    ) -> Channel:
        uniqueid = uniqueid or f"simulated-{time.time():.6f}.{next(self._serial)}"
        channel = Channel(
            name=f"{device}-{next(self._serial):08x}",
            uniqueid=uniqueid,
            linkedid=linkedid or uniqueid,
            number=number,
            caller_name=name,
            exten=exten,
            context=context,
            state=state,
        )
        self.channels.append(channel)
        self.tell("Newchannel", channel.headers())
        return channel

    def enter_state(self, channel: Channel, state: int) -> None:
        channel.state = state
        self.tell("Newstate", channel.headers())
        if state:
            self.device_state(channel.device, {5: "RINGING", 4: "RINGING"}.get(state, "INUSE"))

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        channel.variables[name] = value
        self.tell("VarSet", channel.headers() | {"Variable": name, "Value": value})

    def dial_begins(self, caller: Channel, called: Channel) -> None:
        self.tell("DialBegin", caller.headers() | called.headers("Dest") | {"DialString": called.device})
        called.dialled_by = caller
        called.connected_number, called.connected_name = caller.number, caller.caller_name
        self.enter_state(called, 5)
        self.tell("DialState", caller.headers() | called.headers("Dest") | {"DialStatus": "RINGING"})

    def dial_ends(self, caller: Channel, called: Channel, status: str) -> None:
        called.dialled_by = None
        self.tell("DialEnd", caller.headers() | called.headers("Dest") | {"DialStatus": status})

    def bridge(self, *members: Channel, technology: str = "simple_bridge", creator: str = "", name: str = "") -> Bridge:
        """Join channels; each leaves the bridge that it is in."""
        bridge = Bridge(str(uuid.uuid4()), technology)
        bridge.creator, bridge.name = creator or bridge.creator, name or bridge.name
        self._bridges[bridge.uniqueid] = bridge
        self.tell("BridgeCreate", bridge.headers())
        for channel in members:
            self.enter(bridge, channel)
        return bridge

    def enter(self, bridge: Bridge, channel: Channel) -> None:
        self.leave(channel)
        bridge.members.append(channel)
        channel.bridge = bridge.uniqueid
        self.tell("BridgeEnter", bridge.headers() | channel.headers())

    def leave(self, *channels: Channel) -> None:
        """Take channels out of their bridges. Who stays alone in a talk is out of it as well, and goes on or ends."""
        for channel in channels:
            bridge = self._bridges.get(channel.bridge)
            if bridge is None:
                continue
            self._take_out(bridge, channel)
            alone = bridge.members if bridge.technology == "simple_bridge" and len(bridge.members) == 1 else []
            for other in tuple(alone):
                self._take_out(bridge, other)
                if other.running is None and other not in channels:
                    self.hang_up(other, NORMAL_CLEARING)
            if not bridge.members and bridge.uniqueid in self._bridges:
                del self._bridges[bridge.uniqueid]
                bridge.ended.set()
                self.tell("BridgeDestroy", bridge.headers())

    def partner(self, channel: Channel) -> Channel | None:
        """Return the one whom a channel talks with, None with nobody or several."""
        bridge = self._bridges.get(channel.bridge)
        others = [one for one in bridge.members if one is not channel] if bridge else []
        return others[0] if len(others) == 1 and bridge and bridge.technology == "simple_bridge" else None

    def run(self, channel: Channel, doing: Coroutine[Any, Any, None]) -> None:
        """Let the dialplan do this with a channel instead of what it did."""
        before, channel.running = channel.running, asyncio.get_running_loop().create_task(doing)
        if before is not None:
            before.cancel()

    def hang_up(self, channel: Channel, cause: int) -> None:
        if channel not in self.channels:
            return
        if channel.dialled_by is not None:
            self.dial_ends(channel.dialled_by, channel, "BUSY" if cause == REJECTED else "CANCEL")
        running, channel.running = channel.running, None
        self.channels.remove(channel)
        self.leave(channel)
        self.tell("Hangup", channel.headers() | {"Cause": str(cause), "Cause-txt": CAUSE_TEXTS.get(cause, "")})
        self.device_state(channel.device, "NOT_INUSE")
        channel.noticed.set()
        channel.gone.set()
        self._let_go(channel)
        if running is not None and running is not asyncio.current_task():
            running.cancel()

    def device_state(self, device: str, state: str) -> None:
        self.tell("DeviceStateChange", {"Device": device, "State": state})

    def tell(self, event: str, headers: Headers) -> None:
        message = {"Event": event, "Privilege": "call,all", **headers}
        for listener in list(self.listeners):
            listener(message)

    def _take_out(self, bridge: Bridge, channel: Channel) -> None:
        bridge.members.remove(channel)
        channel.bridge = ""
        self.tell("BridgeLeave", bridge.headers() | channel.headers())

    def _let_go(self, channel: Channel) -> None:
        """End what nobody would end any more: who waited for this channel alone."""
        held = channel.variables.get("CTIHUB_HELD", "")
        if channel.variables.get("CTIHUB_STATE") in ("hold", "consult") and (other := self.channel(held)):
            self.hang_up(other, NORMAL_CLEARING)
        holder = channel.variables.get("CTIHUB_HOLDER", "")
        if holder and (other := self.channel(holder)):
            self.hang_up(other, NORMAL_CLEARING)
