"""Where to with a caller: the customer's context, whoever talked with them last, and the configuration's rules."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from hub.config.model import AgentSection
from hub.config.routing import RoutingSection
from hub.context.routing_decision import Decider
from hub.context.routing_facts import facts_of
from hub.context.service import ContextService
from hub.domain.agent import AgentState
from hub.domain.ports import AgentDirectory, CallHistory, StoreError
from hub.domain.routing import Enquiry, EnquiryStatus, RoutingAnswer

log = structlog.get_logger(__name__)


class CustomerRouting:
    """The `CallerRouting` of hub/domain/ports.py. Each answer is there within `deadline_s`.

    A preferred agent is offered when `directory` says they are ready, or knows nothing of them.
    """

    def __init__(
        self,
        section: RoutingSection,
        *,
        contexts: ContextService,
        history: CallHistory,
        agents: Mapping[str, AgentSection],
        devices: Callable[[str], Mapping[str, str]],
        directory: AgentDirectory,
        on_answer: Callable[[EnquiryStatus, float], None] | None = None,
    ) -> None:
        self._deadline_s = section.deadline_s
        self._last_agent_counts = timedelta(days=section.last_agent_days)
        self._decider = Decider(section, agents)
        self._contexts = contexts
        self._history = history
        self._devices = devices
        self._directory = directory
        self._on_answer = on_answer

    async def decide(self, enquiry: Enquiry) -> RoutingAnswer:
        """Say where to with a caller, with what is known when the deadline is over."""
        started = time.monotonic()
        context, last_agent = await asyncio.gather(
            self._contexts.known(enquiry.caller, call_id=enquiry.call_id, within_s=self._deadline_s),
            self._last_agent(enquiry),
        )
        facts = facts_of(enquiry, context, last_agent=last_agent)
        decision, variables = self._decider.decide(
            facts, is_ready=self._is_ready, devices=partial(self._devices, enquiry.pbx)
        )
        answer = RoutingAnswer(status=facts.status, variables=variables, rules=decision.rules)
        took = time.monotonic() - started
        log.info(
            "routing",
            status=answer.status.value,
            rules=list(answer.rules),
            queue=decision.queue,
            priority=decision.priority,
            agent=decision.agent.id,
            took_ms=round(took * 1000, 1),
        )
        if self._on_answer is not None:
            self._on_answer(answer.status, took)
        return answer

    async def _last_agent(self, enquiry: Enquiry) -> str:
        number = enquiry.caller.e164
        if number is None:
            return ""
        since = datetime.now(UTC) - self._last_agent_counts
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                try:
                    return await self._history.last_agent(number, since) or ""
                except StoreError as error:
                    log.warning("last_agent_not_read", reason=str(error))
        return ""

    def _is_ready(self, agent_id: str) -> bool:
        status = self._directory.agent(agent_id)
        return status is None or status.state is AgentState.READY
