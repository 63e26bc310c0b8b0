"""What the rules decide for given facts, and the channel variables that show it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.config.model import AgentSection
from hub.config.routing import LANGUAGE, MEANT_AGENTS, RoutingSection, Rule
from hub.context.routing_facts import record_of
from hub.context.routing_rules import Rules, first_said
from hub.domain.path import Path
from hub.domain.phone import clean_text
from hub.domain.routing import Decision, Facts, PreferredAgent

MAX_VALUE = 256
"""Characters of a channel variable's value."""

_LANGUAGE = re.compile(LANGUAGE)

Readiness = Callable[[str], bool]
"""Whether an agent can be rung, by id."""

Devices = Callable[[], Mapping[str, str]]
"""Returns the agents' devices on the PBX that asks: device name to agent id."""


class Decider:
    """The rules and variables of a configuration, compiled once."""

    def __init__(self, section: RoutingSection, agents: Mapping[str, AgentSection]) -> None:
        self._rules = Rules(section.rules)
        self._variables = [(name, Path(path)) for name, path in section.variables.items()]
        self._agents = agents
        self._agent_by_name = {agent.name.casefold(): agent_id for agent_id, agent in agents.items()}

    def decide(self, facts: Facts, *, is_ready: Readiness, devices: Devices) -> tuple[Decision, dict[str, str]]:
        """Return the decision, and every channel variable that the configuration names."""
        record = record_of(facts)
        rules = self._rules.holding(record)
        decision = self._decision(facts, rules, is_ready, devices)
        record["decision"] = record_of(decision)
        return decision, self._shown(record, rules)

    def _decision(self, facts: Facts, rules: Sequence[Rule], is_ready: Readiness, devices: Devices) -> Decision:
        preferred = first_said(rules, lambda then: then.agent) or ()
        language = first_said(rules, lambda then: then.language) or facts.customer.language
        return Decision(
            queue=first_said(rules, lambda then: then.queue) or facts.queue,
            priority=first_said(rules, lambda then: then.priority) or 0,
            language=_asterisk_language(language),
            agent=self._first(filter(is_ready, self._meant(preferred, facts)), devices),
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

    def _first(self, candidates: Iterable[str], devices: Devices) -> PreferredAgent:
        for agent_id in candidates:
            section = self._agents.get(agent_id)
            if section is not None:
                own = (device for device, owner in devices().items() if owner == agent_id)
                return PreferredAgent(id=agent_id, name=section.name, device=next(own, ""))
        return PreferredAgent()

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
