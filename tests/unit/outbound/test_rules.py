"""Which events a rule means."""

from __future__ import annotations

from typing import Any

import pytest

from hub.config.outbound import OutboundRule
from hub.domain.call import CallEvent, CallEventKind, Cause, Direction, Outcome
from hub.domain.change import CustomerChange, OrderChange
from hub.domain.customer import CustomerRecord, Order
from hub.domain.event import Event, call_event, wrap_up_event
from hub.domain.interaction import CustomerRef
from hub.domain.writeback import WriteKind
from hub.outbound.rules import Rule, Rules
from tests.unit.outbound.site import NOON, call, cleared, fed, interaction


def rules(*sections: dict[str, Any], connector: str = "crm") -> Rules:
    return Rules(connector, [Rule(OutboundRule.model_validate(section), None) for section in sections])


def fits(event: Event, **section: Any) -> bool:
    return bool(rules(section).fitting(event))


def test_a_pattern_means_one_type_or_all_of_a_kind() -> None:
    """`cti.call.*` is every step of a call, and nothing that an agent does."""
    assert fits(cleared(), on=["cti.call.cleared"])
    assert fits(cleared(), on=["cti.interaction.recorded", "cti.call.*"])
    assert not fits(cleared(), on=["cti.call.queued", "cti.interaction.*"])
    held = call_event(CallEvent(kind=CallEventKind.HELD, time=NOON, call=call()))
    assert fits(held, on=["cti.call.*"])
    assert {"cti.call.cleared", "cti.interaction.recorded"} == rules(
        {"on": ["cti.call.cleared", "cti.interaction.*"]}
    ).types


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"call.direction": "inbound"}, True),
        ({"call.direction": "outbound"}, False),
        ({"call.outcome": ["abandoned", "answered"]}, True),
        ({"call.outcome": ["abandoned", "busy"]}, False),
        ({"call.direction": "inbound", "call.queue": "sales"}, False),
        ({"call.connections[].agent": "alice"}, True),
        ({"call.connections.agent": "bob"}, False),
        ({"call.connections[0].agent": "alice"}, True),
        ({"call.variables.VIP": ""}, True),
        ({"call.parked": ""}, True),
        ({"call.queue": ""}, False),
        ({"call.partial": False}, True),
        ({"call.partial": 0}, False),
        ({"call.hangup_code": 16}, True),
        ({"call.hangup_code": "16"}, False),
        ({"cause": "normal_clearing"}, True),
    ],
)
def test_conditions_are_on_what_the_domain_says(when: dict[str, Any], holds: bool) -> None:
    """Values are found as the domain has them, defaults included; one of several is enough, all paths must be so."""
    assert holds is fits(cleared(hangup_code=16), on=["cti.call.cleared"], when=when)


def test_of_each_kind_the_first_rule_counts() -> None:
    """Two rules that would both write the activity write it once; a note beside it is another thing."""
    fitting = rules(
        {"on": ["cti.call.*"], "when": {"call.queue": "sales"}, "without_customer": "write"},
        {"on": ["cti.call.cleared"]},
        {"on": ["cti.call.cleared"], "without_customer": "write"},
        {"on": ["cti.call.cleared"], "write": "note"},
    ).fitting(cleared())
    assert [(WriteKind.ACTIVITY, False), (WriteKind.NOTE, False)] == [
        (rule.kind, rule.without_customer) for rule in fitting
    ]


def test_a_backend_is_not_told_what_it_said() -> None:
    """Neither by a feed of its name, nor what a feed brought in its name."""
    rule = {"on": ["cti.interaction.*", "cti.order.*", "cti.customer.changed"], "mapping": "x"}
    order = OrderChange(system="erp", customer=CustomerRef(ids={"crm": "1"}), order=Order(id="7"))
    customer = CustomerChange(customer=CustomerRecord(system="erp", id="1"))
    for event in (
        fed(interaction(source="erp"), feed="mail"),
        fed(interaction(), feed="erp"),
        fed(order),
        fed(customer),
    ):
        assert not rules(rule, connector="erp").fitting(event)
        assert rules(rule, connector="crm").fitting(event)


def test_what_an_agent_wrote_down_goes_its_own_way() -> None:
    """A wrap-up is given to the backends as such; a rule on interactions would write it a second time."""
    said = interaction("main-1", source="desk", reference="main-1", extra={"wrap_up": "w1"})
    rule = {"on": ["cti.interaction.*"]}
    assert not fits(wrap_up_event(said), **rule)
    assert not fits(wrap_up_event(said, wrap_up_id="w1"), **rule)
    assert fits(fed(said, feed="desk"), **rule)


def test_a_phone_that_was_rung_into_another_call_is_no_call_of_its_own() -> None:
    """As in the call log: the call that it came into is the one that is written."""
    assert not fits(cleared(cause=Cause.TRANSFERRED), on=["cti.call.cleared"])


@pytest.mark.parametrize(
    ("when", "is_over", "written"),
    [
        ({}, False, True),
        ({"call.direction": "inbound"}, False, True),
        ({"call.direction": "outbound"}, False, False),
        ({"call.outcome": "abandoned"}, False, True),
        ({"call.outcome": "abandoned"}, True, False),
        ({"call.outcome": "answered"}, True, True),
    ],
)
def test_whether_a_call_s_activity_is_written_by_a_rule(when: dict[str, Any], is_over: bool, written: bool) -> None:
    """While it goes on, what is known only at its end is open: the rule may write it."""
    outcome = Outcome.ANSWERED if is_over else None
    asked = call(outcome=outcome, direction=Direction.INBOUND)
    by_rule = rules({"on": ["cti.call.cleared"], "when": when})
    assert written is by_rule.writes_activity_of(asked, is_over=is_over)
    assert not rules({"on": ["cti.call.*"], "write": "note"}).writes_activity_of(asked, is_over=is_over)


def test_the_end_is_open_whatever_is_known_by_now() -> None:
    """What was said during a call is asked about again after it, and the answer is the same."""
    by_rule = rules({"on": ["cti.call.cleared"], "when": {"call.outcome": "abandoned"}})
    assert by_rule.writes_activity_of(call(cause=Cause.NORMAL_CLEARING), is_over=False)
