"""What happens in the demo, for ever: one caller after the other rings, is answered, talks and hangs up."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Sequence

from hub.demo.pbx.exchange import Exchange
from hub.demo.people import Backend, Caller

ServiceCloudSwitch = Callable[[bool], Awaitable[None]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of each part of a call."""

    greeting: float = 0.5
    ringing: float = 6.0
    talking: float = 6.0
    pause: float = 2.5


class Script:
    """`switch_service_cloud(on)` takes that backend down and up again around the call that shows it."""

    def __init__(
        self,
        exchange: Exchange,
        callers: Sequence[Caller],
        *,
        device: str,
        dialled: str,
        pace: Pace,
        switch_service_cloud: ServiceCloudSwitch,
    ) -> None:
        self._exchange = exchange
        self._callers = callers
        self._device = device
        self._dialled = dialled
        self._pace = pace
        self._switch_service_cloud = switch_service_cloud

    async def run(self) -> None:
        """Play until cancelled."""
        for caller in itertools.cycle(self._callers):
            down = caller.service_cloud is Backend.DOWN
            if down:
                await self._switch_service_cloud(False)
            try:
                await self._call(caller)
            finally:
                if down:
                    await self._switch_service_cloud(True)
            await asyncio.sleep(self._pace.pause)

    async def _call(self, caller: Caller) -> None:
        incoming = self._exchange.call_arrives(number=caller.number, name=caller.line_name, dialled=self._dialled)
        await asyncio.sleep(self._pace.greeting)
        self._exchange.join_queue(incoming)
        phone = self._exchange.ring(incoming, self._device)
        await asyncio.sleep(self._pace.ringing)
        self._exchange.answer(incoming, phone)
        await asyncio.sleep(self._pace.talking)
        self._exchange.ends(incoming, phone)
