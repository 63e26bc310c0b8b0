"""The telephone's side of the house: every PBX, their calls as a whole, who is there, and what is done to a call."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from hub.config.model import Config
from hub.domain.agent import AgentEvent, AgentStatus, QueueStatus
from hub.domain.call import Call, CallEvent
from hub.domain.ports import PbxStatus
from hub.journal.journal import Journal
from hub.telephony.agents.service import AgentService
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.control.control import Control
from hub.telephony.control.pbx import ControlledPbx
from hub.telephony.federated import FederatedCalls
from hub.telephony.link import PbxLink


class Listener(Protocol):
    """Who hears of the telephone, from within what happens there: it must not wait."""

    def call_arrived(self, call: Call) -> None: ...

    def call_happened(self, event: CallEvent) -> None: ...

    def call_absorbed(self, call_id: str) -> None: ...

    def agent_happened(self, event: AgentEvent) -> None: ...

    def agent_changed(self, status: AgentStatus) -> None: ...

    def queues_changed(self, pbx: str, queue: str) -> None: ...

    def pbx_changed(self, status: PbxStatus) -> None: ...


class Exchanges:
    """The `LiveCalls`, `AgentDirectory` and `StatusSource` of hub/domain/ports.py; `control` is its `CallControl`.

    `known` are the agents as the journal last told of them, `open_calls` the ids of the calls that it holds open.
    """

    def __init__(
        self,
        config: Config,
        *,
        journal: Journal,
        known: Iterable[AgentStatus],
        open_calls: Container[str],
        listener: Listener,
    ) -> None:
        self._journal = journal
        self._listener = listener
        self._floor = AgentService(
            config,
            known=known,
            manager_of=self._manager_of,
            on_event=listener.agent_happened,
            on_agent_changed=listener.agent_changed,
            on_queues_changed=listener.queues_changed,
        )
        self._calls = FederatedCalls(
            config.pbx,
            on_event=self._call_happened,
            on_arrival=listener.call_arrived,
            on_absorbed=listener.call_absorbed,
            known_before=open_calls,
        )
        self.links = {
            name: PbxLink(
                name,
                section,
                region=config.hub.region,
                agents_by_device=config.agent_devices(name),
                on_call_event=self._calls.happened,
                on_arrival=self._calls.arrived,
                on_status=self._pbx_changed,
                queues=self._floor.book(name),
            )
            for name, section in config.pbx.items()
        }
        self.control = Control(
            [
                ControlledPbx(name, self.links[name], section.control, parts_of=self._calls.parts_of)
                for name, section in config.pbx.items()
            ],
            agents=config.agents,
            agent_commands=self._floor.commands,
            directory=self._floor,
            journal=journal,
        )

    async def connect(self, stack: AsyncExitStack) -> None:
        """Begin to connect to every PBX, and go on for ever; `stack` ends it. Returns at once."""
        for link in self.links.values():
            await link.start()
            stack.push_async_callback(link.stop)

    async def stop(self) -> None:
        """Finish what is being done to calls, and tell no more. The connections are ended before."""
        await self.control.close()
        self._calls.stop()
        await self._floor.stop()

    def live_calls(self) -> Sequence[Call]:
        calls = [call for link in self.links.values() for call in link.live_calls()]
        return sorted(self._calls.live(calls), key=lambda call: call.started_at)

    def agents(self) -> Sequence[AgentStatus]:
        return self._floor.agents()

    def agent(self, agent_id: str) -> AgentStatus | None:
        return self._floor.agent(agent_id)

    def queues(self) -> Sequence[QueueStatus]:
        return self._floor.queues()

    def pbx_status(self) -> Sequence[PbxStatus]:
        return [link.status() for link in self.links.values()]

    def problems(self) -> Sequence[str]:
        """Reasons not to send anyone here: no PBX at all, or a journal that can't write."""
        found = [problem] if (problem := self._journal.problem()) else []
        statuses = self.pbx_status()
        if not any(status.connected for status in statuses):
            found += [f"pbx {status.name} is not connected: {status.reason}" for status in statuses]
        return found

    def _manager_of(self, pbx: str) -> AsyncManager | None:
        link = self.links.get(pbx)
        return link.manager if link else None

    def _call_happened(self, event: CallEvent) -> None:
        try:
            self._listener.call_happened(event)
        finally:
            self._floor.call_happened(event)

    def _pbx_changed(self, status: PbxStatus) -> None:
        self._listener.pbx_changed(status)
        if status.connected:
            self._floor.calls_are(status.name, [call for call in self.live_calls() if call.pbx == status.name])
