"""Agents and queues as one part of the hub: the roster, its clock and hands, and the commands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from hub.telephony.agents.commands import AgentCommands
from hub.telephony.agents.pauses import PauseKeeper
from hub.telephony.agents.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hub.config.model import Config
    from hub.domain.agent import AgentEvent, AgentStatus, QueueStatus
    from hub.domain.call import Call, CallEvent
    from hub.telephony.agents.pauses import ManagerOf
    from hub.telephony.agents.queue_book import QueueBook

log = structlog.get_logger(__name__)


class AgentService:
    """The agent directory (`hub/domain/ports.py`), fed by the PBXs' links through `book` and by `call_happened`.

    `known` are the agents as the journal last told of them. Listeners are called from within the events that they
    are about and must not wait; one that raises is logged and spoils nothing.
    """

    def __init__(
        self,
        config: Config,
        *,
        known: Iterable[AgentStatus] = (),
        manager_of: ManagerOf,
        on_event: Callable[[AgentEvent], None],
        on_agent_changed: Callable[[AgentStatus], None],
        on_queues_changed: Callable[[str, str], None],
    ) -> None:
        self._on_event = on_event
        self._on_agent_changed = on_agent_changed
        self._on_queues_changed = on_queues_changed
        self._keeper = PauseKeeper(manager_of)
        self._roster = Roster(
            config,
            known=known,
            started_at=datetime.now(UTC),
            on_event=self._tell_event,
            on_agent_changed=self._tell_agent,
            on_queues_changed=self._tell_queue,
            on_order=self._keeper.order,
            on_stale=self._flush_soon,
            on_deadline=self._keeper.wake_in_time,
        )
        self._keeper.attach(self._roster)
        self.commands = AgentCommands(config, self._roster, manager_of)

    def book(self, pbx: str) -> QueueBook:
        """Return the book of one PBX, for its link to feed."""
        return self._roster.book(pbx)

    def agents(self) -> Sequence[AgentStatus]:
        return self._roster.agents()

    def agent(self, agent_id: str) -> AgentStatus | None:
        return self._roster.agent(agent_id)

    def queues(self) -> Sequence[QueueStatus]:
        return self._roster.queues()

    def call_happened(self, event: CallEvent) -> None:
        """Take one step of a call."""
        self._roster.call_happened(event)

    def calls_are(self, pbx: str, live: Sequence[Call]) -> None:
        """Take it that these are all calls that a PBX has."""
        self._roster.calls_are(pbx, live, datetime.now(UTC))

    async def stop(self) -> None:
        """Stop to pause and unpause."""
        await self._keeper.stop()

    def _flush_soon(self) -> None:
        """Flush when all of what is being read has been taken in."""
        asyncio.get_running_loop().call_soon(self._roster.flush)

    def _tell_event(self, event: AgentEvent) -> None:
        log.info("agent", agent=event.agent.agent, state=event.kind, pbx=event.pbx)
        try:
            self._on_event(event)
        except Exception:
            # The roster is in the middle of a change, and other agents wait behind this one.
            log.exception("agent_event_listener_failed", agent=event.agent.agent)

    def _tell_agent(self, status: AgentStatus) -> None:
        self.commands.agent_changed()
        try:
            self._on_agent_changed(status)
        except Exception:
            # As for an event.
            log.exception("agent_listener_failed", agent=status.agent)

    def _tell_queue(self, pbx: str, queue: str) -> None:
        try:
            self._on_queues_changed(pbx, queue)
        except Exception:
            # As for an event.
            log.exception("queue_listener_failed", pbx=pbx, queue=queue)
