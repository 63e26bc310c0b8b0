"""What is proposed when a customer's contacts come in after the customer: only what they can change is thought over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.context.anticipation.proposals import Anticipation, Standing
from hub.domain.customer import Invoice, Product
from hub.domain.interaction import Repeat
from tests.unit.context.anticipation.test_rules import SHIPPED, TODAY, contact_by_phone, customer, rule

OF = customer(
    tier="Gold",
    language="zh",
    products=(Product(name="Pump P7", warranty_until=date(2026, 3, 20)),),
    invoices=(Invoice(id="R1", remaining="12.00", due_on=date(2026, 1, 1), open=True),),
)
LINES = (contact_by_phone(28, "abandoned"), contact_by_phone(27, "abandoned"))
REPEATS = (Repeat(reference="4711", contacts=3, since=LINES[-1].at),)
LOOKING_AT_CONTACTS: dict[str, dict[str, Any]] = {
    "by their count": {"when": {"customer.contacts": {"gt": 1}}},
    "by a matter": {"each": "repeats", "when": {"item.contacts": {"gt": 2}}, "about": "item.reference"},
    "in its reason": {"reason": {"en": "The last was on {customer.lost_call_on}"}},
    "in what may be left out": {"text": {"en": "Apologise[ for {customer.lost_calls} calls]"}},
    "by what it is about": {"about": "customer.last_contact_at"},
    "by an expression": {"when": {"expr": "length(customer.repeats) > `0`"}},
    "by an expression on all": {"when": {"expr": "contains(keys(@), 'customer') && @.*.lost_calls | [0] > `1`"}},
}


@pytest.mark.parametrize("keys", LOOKING_AT_CONTACTS.values(), ids=LOOKING_AT_CONTACTS)
def test_what_contacts_change_is_proposed_anew(keys: dict[str, Any]) -> None:
    """However a rule looks at them: what was made before they came says nothing of it."""
    rules = Anticipation({"looks": rule(**keys)}, languages=("de", "en"))
    standing = Standing()
    before = rules.propose(OF, today=TODAY, standing=standing)
    after = rules.propose(OF, today=TODAY, interactions=LINES, repeats=REPEATS, standing=standing)
    assert rules.propose(OF, today=TODAY, interactions=LINES, repeats=REPEATS) == after
    assert before != after


def test_all_shipped_rules_propose_the_same_in_two_steps() -> None:
    """With what was made before the contacts came as without."""
    rules = Anticipation(SHIPPED, languages=("de", "en"), at_most=50)
    standing = Standing()
    for known in ({}, {"interactions": LINES}, {"interactions": LINES, "repeats": REPEATS}, {}):
        assert rules.propose(OF, today=TODAY, **known) == rules.propose(OF, today=TODAY, standing=standing, **known)


def test_what_contacts_do_not_change_is_made_once() -> None:
    """A proposal of a rule that looks at no contact is the very one that was made before."""
    rules = Anticipation({"gold": rule(when={"customer.tier": "Gold"})})
    standing = Standing()
    (before,) = rules.propose(OF, today=TODAY, standing=standing)
    (after,) = rules.propose(OF, today=TODAY, interactions=LINES, standing=standing)
    assert before is after
