"""The section `routing`: the FastAGI server that dialplans ask, and the rules by which callers are led."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from hub.config.conditions import Comparison, conditions_of
from hub.config.fact_names import check_path
from hub.config.names import ListenAddress
from hub.config.patterned import patterned
from hub.config.pbx import QueueName, Variable
from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.domain.routing import DecidedFacts, Facts

OWN_VARIABLES = ("CTIHUB_STATUS", "CTIHUB_RULE")
"""Set with every answer, whatever the configuration says."""

MEANT_AGENTS = ("last_agent", "owner")
"""What a rule may say in place of an agent's id: who talked with the caller last, who looks after the customer."""

LANGUAGE = r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})?"
"""A language as Asterisk names it; it becomes part of a file's path there, so nothing else gets through."""

DEFAULT_VARIABLES = {
    "CTI_CUSTOMER_ID": "customer.id",
    "CTI_CUSTOMER_NAME": "customer.name",
    "CTI_TIER": "customer.tier",
    "CTI_LANGUAGE": "decision.language",
    "CTI_AGENT": "decision.agent.id",
    "CTI_AGENT_DEVICE": "decision.agent.device",
    "CTI_QUEUE": "decision.queue",
    "CTI_PRIORITY": "decision.priority",
}


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError("must be an address or a network, as in 192.0.2.10 or 192.0.2.0/24") from None


def _free_variable(name: str) -> str:
    if name in OWN_VARIABLES:
        raise ValueError("is set by the hub itself: take another name")
    return name


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


SetVariable = Annotated[Variable, AfterValidator(_free_variable)]
RuleName = Annotated[str, patterned(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}", "1 to 64 letters, digits, spaces, _ . or -")]
Language = Annotated[str, patterned(LANGUAGE, "a language as Asterisk names it, as in de or en_GB")]


def _conditions(value: Any) -> dict[str, Comparison | str]:
    return conditions_of(value, Facts, Comparison)


class Outcome(Section):
    """What a rule decides. `agent` is whom to try first: agents' ids, `last_agent` or `owner`, in this order.

    The first of them who is ready is offered. A higher `priority` is served earlier.
    """

    queue: QueueName | None = None
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = None
    agent: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1, max_length=50)] | None = None
    language: Language | None = None
    variables: dict[SetVariable, Annotated[str, Field(max_length=256)]] = {}

    @model_validator(mode="after")
    def _something(self) -> Outcome:
        if not self.model_fields_set:
            raise ValueError(f"decides nothing: give one of {', '.join(type(self).model_fields)}")
        return self


class Rule(Section):
    """All conditions under `when` have to hold; without any the rule always does."""

    name: RuleName
    when: Annotated[dict[str, Any], BeforeValidator(_conditions)] = {}
    then: Outcome


class RoutingSection(Section):
    """The FastAGI server and the rules.

    Every rule that holds has its say, in the order of the list; where several decide the same thing, the first does.
    Connections are taken from this host, from the hosts under `pbx`, and from `permit`.
    """

    listen: ListenAddress = "127.0.0.1:4573"
    deadline_s: Annotated[float, Field(gt=0, le=10)] = 0.8
    permit: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    last_agent_days: Annotated[float, Field(gt=0, le=3_650)] = 90.0
    variables: Annotated[
        dict[SetVariable, str], Field(max_length=50, description="Channel variable: the fact that it shows")
    ] = DEFAULT_VARIABLES
    rules: Annotated[tuple[Rule, ...], Field(max_length=500)] = ()

    @field_validator("variables")
    @classmethod
    def _shown(cls, variables: dict[str, str]) -> dict[str, str]:
        for name, path in variables.items():
            try:
                check_path(path, DecidedFacts)
            except ValueError as error:
                raise PlacedError((name,), str(error)) from None
        return variables

    @model_validator(mode="after")
    def _distinct(self) -> RoutingSection:
        seen: set[str] = set()
        for number, rule in enumerate(self.rules):
            if rule.name in seen:
                raise PlacedError(("rules", number, "name"), f"two rules are called {rule.name!r}")
            seen.add(rule.name)
        return self

    @property
    def listen_host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        return int(self.listen.rpartition(":")[2])
