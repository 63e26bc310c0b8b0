"""Agents and queues on a real Asterisk, followed by the hub's own parts; and what they told."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from hub.config.model import Config
from hub.domain.agent import AgentEvent, AgentStatus, QueueStatus
from hub.domain.call import CallEvent
from hub.domain.control import AgentCommand, CommandResult
from hub.domain.ports import PbxStatus
from hub.telephony.agents import AgentService
from hub.telephony.link import PbxLink
from tests.servers.asterisk import Asterisk
from tests.waiting import eventually

PEOPLE: dict[str, dict[str, Any]] = {
    "alice": {"name": "Alice", "devices": ("PJSIP/1001",), "queues": ("support", "sales", "service")},
    "dora": {"name": "Dora", "devices": ("PJSIP/1004",), "queues": ("service",)},
}


class Floor:
    """A link with its agents and queues. `told` are the agents' events, as `agent kind reason`."""

    def __init__(self, asterisk: Asterisk, known: tuple[AgentStatus, ...] = (), **pbx: Any) -> None:
        section = {
            "host": asterisk.host,
            "port": asterisk.ami_port,
            "username": asterisk.ami_username,
            "secret": SecretStr(asterisk.ami_secret),
            "trunks": ("PJSIP/trunk",),
            "reconnect_min_s": 0.05,
            "reconnect_max_s": 0.2,
            **pbx,
        }
        config = Config.model_validate({"hub": {"region": "DE"}, "pbx": {"main": section}, "agents": PEOPLE})
        self.told: list[str] = []
        self.queues_told: set[str] = set()
        self._ids = itertools.count(1)
        self.service = AgentService(
            config,
            known=known,
            manager_of=lambda _pbx: self.link.manager,
            on_event=self._event,
            on_agent_changed=lambda _status: None,
            on_queues_changed=lambda _pbx, queue: self.queues_told.add(queue),
        )
        self.link = PbxLink(
            "main",
            config.pbx["main"],
            region="DE",
            agents_by_device=config.agent_devices("main"),
            on_call_event=self._step,
            on_status=self._status,
            queues=self.service.book("main"),
        )

    def _event(self, event: AgentEvent) -> None:
        self.told.append(f"{event.agent.agent} {event.kind} {event.agent.reason}".strip())

    def _step(self, event: CallEvent) -> None:
        self.service.call_happened(event)

    def _status(self, status: PbxStatus) -> None:
        if status.connected:
            self.service.calls_are("main", self.link.live_calls())

    def agent(self, agent: str) -> AgentStatus:
        status = self.service.agent(agent)
        assert status is not None
        return status

    def paused(self, agent: str) -> Mapping[str, str]:
        """Return the queues in which an agent is paused, with the reasons."""
        return {place.queue: place.reason for place in self.agent(agent).queues if place.is_paused}

    def queue(self, queue: str) -> QueueStatus:
        return next(one for one in self.service.queues() if one.queue == queue)

    async def do(self, command: type[AgentCommand], agent: str = "alice", **fields: Any) -> CommandResult:
        """Carry a command out."""
        return await self.service.commands.carry_out(command(id=f"c{next(self._ids)}", agent=agent, **fields))

    async def is_so(self, agent: str, state: str, reason: str = "", within: float = 5.0) -> None:
        """Wait until an agent is in that state."""

        def there() -> bool:
            status = self.agent(agent)
            return (status.state.value, status.reason) == (state, reason)

        await eventually(there, f"{agent} {state} {reason}; told {self.told}", within)

    async def start(self) -> None:
        """Connect."""
        await self.link.start()
        await eventually(lambda: self.link.status().connected, "the link is in step", 10)

    async def stop(self) -> None:
        await self.link.stop()
        await self.service.stop()


@asynccontextmanager
async def floor_of(asterisk: Asterisk, known: tuple[AgentStatus, ...] = (), **pbx: Any) -> AsyncIterator[Floor]:
    """Follow agents and queues while the block lasts."""
    floor = Floor(asterisk, known, **pbx)
    await floor.start()
    try:
        yield floor
    finally:
        await floor.stop()
