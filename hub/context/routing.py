"""Where to with a caller: the customer's context, whoever talked with them last, and the configuration's rules."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from hub.config.model import AgentSection
from hub.config.routing import LANGUAGE, MEANT_AGENTS, RoutingSection, Rule
from hub.context.routing_facts import facts_of, record_of
from hub.context.routing_rules import Rules, first_said
from hub.context.service import ContextService
from hub.domain.agent import AgentState
from hub.domain.path import Path
from hub.domain.phone import clean_text
from hub.domain.ports import AgentDirectory, CallHistory, StoreError
from hub.domain.routing import Decision, Enquiry, EnquiryStatus, Facts, PreferredAgent, RoutingAnswer

log = structlog.get_logger(__name__)

MAX_VALUE = 256
"""Characters of a channel variable's value."""

_LANGUAGE = re.compile(LANGUAGE)


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
        self._rules = Rules(section.rules)
        self._variables = [(name, Path(path)) for name, path in section.variables.items()]
        self._contexts = contexts
        self._history = history
        self._agents = agents
        self._agent_by_name = {agent.name.casefold(): agent_id for agent_id, agent in agents.items()}
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
        record = record_of(facts)
        rules = self._rules.holding(record)
        decision = self._decision(facts, rules)
        record["decision"] = record_of(decision)
        answer = RoutingAnswer(status=facts.status, variables=self._shown(record, rules), rules=decision.rules)
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

    def _decision(self, facts: Facts, rules: Sequence[Rule]) -> Decision:
        preferred = first_said(rules, lambda then: then.agent) or ()
        language = first_said(rules, lambda then: then.language) or facts.customer.language
        return Decision(
            queue=first_said(rules, lambda then: then.queue) or facts.queue,
            priority=first_said(rules, lambda then: then.priority) or 0,
            language=_asterisk_language(language),
            agent=self._first_ready(self._meant(preferred, facts), facts.pbx),
            rules=tuple(rule.name for rule in rules),
        )

    def _meant(self, preferred: Iterable[str], facts: Facts) -> Iterable[str]:
        for name in preferred:
            if name not in MEANT_AGENTS:
                yield name
            elif name == "last_agent":
                yield facts.last_agent
            elif facts.customer.owner:
                owner = facts.customer.owner.strip()
                yield owner if owner in self._agents else self._agent_by_name.get(owner.casefold(), "")

    def _first_ready(self, candidates: Iterable[str], pbx: str) -> PreferredAgent:
        for agent_id in candidates:
            section = self._agents.get(agent_id)
            if section is None or not self._is_ready(agent_id):
                continue
            devices = (device for device, owner in self._devices(pbx).items() if owner == agent_id)
            return PreferredAgent(id=agent_id, name=section.name, device=next(devices, ""))
        return PreferredAgent()

    def _is_ready(self, agent_id: str) -> bool:
        status = self._directory.agent(agent_id)
        return status is None or status.state is AgentState.READY

    def _shown(self, record: Mapping[str, Any], rules: Sequence[Rule]) -> dict[str, str]:
        """Return every variable that the configuration names, so that none keeps the value of an earlier enquiry."""
        shown = {name: variable_text(path.read(record)) for name, path in self._variables}
        for name in self._rules.variables:
            said = first_said(rules, lambda then, name=name: then.variables.get(name))  # type: ignore[misc]  # mypy infers no lambda with a default
            shown[name] = said if said is not None else shown.get(name, "")
        return shown


def variable_text(value: Any) -> str:
    """Write a fact as a channel variable's value: a list with commas, true as 1, nothing as nothing."""
    if isinstance(value, Mapping):
        return clean_text(msgspec.json.encode(value).decode(), MAX_VALUE)
    if isinstance(value, list | tuple):
        return clean_text(",".join(variable_text(item) for item in value), MAX_VALUE)
    if value is None or isinstance(value, bool):
        return "1" if value else ""
    return clean_text(str(value), MAX_VALUE)


def _asterisk_language(text: str) -> str:
    """Return the language as Asterisk's sounds are named (de, en_GB); empty for what is none: a backend sent it."""
    if not _LANGUAGE.fullmatch(text):
        return ""
    language, _, region = text.replace("-", "_").partition("_")
    return f"{language.lower()}_{region}" if region else language.lower()
