"""What the simulated dialplan does with a channel: numbers that phones dial, and the part that comes with the hub.

`hub` is docker/asterisk/etc/ctihub.conf in Python; `from-phones` leads to the phones of the house and outside.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Coroutine
from typing import Any

from hub.demo.pbx.channel import NO_ANSWER, NORMAL_CLEARING, Bridge, Channel, Headers
from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.switch import TRUNK

PHONES = "from-phones"
HUB = "ctihub"
LOT = "default"

_RINGS_S = 20.0
_LOOK_S = 0.2
_FIRST_SPACE = 701
_OUTSIDE = re.compile(r"\+?[0-9]{3,20}")


class Dialplan:
    """`answers_after_s` is how long those who are simulated let it ring; `device` None is the outside."""

    def __init__(self, exchange: Exchange, *, answers_after_s: Callable[[str | None], float]) -> None:
        self._exchange = exchange
        self._answers_after_s = answers_after_s
        self._spaces = itertools.cycle(range(_FIRST_SPACE, _FIRST_SPACE + 20))
        self.parked: dict[str, Channel] = {}
        self._rooms: dict[str, Bridge] = {}
        self._hub: dict[str, Callable[[Channel], Coroutine[Any, Any, None]]] = {
            "hold": self._hold,
            "held": self._held,
            "retrieve": self._retrieve,
            "consult": self._consult,
            "transfer": self._transfer,
            "join": self._join,
            "conference": self._conference,
            "parked": self._parked,
            "monitor": self._monitor,
        }

    def extensions(self, context: str) -> tuple[str, ...]:
        if context == HUB:
            return tuple(self._hub)
        return tuple(self._devices()) if context == PHONES else ()

    def leads_to(self, context: str, extension: str) -> bool:
        if context == HUB:
            return extension in self._hub
        return context == PHONES and (extension in self._devices() or _OUTSIDE.fullmatch(extension) is not None)

    def send(self, channel: Channel, context: str, extension: str) -> None:
        """Let a channel go on at a place, and hang it up when there is nothing more to do."""
        channel.context, channel.exten = context, extension
        self._exchange.run(channel, self._through(channel, context, extension))

    def pick_up(self, phone: Channel) -> None:
        """Answer a phone that rings."""
        phone.noticed.set()

    async def rings(self, phone: Channel, after_s: float) -> bool:
        """Wait until a phone is picked up, by command or by whoever sits there; False when it ended before."""
        try:
            async with asyncio.timeout(min(after_s, _RINGS_S)):
                await phone.noticed.wait()
        except TimeoutError:
            return after_s <= _RINGS_S
        return phone in self._exchange.channels

    async def originate(self, phone: Channel, context: str, extension: str) -> bool:
        """Ring a phone, and once it is picked up let it go on at a place. Return whether it was."""
        self._exchange.enter_state(phone, 5)
        device = phone.device if phone.device in self._exchange.phones else None
        if not await self.rings(phone, self._answers_after_s(device)):
            self._exchange.hang_up(phone, NO_ANSWER)
            return False
        self._exchange.enter_state(phone, 6)
        self.send(phone, context, extension)
        return True

    def outgoing(self, number: str, linkedid: str = "") -> Channel | None:
        """Make the channel that leads to a number, None where it is busy or leads nowhere."""
        device = self._devices().get(number)
        if (device is not None and self._exchange.is_busy(device)) or not self.leads_to(PHONES, number):
            return None
        name = self._exchange.phones.get(device or "", "")
        return self._exchange.begin(
            device or TRUNK, number=number, name=name, exten=number, context=PHONES, linkedid=linkedid
        )

    def park(self, channel: Channel, parker: str) -> Headers:
        """Let a channel wait at a space; return what ParkedCall says of it."""
        space = str(next(self._spaces))
        self._exchange.leave(channel)
        channel.variables["PARKED_AT"] = space
        self._exchange.run(channel, self._wait_parked(channel, space))
        self.parked[space] = channel
        headers = self.parking_headers(space) | {"ParkerDialString": parker}
        self._exchange.tell("ParkedCall", headers)
        return headers

    def parking_headers(self, space: str) -> Headers:
        return self.parked[space].headers("Parkee") | {
            "Parkinglot": LOT,
            "ParkingSpace": space,
            "ParkingTimeout": "300",
            "ParkingDuration": "0",
        }

    def _devices(self) -> dict[str, str]:
        return {device.partition("/")[2]: device for device in self._exchange.phones}

    async def _through(self, channel: Channel, context: str, extension: str) -> None:
        if context == HUB and extension in self._hub:
            await self._hub[extension](channel)
        elif context == PHONES:
            await self._dial(channel, extension)
        self._exchange.hang_up(channel, NORMAL_CLEARING)

    async def _dial(self, caller: Channel, number: str) -> None:
        """Call a number and talk until one of the two is gone."""
        called = self.outgoing(number, caller.linkedid)
        if called is None:
            return
        device = called.device if called.device in self._exchange.phones else None
        try:
            self._exchange.dial_begins(caller, called)
            if await self.rings(called, self._answers_after_s(device)):
                self._exchange.enter_state(called, 6)
                self._exchange.dial_ends(caller, called, "ANSWER")
                bridge = self._exchange.bridge(called, caller)
                await bridge.ended.wait()
                return
        except asyncio.CancelledError:
            if called.state != 6:  # noqa: PLR2004 - up
                self._exchange.dial_ends(caller, called, "CANCEL")
                self._exchange.hang_up(called, NORMAL_CLEARING)
            raise
        if called in self._exchange.channels:
            self._exchange.dial_ends(caller, called, "NOANSWER")
            self._exchange.hang_up(called, NO_ANSWER)

    def _say(self, channel: Channel, event: str, **more: str) -> None:
        self._exchange.tell("UserEvent", channel.headers() | {"UserEvent": event, **more})

    async def _wait(self, channel: Channel, name: str) -> None:
        bridge = self._exchange.bridge(channel, technology="holding_bridge", creator="BridgeWait", name=name)
        await bridge.ended.wait()

    async def _hold(self, channel: Channel) -> None:
        self._exchange.set_variable(channel, "CTIHUB_STATE", "hold")
        self._say(channel, "CtihubHold")
        await self._wait(channel, "ctihub-agents")

    async def _held(self, channel: Channel) -> None:
        await self._wait(channel, "ctihub-held")

    async def _retrieve(self, channel: Channel) -> None:
        self._exchange.set_variable(channel, "CTIHUB_STATE", "")
        self._say(channel, "CtihubRetrieve")
        await self._join(channel)

    async def _join(self, channel: Channel) -> None:
        held = self._exchange.channel(channel.variables.get("CTIHUB_HELD", ""))
        if held is None:
            return
        self._stop(held)
        bridge = self._exchange.bridge(channel, held)
        await bridge.ended.wait()

    async def _consult(self, channel: Channel) -> None:
        self._exchange.set_variable(channel, "CTIHUB_STATE", "consult")
        self._say(channel, "CtihubHold")
        await self._dial(channel, channel.variables.get("CTIHUB_TO", ""))
        await self._retrieve(channel)

    async def _transfer(self, channel: Channel) -> None:
        self._exchange.set_variable(channel, "CTIHUB_STATE", "")
        kind, to = channel.variables.get("CTIHUB_MODE", ""), channel.variables.get("CTIHUB_TO", "")
        self._say(channel, "CtihubTransfer", Kind=kind, To=to)

    async def _conference(self, channel: Channel) -> None:
        exchange, name = self._exchange, channel.variables.get("CTIHUB_ROOM", "")
        exchange.set_variable(channel, "CTIHUB_STATE", "conference")
        channel.variables["CTIHUB_HOLDER"] = ""
        room = self._rooms.get(name)
        if room is None or room.ended.is_set():
            room = self._rooms[name] = exchange.bridge(technology="softmix", creator="ConfBridge", name=name)
            exchange.tell("ConfbridgeStart", room.headers() | {"Conference": name})
        about = {"Conference": name, "Admin": "No", "MarkedUser": "No", "Muted": "No"}
        exchange.tell("ConfbridgeJoin", room.headers() | channel.headers() | about)
        exchange.enter(room, channel)
        try:
            had_company = False
            while channel.bridge == room.uniqueid and not (had_company and len(room.members) == 1):
                had_company = had_company or len(room.members) > 1
                await asyncio.sleep(_LOOK_S)
        finally:
            exchange.tell("ConfbridgeLeave", room.headers() | channel.headers() | about)

    async def _wait_parked(self, channel: Channel, space: str) -> None:
        try:
            await self._wait(channel, f"parking-{LOT}")
        finally:
            if self.parked.get(space) is channel and channel not in self._exchange.channels:
                self._exchange.tell("ParkedCallGiveUp", self.parking_headers(space))
                del self.parked[space]

    async def _parked(self, channel: Channel) -> None:
        space = channel.variables.get("CTIHUB_SPACE", "")
        if space not in self.parked:
            return
        self._exchange.tell("UnParkedCall", self.parking_headers(space) | channel.headers("Retriever"))
        waiting = self.parked.pop(space)
        self._stop(waiting)
        bridge = self._exchange.bridge(channel, waiting)
        await bridge.ended.wait()

    async def _monitor(self, channel: Channel) -> None:
        exchange = self._exchange
        target = exchange.channel(channel.variables.get("CTIHUB_CHANNEL", ""))
        if target is None:
            return
        self._say(channel, "CtihubMonitor", Mode=channel.variables.get("CTIHUB_MODE", "spy"))
        both = channel.headers("Spyer") | target.headers("Spyee")
        exchange.tell("ChanSpyStart", both)
        try:
            await target.gone.wait()
        finally:
            exchange.tell("ChanSpyStop", both)

    def _stop(self, channel: Channel) -> None:
        """End what the dialplan does with a channel that another one takes over."""
        running, channel.running = channel.running, None
        if running is not None:
            running.cancel()
