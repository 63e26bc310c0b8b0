"""Tests of the routing rules: `routing.test.yaml` beside the configuration has cases of facts and what they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import Field, TypeAdapter, ValidationError

from hub.config.document import Document, KeyPath, read_document
from hub.config.model import AgentSection
from hub.config.problem import ConfigError, Problem
from hub.config.routing import RoutingSection
from hub.config.section import Section
from hub.config.wording import nearest, wording
from hub.context.cases import CaseResult, result_of, unknown_facts
from hub.context.routing_decision import Decider
from hub.domain.routing import EnquiryStatus, Facts

CASES_FILE = "routing.test.yaml"


class Expected(Section):
    """What a case leads to; what is not named may be anything. `agent` empty: nobody in particular."""

    queue: str | None = None
    priority: int | None = None
    language: str | None = None
    agent: str | None = None
    rules: tuple[str, ...] | None = None
    variables: dict[str, str] = {}


class Case(Section):
    """`facts` are as the rules see them, the customer known unless they say otherwise. `ready` None: everybody."""

    name: Annotated[str, Field(min_length=1)]
    facts: dict[str, Any] = {}
    ready: tuple[str, ...] | None = None
    expect: Expected


class Cases(Section):
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


def run_routing_tests(configuration: Path) -> list[CaseResult]:
    """Run the cases beside a configuration; no secret need be set. Raises ConfigError."""
    document = read_document(configuration.with_name(CASES_FILE))
    decider, agents = _decider(configuration)
    try:
        cases = Cases.model_validate(document.data).cases
    except ValidationError as error:
        raise ConfigError(_misread(document, error)) from None
    problems = [problem for number, case in enumerate(cases) for problem in _unknown(document, number, case, agents)]
    if problems:
        raise ConfigError(problems)
    return [
        result_of(document, number, case.name, _differences(case, decider, agents)) for number, case in enumerate(cases)
    ]


def _decider(configuration: Path) -> tuple[Decider, Mapping[str, AgentSection]]:
    document = read_document(configuration)
    top = document.data if isinstance(document.data, dict) else {}
    if "routing" not in top:
        raise ConfigError([document.problem((1, 1), f"has no `routing:` for {CASES_FILE} to test")])
    try:
        section = RoutingSection.model_validate(top["routing"] or {})
        agents = TypeAdapter(dict[str, AgentSection]).validate_python(top.get("agents") or {})
    except ValidationError:
        message = "the rules can't be used: `ctihub lint` tells what is wrong with them"
        raise ConfigError([document.problem(document.key_place(("routing",)), message)]) from None
    return Decider(section, agents), agents


def _misread(document: Document, error: ValidationError) -> Iterator[Problem]:
    for finding in error.errors(include_url=False):
        path: KeyPath = finding["loc"]
        match finding["type"]:
            case "extra_forbidden":
                models: dict[int, type[Section]] = {1: Cases, 3: Case}
                model = models.get(len(path), Expected)
                message = f"unknown key {path[-1]!r}{nearest(str(path[-1]), list(model.model_fields))}"
            case "missing":
                message = f"key {path[-1]!r} is missing"
            case _:
                message = wording(finding)
        yield document.problem(document.key_place(path), message)


def _unknown(document: Document, number: int, case: Case, agents: Mapping[str, AgentSection]) -> Iterator[Problem]:
    """Tell facts and agents that don't exist: a case that names them would test nothing."""
    yield from unknown_facts(document, ("cases", number, "facts"), case.facts, Facts)
    for place, agent in enumerate(case.ready or ()):
        if agent not in agents:
            message = f"there is no agent {agent!r}{nearest(agent, list(agents))}"
            yield document.problem(document.value_place(("cases", number, "ready", place)), message)
    try:
        _facts(case)
    except msgspec.ValidationError as error:
        yield document.problem(document.value_place(("cases", number, "facts")), str(error))


def _facts(case: Case) -> Facts:
    return msgspec.convert({"status": EnquiryStatus.FOUND, **case.facts}, Facts, strict=False)


def _differences(case: Case, decider: Decider, agents: Mapping[str, AgentSection]) -> list[str]:
    devices = {device: agent_id for agent_id, agent in agents.items() for device in agent.devices}
    decision, variables = decider.decide(
        _facts(case), is_ready=lambda agent_id: case.ready is None or agent_id in case.ready, devices=lambda: devices
    )
    made = {**msgspec.structs.asdict(decision), "agent": decision.agent.id}
    wanted = case.expect.model_dump(exclude_unset=True, exclude={"variables"})
    lines = [f"{key}: expected {value!r}, got {made[key]!r}" for key, value in wanted.items() if made[key] != value]
    for name, value in case.expect.variables.items():
        if variables.get(name) != value:
            lines.append(f"variables.{name}: expected {value!r}, got {variables.get(name)!r}")
    return lines
