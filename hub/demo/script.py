"""What happens in the demo, for ever: one caller after the other rings, is answered, talks and hangs up.

Whoever sits at the page may do it otherwise: what they do to a call holds, and the script leaves that call to them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence

from hub.demo.pbx.dialplan import Dialplan
from hub.demo.pbx.exchange import NO_ANSWER, Channel, Exchange
from hub.demo.people import Backend, Caller

ServiceCloudSwitch = Callable[[bool], Awaitable[None]]

_LOOK_S = 0.2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of each part of a call. `left_alone`: how long a call waits for the one who did something to it."""

    greeting: float = 0.5
    ringing: float = 6.0
    talking: float = 6.0
    after_call: float = 4.0
    pause: float = 4.5
    patience: float = 25.0
    left_alone: float = 120.0


class Script:
    """`switch_service_cloud(on)` takes that backend down and up again around the call that shows it.

    `device` is the phone of the one at the page, `helper` that of a colleague who takes the calls that this one
    does not.
    """

    def __init__(
        self,
        exchange: Exchange,
        dialplan: Dialplan,
        callers: Sequence[Caller],
        *,
        device: str,
        helper: str,
        dialled: str,
        pace: Pace,
        switch_service_cloud: ServiceCloudSwitch,
    ) -> None:
        self._exchange = exchange
        self._dialplan = dialplan
        self._callers = callers
        self._device = device
        self._helper = helper
        self._dialled = dialled
        self._pace = pace
        self._switch_service_cloud = switch_service_cloud

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as elsewhere:
            await self._play(elsewhere)

    async def _play(self, elsewhere: asyncio.TaskGroup) -> None:
        for caller in itertools.cycle(self._callers):
            down = caller.service_cloud is Backend.DOWN
            if down:
                await self._switch_service_cloud(False)
            try:
                incoming = await self._call(caller)
            finally:
                if down:
                    await self._switch_service_cloud(True)
            if incoming in self._exchange.channels:
                elsewhere.create_task(self._goes_on(incoming))
            await asyncio.sleep(self._pace.pause)

    async def _call(self, caller: Caller) -> Channel:
        """Play one call as long as it is at the first phone that answered it; return the caller's channel."""
        incoming = self._exchange.call_arrives(number=caller.number, name=caller.line_name, dialled=self._dialled)
        if caller.ivr_choice:
            self._exchange.set_variable(incoming, "IVR_CHOICE", caller.ivr_choice)
        await asyncio.sleep(self._pace.greeting)
        self._exchange.join_queue(incoming)
        phone = await self._rings_until_answered(incoming)
        if phone is not None:
            await self._talk(incoming, phone)
        return incoming

    async def _rings_until_answered(self, incoming: Channel) -> Channel | None:
        """Let the phones ring, that of the one at the page first; None when the caller gave up."""
        gives_up_at = time.time() + 3 * self._pace.patience
        for device in itertools.chain([self._device], itertools.repeat(self._helper)):
            if not await self._is_free(device, self._pace.patience):
                if time.time() > gives_up_at:
                    break
                continue
            phone = self._exchange.ring(incoming, device)
            if await self._dialplan.rings(phone, self._pace.ringing):
                self._exchange.answer(incoming, phone)
                return phone
            if phone in self._exchange.channels:
                self._exchange.stops_ringing(incoming, phone, NO_ANSWER)
        self._exchange.gives_up(incoming)
        return None

    async def _is_free(self, device: str, within_s: float) -> bool:
        """Wait until a member of the queue is ready and its phone free."""
        deadline = time.time() + within_s
        while time.time() < deadline:
            member = self._exchange.members.get(device)
            if member is not None and not member.is_paused and not self._exchange.is_busy(device):
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    async def _talk(self, incoming: Channel, phone: Channel) -> None:
        """Let the caller hang up after the talk, unless somebody at the page does something with the call."""
        ends_at = time.time() + self._pace.talking
        while incoming in self._exchange.channels and phone in self._exchange.channels:
            touched_at = max(incoming.touched_at, phone.touched_at)
            until = max(ends_at, touched_at + self._pace.left_alone) if touched_at > phone.since else ends_at
            if time.time() >= until:
                self._exchange.caller_hangs_up(incoming)
                return
            await asyncio.sleep(_LOOK_S)

    async def _goes_on(self, incoming: Channel) -> None:
        """Let a caller who was handed on, or parked, hang up some time after the last that happened to the call."""
        since = time.time()
        while incoming in self._exchange.channels:
            partner = self._exchange.partner(incoming)
            is_with_agent = partner is not None and partner.device == self._device
            last = max(since, incoming.touched_at, partner.touched_at if partner else 0.0)
            is_parked = incoming in self._dialplan.parked.values()
            if time.time() > last + (self._pace.left_alone if is_with_agent or is_parked else 2 * self._pace.talking):
                self._exchange.caller_hangs_up(incoming)
                return
            await asyncio.sleep(_LOOK_S)
