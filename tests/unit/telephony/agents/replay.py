"""Recorded manager events through tracker and roster together, as a link does it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.config.model import Config
from hub.telephony.agents import QueueSnapshot, Roster
from hub.telephony.tracker import CallTracker
from tests.unit.telephony.agents.scene import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.domain.agent import AgentEvent, AgentStatus
    from hub.domain.call import CallEvent
    from hub.telephony.agents.after_call import PauseOrder
    from hub.telephony.ami.event import AmiEvent

TRACES = Path(__file__).with_name("traces")
STEP = timedelta(milliseconds=10)


class AgentReplay:
    """Tracker and roster of one PBX of which nothing is known at the beginning; each event is 10 ms later."""

    def __init__(self, agents: Mapping[str, tuple[str, ...]], *, region: str = "DE", **pbx: Any) -> None:
        access = {"host": "127.0.0.1", "username": "hub", "secret": "x", "trunks": ["PJSIP/trunk"]}
        config = Config.model_validate(
            {
                "hub": {"region": region},
                "pbx": {"main": {**access, **pbx}},
                "agents": {agent: {"name": agent.title(), "devices": devices} for agent, devices in agents.items()},
            }
        )
        self.now = NOON
        self.told: list[str] = []
        self.statuses: list[AgentStatus] = []
        self.orders: list[PauseOrder] = []
        self.roster = Roster(
            config,
            started_at=NOON,
            on_event=self._event,
            on_agent_changed=self.statuses.append,
            on_queues_changed=lambda _pbx, _queue: None,
            on_order=self.orders.append,
            on_stale=lambda: None,
            on_deadline=lambda: None,
        )
        self.book = self.roster.book("main")
        self.tracker = CallTracker(
            pbx="main",
            region=region,
            agents_by_device=config.agent_devices("main"),
            trunks=("PJSIP/trunk",),
            on_event=self._step,
        )
        self.book.resync(QueueSnapshot(queues=(), devices=(), pbx_now=None), NOON)
        self.book.in_step(NOON)

    def _event(self, event: AgentEvent) -> None:
        self.told.append(f"{event.agent.agent} {event.kind} {event.agent.reason}".strip())

    def _step(self, step: CallEvent) -> None:
        self.roster.call_happened(step)

    def feed(self, events: Iterable[AmiEvent]) -> AgentReplay:
        for event in events:
            self.now += STEP
            self.tracker.feed(event, self.now)
            self.book.feed(event, self.now)
        return self

    def settle(self) -> AgentReplay:
        """Let two quiet seconds go by."""
        self.now += timedelta(seconds=2)
        self.tracker.settle(self.now)
        self.roster.tick(self.now)
        return self
