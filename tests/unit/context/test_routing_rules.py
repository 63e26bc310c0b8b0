"""What a rule asks of the facts, and which rules hold."""

from __future__ import annotations

from typing import Any

import pytest

from hub.config.routing import Rule
from hub.context.routing_facts import record_of
from hub.context.routing_rules import Rules, first_said
from hub.domain.customer import Case
from hub.domain.routing import CustomerFacts, EnquiryStatus, Facts

GOLD = Facts(
    status=EnquiryStatus.FOUND,
    customer=CustomerFacts(
        id="0042",
        tier="Gold",
        language="de",
        products=("Fibre 1000", "Mobile"),
        open_cases=2,
        cases=(Case(id="1", priority="Low"), Case(id="2", priority="High")),
        extra={"sap.balance": "12000.50", "sap.blocked": "", "sap.odd": "n/a"},
    ),
    customers=1,
    contacts=3,
    last_agent="alice",
    queue="support",
    arguments={"choice": "2"},
)


def holds(when: dict[str, Any], facts: Facts = GOLD) -> bool:
    rules = Rules([Rule.model_validate({"name": "one", "when": when, "then": {"priority": 1}})])
    return bool(rules.holding(record_of(facts)))


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"customer.tier": "gold"},
        {"customer.tier": ["platinum", " GOLD"]},
        {"customer.tier": {"ne": "Silver"}},
        {"customer.owner": {"ne": "bob"}},
        {"customer.owner": {"exists": False}},
        {"customer.products": {"contains": "fibre"}},
        {"customer.products": "mobile"},
        {"customer.cases[].priority": "High"},
        {"customer.cases[0].priority": "Low"},
        {"customer.open_cases": 2},
        {"customer.open_cases": {"ge": 2}, "contacts": {"lt": 4}},
        {'customer.extra."sap.balance"': {"gt": 12000}},
        {'customer.extra."sap.balance"': 12000.5},
        {'customer.extra."sap.blocked"': {"exists": False}},
        {"arguments.choice": 2},
        {"arguments.choice": "2"},
        {"customers": 1, "status": "found", "queue": "support"},
        {"caller.anonymous": False},
        {"expr": "length(customer.cases[?priority=='High']) == `1`"},
        {"expr": 'to_number(customer.extra."sap.balance") > `10000`'},
        {"expr": "contacts"},
    ],
)
def test_a_condition_that_holds(when: dict[str, Any]) -> None:
    """Texts without regard to case, numbers also out of texts, one fitting item of a list."""
    assert holds(when)


@pytest.mark.parametrize(
    "when",
    [
        {"customer.tier": "Silver"},
        {"customer.tier": "Gold", "customer.language": "fr"},
        {"customer.tier": {"ne": ["Silver", "Gold"]}},
        {"customer.owner": "bob"},
        {"customer.owner": {"exists": True}},
        {"customer.owner": {"contains": "b"}},
        {"customer.products": {"contains": "satellite"}},
        {"customer.cases[].priority": "Urgent"},
        {"customer.open_cases": {"gt": 2}},
        {'customer.extra."sap.odd"': {"gt": 0}},
        {'customer.extra."sap.odd"': 0},
        {'customer.extra."sap.none"': {"le": 10}},
        {"caller.anonymous": True},
        {"customer.open_cases": True},
        {"expr": "customer.owner"},
        {"expr": "customer.tier == 'Nobody'"},
        {"expr": "`false`"},
        {"expr": "abs(customer.tier) > `1`"},
    ],
)
def test_a_condition_that_does_not_hold(when: dict[str, Any]) -> None:
    """All of them have to hold; what is not known fits nothing; a function that can't take a value is no answer."""
    assert not holds(when)


def test_every_rule_that_holds_has_its_say_and_the_upper_one_wins() -> None:
    """A rule for the tier and one for the language don't have to know of each other."""
    rules = Rules(
        Rule.model_validate(rule)
        for rule in (
            {"name": "silver", "when": {"customer.tier": "Silver"}, "then": {"priority": 3}},
            {"name": "gold", "when": {"customer.tier": "Gold"}, "then": {"priority": 10}},
            {"name": "german", "when": {"customer.language": "de"}, "then": {"queue": "german", "priority": 1}},
            {"name": "zero", "then": {"priority": 0, "language": "en"}},
        )
    )
    holding = rules.holding(record_of(GOLD))
    assert ["gold", "german", "zero"] == [rule.name for rule in holding]
    assert (10, "german", "en", None) == (
        first_said(holding, lambda then: then.priority),
        first_said(holding, lambda then: then.queue),
        first_said(holding, lambda then: then.language),
        first_said(holding, lambda then: then.agent),
    )


def test_a_zero_is_said_too() -> None:
    """A rule can take back what a lower one would give."""
    rules = Rules(
        Rule.model_validate(rule)
        for rule in ({"name": "a", "then": {"priority": 0}}, {"name": "b", "then": {"priority": 9}})
    )
    assert 0 == first_said(rules.holding(record_of(GOLD)), lambda then: then.priority)
