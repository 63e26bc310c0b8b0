"""What rules propose for a customer: in which order, how many, and what they do with data that nobody expected."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from hub.config.anticipation import AnticipationSection, ProposalRule, load_rules
from hub.context.anticipation.facts import known_customer
from hub.context.anticipation.proposals import MAX_FILLED, Anticipation
from hub.context.conditions import MAX_STEPS
from hub.domain.budget import Budget
from hub.domain.customer import Case, Consent, Customer, Invoice, Name, Order, Product, Sourced
from hub.domain.interaction import Channel, CustomerRef, Interaction, Repeat
from hub.domain.proposal import Proposal, ProposalKind

TODAY = date(2026, 3, 2)
SHIPPED = load_rules(AnticipationSection(), [])


def rule(**keys: Any) -> ProposalRule:
    """Write a rule that holds for every customer, but for what is given here."""
    usual = {
        "rule": "a rule",
        "version": 1,
        "target": "proposal",
        "kind": "attention",
        "when": {"customer.kind": {"exists": True}},
        "text": {"en": "Do something"},
        "reason": {"en": "It is time"},
    }
    return ProposalRule.model_validate(usual | keys)


def sourced(value: Any) -> Sourced[Any]:
    return Sourced(value=value, system="crm", record="1")


def customer(**fields: Any) -> Customer:
    """Put a customer together from plain values."""
    made: Any = {
        name: tuple(map(sourced, value)) if isinstance(value, tuple) else sourced(value)
        for name, value in fields.items()
    }
    return Customer(ids={"crm": "1"}, **made)


def proposed(rules: dict[str, ProposalRule], of: Customer, **more: Any) -> list[tuple[str, str]]:
    """Return rule and subject of each proposal."""
    settings = {name: more.pop(name) for name in ("languages", "at_most") if name in more}
    made = Anticipation(rules, **settings).propose(of, today=TODAY, **more)
    return [(proposal.rule, proposal.about) for proposal in made]


def test_a_proposal_says_what_and_why() -> None:
    """In each language, filled from the item."""
    of = customer(products=(Product(name="Pump P7", warranty_until=date(2026, 3, 20)),))
    (made,) = Anticipation(SHIPPED).propose(of, today=TODAY)
    expected = Proposal(
        rule="warranty_ends",
        kind=ProposalKind.OFFER,
        text={"en": "Offer to extend the warranty of Pump P7", "zh": "可提议延长 Pump P7 的保修"},
        reason={"en": "It ends on 2026-03-20", "zh": "保修将于 2026-03-20 到期"},
        about="Pump P7",
        fields=("products",),
    )
    assert expected == made


def test_all_shipped_rules_together() -> None:
    """What is overdue comes before what can be offered; repeats and language are seen, too."""
    of = customer(
        language="fr",
        products=(Product(name="Pump", warranty_until=date(2026, 3, 20)),),
        cases=(Case(id="C1", target_on=date(2026, 3, 1)),),
        orders=(Order(id="O1", due_on=date(2026, 3, 1)),),
        invoices=(Invoice(id="R1", due_on=date(2026, 3, 1)),),
    )
    repeats = (Repeat(reference="C1", contacts=3, since=datetime(2026, 2, 27, tzinfo=UTC)),)
    assert [
        ("case_overdue", "C1"),
        ("delivery_late", "O1"),
        ("invoice_overdue", "R1"),
        ("language_switch", "fr"),
        ("repeated_contact", "C1"),
        ("warranty_ends", "Pump"),
    ] == proposed(SHIPPED, of, repeats=repeats, languages=["de", "en"], at_most=20)


def test_nothing_is_offered_to_who_said_no() -> None:
    """Marketing was refused: the warranty that ends is not mentioned, the case that is late still is."""
    of = customer(
        consents=(Consent(purpose="marketing", granted=False),),
        products=(Product(name="Pump", warranty_until=date(2026, 3, 20)),),
        cases=(Case(id="C1", target_on=date(2026, 3, 1)),),
    )
    assert [("do_not_sell", ""), ("case_overdue", "C1")] == proposed(SHIPPED, of)


def test_a_stop_wins_even_where_there_is_no_room_for_it() -> None:
    """Whatever order the configuration gives the rules, and although only one is shown."""
    rules = {"offer": rule(kind="offer"), "overdue": rule(), "stop": rule(kind="stop")}
    assert [("stop", "")] == proposed(rules, customer(), at_most=1)
    assert [("stop", ""), ("overdue", "")] == proposed(rules, customer())
    assert [] == proposed(rules, customer(), at_most=0)


def test_the_order_is_the_configurations() -> None:
    """Among those of one kind."""
    rules = {name: rule() for name in ("second", "first", "third")}
    assert [("second", ""), ("first", ""), ("third", "")] == proposed(rules, customer())


def test_a_rule_speaks_about_few_items() -> None:
    """Of a hundred late orders the first two are enough; what is the same twice is said once."""
    of = customer(orders=tuple(Order(id=str(number), due_on=date(2026, 1, 1)) for number in range(100)))
    assert [("delivery_late", "0"), ("delivery_late", "1")] == proposed(SHIPPED, of)
    twice = customer(consents=(Consent(purpose="marketing", granted=False),) * 2)
    assert [("do_not_sell", "")] == proposed(SHIPPED, twice)


@pytest.mark.parametrize(
    ("asked", "day", "holds"),
    [
        ({"within_days": 7}, "2026-03-02", True),
        ({"within_days": 7}, "2026-03-09", True),
        ({"within_days": 7}, "2026-03-10", False),
        ({"within_days": 7}, "2026-03-01", False),
        ({"within_days": 7}, "soon", False),
        ({"within_days": 7}, "", False),
        ({"before_today": True}, "2026-03-01", True),
        ({"before_today": True}, "2026-03-02", False),
        ({"before_today": True}, "", False),
        ({"before_today": False}, "2026-03-01", False),
        ({"before_today": False}, "2026-03-02", True),
        ({"before_today": False}, "", True),
        ({"older_than_days": 14}, "2026-02-15T10:00:00Z", True),
        ({"older_than_days": 14}, "2026-02-16", False),
        ({"older_than_days": 14}, "31.12.2025", False),
    ],
)
def test_dates_are_seen_from_today(asked: dict[str, Any], day: str, holds: bool) -> None:
    """Both ends of a span belong to it; what is no date, as in a site's own field, is not known."""
    of = Customer(ids={}, extra={"crm.day": sourced(day)})
    rules = {"own": rule(when={'customer.extra."crm.day"': asked})}
    assert ([("own", "")] if holds else []) == proposed(rules, of)


def test_expressions_see_the_item_and_the_customer() -> None:
    """For what a comparison can't say."""
    rules = {
        "own": rule(
            each="orders", when={"expr": "to_number(item.amount) > `100` && customer.tier == 'Gold'"}, about="item.id"
        )
    }
    of = customer(tier="Gold", orders=(Order(id="1", amount="99.90"), Order(id="2", amount="100.10")))
    assert [("own", "2")] == proposed(rules, of)


def test_what_is_filled_in_is_no_template() -> None:
    """Braces, markup and line breaks of a customer's data stay what they are; what is missing is a dash."""
    rules = {
        "own": rule(
            each="cases",
            when={"item.id": {"exists": True}},
            text={"en": "{item.subject} - {item.owner}"},
            reason={"en": "{customer.name}"},
        )
    }
    hostile = "{customer.name} {0} %s <b>\n\u202e" + "x" * 500
    of = customer(name=Name(full="Li"), cases=(Case(id="1", subject=hostile),))
    (made,) = Anticipation(rules).propose(of, today=TODAY)
    shown = "{customer.name} {0} %s <b> " + "x" * 500
    assert ({"en": f"{shown[:MAX_FILLED]} - -"}, {"en": "Li"}) == (made.text, made.reason)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (Invoice(id="R1"), "Bill R1"),
        (Invoice(id="R1", currency="EUR"), "Bill R1"),
        (Invoice(id="R1", remaining="0"), "Bill R1 of 0"),
        (Invoice(id="R1", remaining="[7]", currency="EUR"), "Bill R1 of [7] EUR"),
    ],
)
def test_what_needs_a_fact_is_left_out_without_it(known: Invoice, shown: str) -> None:
    """A passage within another is its own matter; brackets of a customer's data are none of the text's."""
    text = {"en": "Bill {item.id}[ of {item.remaining}[ {item.currency}]]"}
    rules = {"own": rule(each="invoices", when={"item.id": {"exists": True}}, text=text)}
    (made,) = Anticipation(rules).propose(customer(invoices=(known,)), today=TODAY)
    assert {"en": shown} == made.text


def test_a_rule_that_fails_costs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have their say, but nothing is offered where it would have stopped that.

    The log has it once, without what it failed on.
    """

    def broken(_record: object, _budget: object) -> bool:
        raise RuntimeError("Petra Vogt")

    rules = {"stop": rule(kind="stop"), "overdue": rule(), "offer": rule(kind="offer")}
    anticipation = Anticipation(rules)
    failing = anticipation._rules[0]._replace(conditions=[broken])
    monkeypatch.setattr(anticipation, "_rules", [failing, *anticipation._rules[1:]])
    with capture_logs() as logged:
        made = [anticipation.propose(customer(), today=TODAY) for _ in range(3)]
    assert [["overdue"]] * 3 == [[proposal.rule for proposal in one] for one in made]
    assert [
        {"event": "rule_of_proposals_failed", "rule": "stop", "error": "RuntimeError", "log_level": "warning"}
    ] == logged


@pytest.mark.parametrize(
    "when",
    [
        {"expr": "length(customer.orders[?contains(to_string(@), 'x')]) > `600`"},
        {"expr": "length(customer.orders[?status == 'paid' || amount > '3']) > `600`"},
        {"customer.orders.id": {"eq": "nobody's"}},
    ],
)
def test_no_rule_holds_up_a_call(when: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that looks through all orders for each order ends where its steps do: it is told, the others have their say.

    What it may take is the rule's, not each item's.
    """
    spent = 0
    spend = Budget.spend

    def counted(self: Budget, steps: int) -> None:
        nonlocal spent
        spent += steps
        spend(self, steps)

    monkeypatch.setattr(Budget, "spend", counted)
    rules = {"slow": rule(each="orders", when=when), "other": rule()}
    of = customer(orders=tuple(Order(id=str(number), status="late") for number in range(500)))
    with capture_logs() as logged:
        assert [("other", "")] == proposed(rules, of)
    assert [("slow", "TooMuchWorkError")] == [(line["rule"], line["error"]) for line in logged]
    assert spent < 2 * MAX_STEPS


def test_a_proposal_tells_what_it_is_made_from() -> None:
    """Each field that the rule looks at or shows, so that it is hidden from who may not see one of them."""
    rules = {
        "own": rule(
            each="invoices",
            when={"customer.language_spoken": {"ne": False}, "expr": 'customer.tier || customer.extra."crm.x"'},
            text={"en": "{customer.birth_date}"},
            about="customer.name",
        )
    }
    of = customer(tier="Gold", name=Name(full="Li"), invoices=(Invoice(id="1"),))
    (made,) = Anticipation(rules).propose(of, today=TODAY)
    assert ("birth_date", "extra", "invoices", "language", "name", "tier") == made.fields


def test_contacts_are_facts() -> None:
    """How many, and when the last was."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    contact = Interaction(
        id="1", channel=Channel.CHAT, at=at, subject="x", customer=CustomerRef(emails=("a@b.example",))
    )
    known = known_customer(customer(), (), (contact, contact), (), today=TODAY)
    assert (2, at) == (known.contacts, known.last_contact_at)


def contact_by_phone(day: int, status: str, **changes: Any) -> Interaction:
    """Make a call's line, at noon of a day in February where the tests run."""
    return msgspec.structs.replace(
        Interaction(
            id=str(day),
            channel=Channel.PHONE,
            at=datetime(2026, 2, day, 12, tzinfo=datetime.now(UTC).astimezone().tzinfo),
            subject="Inbound call",
            customer=CustomerRef(phones=("+4930123",)),
            source="/pbx/main",
            direction="inbound",
            status=status,
        ),
        **changes,
    )


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([(28, "abandoned"), (27, "busy"), (26, "answered"), (25, "abandoned")], (2, date(2026, 2, 28))),
        ([(28, "answered"), (27, "abandoned")], (0, None)),
        ([(28, "unknown"), (27, "abandoned")], (0, None)),
        ([(23, "not_answered"), (22, "abandoned")], (1, date(2026, 2, 23))),
        ([], (0, None)),
    ],
)
def test_calls_that_nobody_answered_are_facts(calls: list[tuple[int, str]], expected: tuple[int, date | None]) -> None:
    """Of the last week, since somebody talked with the customer; in which order something else came is no matter."""
    chat = contact_by_phone(28, "ended", channel=Channel.CHAT)
    lines = [chat, *(contact_by_phone(day, status) for day, status in calls)]
    known = known_customer(customer(), (), lines, (), today=TODAY)
    assert expected == (known.lost_calls, known.lost_call_on)


def test_only_the_customers_own_calls_are_lost() -> None:
    """Not those that an agent made in vain, nor what another system tells of its calls."""
    lines = [
        contact_by_phone(28, "not_answered", direction="outbound"),
        contact_by_phone(27, "answered", source="crm"),
        contact_by_phone(26, "abandoned"),
    ]
    assert 1 == known_customer(customer(), (), lines, (), today=TODAY).lost_calls
