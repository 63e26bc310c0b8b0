"""`routing:` either is taken as it is meant, or each mistake in it is told with its place."""

from __future__ import annotations

import pytest

from hub.config.conditions import Comparison
from hub.config.routing import DEFAULT_VARIABLES
from tests.unit.config.conftest import MINIMAL, Load, Problems

RULES = MINIMAL + "routing:\n  rules:\n"


def rule(when: str = "{}", then: str = "{priority: 1}", name: str = "one") -> str:
    return f"    - name: {name}\n      when: {when}\n      then: {then}\n"


def test_without_the_section_nothing_listens(load: Load) -> None:
    """Whoever has no dialplan that asks needs no port."""
    assert load(MINIMAL).routing is None


def test_an_empty_section_has_sensible_defaults(load: Load) -> None:
    """The loopback address, under a second, variables for the usual dialplan."""
    routing = load(MINIMAL + "routing: {}\n").routing
    assert routing is not None
    assert ("127.0.0.1", 4573, 0.8) == (routing.listen_host, routing.listen_port, routing.deadline_s)
    assert DEFAULT_VARIABLES == routing.variables
    assert () == routing.permit


def test_a_rule_is_read_as_it_is_meant(load: Load) -> None:
    """A plain value is equality, a list any of them, an agent alone a list of one."""
    when = '{customer.tier: [Gold, Platinum], customer.open_cases: {ge: 1}, expr: "contacts > `3`"}'
    routing = load(RULES + rule(when, "{queue: vip, priority: 10, agent: alice, language: de}")).routing
    assert routing is not None
    (only,) = routing.rules
    assert {
        "customer.tier": Comparison(eq=("Gold", "Platinum")),
        "customer.open_cases": Comparison(ge=1),
        "expr": "contacts > `3`",
    } == only.when
    assert ("vip", 10, ("alice",), "de") == (only.then.queue, only.then.priority, only.then.agent, only.then.language)


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        (
            "{customer.teir: Gold}",
            "9:14: routing.rules[0].when.customer.teir: there is no fact 'customer.teir'; did you mean 'tier'?",
        ),
        (
            "{custommer.tier: Gold}",
            "9:14: routing.rules[0].when.custommer.tier: there is no fact 'custommer'; did you mean 'customer'?",
        ),
        ("{last_agent.name: x}", "9:14: routing.rules[0].when.last_agent.name: 'last_agent' has no parts"),
        ("{decision.queue: x}", "9:14: routing.rules[0].when.decision.queue: there is no fact 'decision'"),
        (
            "{customer.tier: {is: Gold}}",
            "9:30: routing.rules[0].when.customer.tier.is: unknown comparison 'is'",
        ),
        (
            "{contacts: {ge: 1, le: 3}}",
            "9:14: routing.rules[0].when.contacts: give exactly one of eq, ne, gt, ge, lt, le, contains, exists",
        ),
        ("{contacts: {ge: many}}", "9:25: routing.rules[0].when.contacts.ge: must be a number"),
        ("{customer.tier: [[a]]}", "9:14: routing.rules[0].when.customer.tier: must be text, a number, true, false"),
        ('{expr: "contacts >"}', "9:14: routing.rules[0].when.expr: not a JMESPath expression"),
        (
            "{expr: \"custumer.tier == 'a'\"}",
            "9:14: routing.rules[0].when.expr: there is no fact 'custumer'; did you mean 'customer'?",
        ),
        ('{expr: "max_of(contacts)"}', "9:14: routing.rules[0].when.expr: JMESPath has no function 'max_of'"),
        ("{expr: 3}", "9:14: routing.rules[0].when.expr: must be an expression"),
        ("[gold]", "9:13: routing.rules[0].when: must be a section of conditions"),
    ],
)
def test_a_condition_that_can_not_be_meant(problems: Problems, when: str, problem: str) -> None:
    """Each is told where it stands, with the nearest name."""
    (told,) = problems(RULES + rule(when))
    assert told.startswith(problem), told


@pytest.mark.parametrize(
    ("then", "problem"),
    [
        ("{}", "10:13: routing.rules[0].then: decides nothing: give one of queue, priority, agent"),
        ("{priority: high}", "10:24: routing.rules[0].then.priority: must be a whole number, not text"),
        ("{agent: alcie}", "10:21: there is no agent 'alcie'; did you mean 'alice'?"),
        ("{agent: [last_agent, bob]}", "10:34: there is no agent 'bob'"),
        ("{language: ../../etc}", "10:24: routing.rules[0].then.language: must be a language as Asterisk names it"),
        ("{queue: 'a,b'}", "10:21: routing.rules[0].then.queue: "),
        (
            "{variables: {CTIHUB_STATUS: x}}",
            "10:26: name 'CTIHUB_STATUS': is set by the hub itself: take another name",
        ),
        ("{variables: {'A(b)': x}}", "10:26: name 'A(b)': must be the name of a channel variable"),
        ("{quue: vip}", "10:14: unknown key 'quue' in routing.rules[0].then; did you mean 'queue'?"),
    ],
)
def test_an_outcome_that_can_not_be_meant(problems: Problems, then: str, problem: str) -> None:
    """Each is told where it stands."""
    told = problems(RULES + rule(then=then))
    assert [True] == [line.startswith(problem) for line in told], told


def test_two_rules_of_one_name(problems: Problems) -> None:
    """The name is the reason that the log and the dialplan are given: it says which rule it was."""
    assert ["11:7: routing.rules[1].name: two rules are called 'one'"] == problems(RULES + rule() + rule())


def test_variables_show_facts_that_there_are(problems: Problems, load: Load) -> None:
    """What a rule decided may be shown too."""
    assert ["8:5: routing.variables.A: there is no fact 'decision.que'; did you mean 'queue'?"] == problems(
        MINIMAL + "routing:\n  variables:\n    A: decision.que\n"
    )
    routing = load(MINIMAL + "routing:\n  variables: {A: decision.agent.name, B: customer.extra.sap.x}\n").routing
    assert routing is not None
    assert {"A": "decision.agent.name", "B": "customer.extra.sap.x"} == routing.variables


def test_who_is_permitted_is_an_address_or_a_network(problems: Problems, load: Load) -> None:
    """A name would let whoever answers for it in."""
    assert ["6:20: routing.permit[0]: must be an address or a network, as in 192.0.2.10 or 192.0.2.0/24"] == problems(
        MINIMAL + "routing: {permit: [pbx.example.com]}\n"
    )
    routing = load(MINIMAL + 'routing: {permit: [192.0.2.7, "2001:db8::/32", 10.1.2.3/8]}\n').routing
    assert routing is not None
    assert ("192.0.2.7/32", "2001:db8::/32", "10.0.0.0/8") == routing.permit
