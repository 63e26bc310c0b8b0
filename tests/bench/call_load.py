"""Calls on the simulated PBX at a given pace: trunk, queue, an agent's phone, a talk, the end."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import random
import re
import time
from collections.abc import Sequence

from hub.demo.pbx.exchange import NORMAL_CLEARING, Channel
from hub.demo.people import Caller
from tests.bench.page import AgentPage
from tests.bench.site import BenchSite
from tests.waiting import eventually

_DIALLED = "493023125100"
_SEED = 20
_TICK_S = 0.005
_MAY_BE_BEHIND_S = 20.0
_POP = re.compile(rb'{"frame":"pop","pop":{"call":{"id":"main-([^"]+)"')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of each part of a call, and calls a second; calls arrive at random moments (Poisson)."""

    calls_per_s: float = 50.0
    greeting: float = 0.15
    ringing: float = 1.0
    talking: float = 3.0


@dataclasses.dataclass
class Ring:
    """One phone that rang: when its ringing was written to the hub, and what the page got first, when."""

    caller: Caller
    written: float
    frame: bytes = b""
    shown: float = 0.0


class CallLoad:
    """Plays calls to the agents' phones in turn and keeps, for each, when it rang and when the pop came."""

    def __init__(self, site: BenchSite, pages: dict[str, AgentPage], pace: Pace) -> None:
        self._site = site
        self._exchange = site.exchange
        self._agents = list(pages)
        self._devices = site.devices
        self._pace = pace
        self._by_call: dict[bytes, Ring] = {}
        self.rings: list[Ring] = []
        self.stalls_s: list[float] = []
        for page in pages.values():
            page.on_frame = self._take

    async def play(self, callers: Sequence[Caller], calls: int) -> None:
        """Play that many calls; return when the last is over."""
        # This process must not stand still in the middle of what it measures.
        gc.collect()
        gc.disable()
        try:
            await self._play(callers, calls)
        finally:
            gc.enable()

    async def _play(self, callers: Sequence[Caller], calls: int) -> None:
        stalls = asyncio.create_task(self._watch_stalls())
        dice = random.Random(_SEED)  # noqa: S311 - spreads arrivals, guards nothing
        due = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(calls):
                due += dice.expovariate(self._pace.calls_per_s)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                agent = self._agents[number % len(self._agents)]
                group.create_task(self._call(callers[number % len(callers)], agent))
        stalls.cancel()

    async def warm(self, callers: Sequence[Caller]) -> None:
        """Let every caller call once, and hang up once the hub has looked them all up, before any phone rings."""
        incoming = []
        for caller in callers:
            incoming.append(self._exchange.call_arrives(number=caller.number, name=caller.line_name, dialled=_DIALLED))
            await asyncio.sleep(1 / self._pace.calls_per_s)
        await self._site.all_found(len(callers))
        for channel in incoming:
            self._exchange.hang_up(channel, NORMAL_CLEARING)

    async def ring_each_once(self, callers: Sequence[Caller], agents: Sequence[str]) -> None:
        """Let each of these agents' phones ring, one after the other, and go on ringing."""
        for number, agent in enumerate(agents):
            caller = callers[number % len(callers)]
            incoming = self._exchange.call_arrives(number=caller.number, name=caller.line_name, dialled=_DIALLED)
            self._ring(caller, incoming, agent)
            await asyncio.sleep(1 / self._pace.calls_per_s)

    async def all_shown(self) -> None:
        """Wait, but not for ever, until a hub that has fallen behind has shown every call. Raises NotInTimeError."""
        await eventually(lambda: all(ring.frame for ring in self.rings), "a pop for every call", _MAY_BE_BEHIND_S)

    def _ring(self, caller: Caller, incoming: Channel, agent: str) -> Channel:
        self._exchange.join_queue(incoming)
        ring = self._by_call[incoming.uniqueid.encode()] = Ring(caller, time.perf_counter())
        self.rings.append(ring)
        return self._exchange.ring(incoming, self._devices[agent])

    async def _call(self, caller: Caller, agent: str) -> None:
        exchange, pace = self._exchange, self._pace
        incoming = exchange.call_arrives(number=caller.number, name=caller.line_name, dialled=_DIALLED)
        await asyncio.sleep(pace.greeting)
        phone = self._ring(caller, incoming, agent)
        await asyncio.sleep(pace.ringing)
        exchange.answer(incoming, phone)
        await asyncio.sleep(pace.talking)
        exchange.ends(incoming, phone)

    def _take(self, frame: bytes, now: float) -> None:
        pop = _POP.match(frame)
        ring = self._by_call.get(pop[1]) if pop else None
        if ring is not None and not ring.frame:
            ring.frame, ring.shown = frame, now

    async def _watch_stalls(self) -> None:
        """Note how long this process itself was kept from reading: so much may be added to what it measures."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            self.stalls_s.append(time.perf_counter() - began - _TICK_S)
