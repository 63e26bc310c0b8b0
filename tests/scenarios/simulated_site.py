"""A site whose PBX is simulated, for what a real Asterisk would only slow down."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from hub.demo.pbx.exchange import NORMAL_CLEARING, Channel, Exchange
from hub.demo.pbx.manager import ManagerServer
from tests.relay import Relay
from tests.scenarios.backends import Backends
from tests.scenarios.call_site import AGENTS, CallSite, agents_section, pbx_section, running_site

QUEUE = "support"
DIALLED = "493023125100"
DEVICES = {agent: f"PJSIP/{phone}" for agent, (_, phone) in AGENTS.items()}


@dataclass
class SimulatedSite:
    """The hub and all around it; calls come from `exchange`, which goes on while the hub is away."""

    site: CallSite
    exchange: Exchange
    pbx: ManagerServer
    backends: Backends

    def rings(self, number: str, agent: str = "alice", name: str = "") -> tuple[Channel, Channel]:
        """Let a caller come through the queue to an agent's phone; return both channels."""
        caller = self.waits(number, name)
        return caller, self.exchange.ring(caller, DEVICES[agent])

    def waits(self, number: str, name: str = "") -> Channel:
        """Let a caller join the queue."""
        caller = self.exchange.call_arrives(number=number, name=name, dialled=DIALLED)
        self.exchange.join_queue(caller)
        return caller

    def talks(self, number: str, agent: str = "alice") -> tuple[Channel, Channel]:
        """Let an agent talk with a caller."""
        caller, phone = self.rings(number, agent)
        self.exchange.answer(caller, phone)
        return caller, phone

    async def quiet(self) -> None:
        """Hang up what a test has left, and wait until the hub has no call."""
        for waiting in list(self.exchange.waiting):
            self.exchange.gives_up(waiting.channel)
        for channel in list(self.exchange.channels):
            self.exchange.hang_up(channel, NORMAL_CLEARING)
        await self.site.no_live_call()


@asynccontextmanager
async def simulated_site(
    folder: Path,
    browser: Browser,
    *,
    users: tuple[str, ...] = ("alice",),
    sections: Mapping[str, Any] | None = None,
    pbx: Mapping[str, Any] | None = None,
    wire: Relay | None = None,
) -> AsyncIterator[SimulatedSite]:
    """Run a hub between the simulations; `sections` are added to ctihub.yaml, `pbx` to its PBX.

    With a `wire` the hub reaches the PBX through that.
    """
    async with AsyncExitStack() as stack:
        secret = secrets.token_urlsafe(12)
        exchange = Exchange(queue=QUEUE, members={device: agent for agent, device in DEVICES.items()})
        manager = ManagerServer(exchange, username="hub", secret=secret)
        await manager.start()
        stack.push_async_callback(manager.stop)
        if wire is not None:
            wire.target_port = manager.port
        backends = await stack.enter_async_context(Backends())
        every_section = {
            "agents": agents_section(),
            "pbx": pbx_section(wire.port if wire else manager.port, **(pbx or {})),
            "connectors": backends.connectors(),
            "context": {"cache_s": 0},
            **(sections or {}),
        }
        environment = {**backends.passwords, "AMI_SECRET": secret}
        site = await stack.enter_async_context(
            running_site(folder, browser, sections=every_section, environment=environment, users=users)
        )
        yield SimulatedSite(site, exchange, manager, backends)
