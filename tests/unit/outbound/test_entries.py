"""What is written of an event."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.config.outbound import OutboundRule
from hub.domain.call import CallEvent, CallEventKind, Outcome
from hub.domain.change import CaseChange, ChangeKind, OrderChange
from hub.domain.customer import Case, Order
from hub.domain.event import Event, call_event
from hub.domain.interaction import Channel, CustomerRef
from hub.domain.writeback import WriteBack, WriteKind
from hub.mapping.mapping import Mapping, load_mapping
from hub.outbound.entries import NotMadeError, entry_of
from hub.outbound.rules import Rule
from tests.unit.outbound.site import NOON, call, cleared, fed, interaction

MAPPING = """\
source: events
version: 1
target: write_back
fields:
  subject: {expr: "join(' ', ['Call in', data.call.queue])"}
  note: data.call.variables.REASON
  phone: data.call.caller.e164
  duration_s: data.call.hangup_code
"""


def entry(event: Event, mapping: Mapping | None = None, **section: Any) -> WriteBack:
    rule = Rule(
        OutboundRule.model_validate({"on": [event.type], "mapping": "x" if mapping else "", **section}), mapping
    )
    return entry_of(event, rule, agent_names={"alice": "Alice Weber"}, region="DE")


def test_a_call_is_an_activity_with_its_facts() -> None:
    """Under the call's id: whoever else writes it, an agent for example, writes the same."""
    assert WriteBack(
        id="main-1",
        kind=WriteKind.ACTIVITY,
        direction="inbound",
        phone="+498912345678",
        subject="Inbound call",
        outcome="answered",
        started_at=NOON,
        ended_at=NOON + timedelta(seconds=65),
        duration_s=60,
        agent="alice",
        agent_name="Alice Weber",
        queue="support",
    ) == entry(cleared())


def test_a_call_that_nobody_took_has_no_agent() -> None:
    """Whose phone rang has not talked."""
    made = entry(cleared(outcome=Outcome.ABANDONED, answered_at=None))
    assert ("", "", None, "abandoned") == (made.agent, made.agent_name, made.duration_s, made.outcome)


def test_another_step_of_a_call_is_a_thing_of_its_own() -> None:
    """That a call was held is not the call's activity: under its id, it would be taken for that."""
    held = call_event(CallEvent(kind=CallEventKind.HELD, time=NOON, call=call()))
    assert held.id == entry(held, write="note").id


def test_an_interaction_keeps_its_id_and_its_source() -> None:
    """Two systems number their mails from 1."""
    made = entry(fed(interaction()), write="note")
    assert ("mail:m-1", WriteKind.NOTE, Channel.EMAIL) == (made.id, made.kind, made.channel)
    assert ("Pump leaks", "Since Monday.\nT-7", "open", "inbound") == (
        made.subject,
        made.note,
        made.disposition,
        made.direction,
    )
    assert "Since Monday. See T-7" == entry(fed(interaction(text="Since Monday. See T-7"))).note


def test_each_change_of_an_order_is_a_thing_of_its_own() -> None:
    """Shipped, and then delivered: the second is not the first once more."""
    customer = CustomerRef(phones=("+498912345678",))
    shipped = OrderChange(
        system="shop", customer=customer, order=Order(id="4711", status="shipped", description="Pump")
    )
    deleted = CaseChange(system="shop", customer=customer, case=Case(id="5"), change=ChangeKind.DELETED)
    made = entry(fed(shipped, event_id="e-7"), write="note")
    assert ("e-7", "Order 4711: shipped", "Pump") == (made.id, made.subject, made.note)
    assert "Case 5: deleted" == entry(fed(deleted), write="note").subject


def test_a_mapping_says_it_in_other_words(tmp_path: Path) -> None:
    """From the whole event; the id stays the hub's."""
    file = tmp_path / "calls.yaml"
    file.write_text(MAPPING)
    mapping = load_mapping(file)
    made = entry(cleared(variables={"REASON": "7"}, hangup_code=16), mapping, write="note")
    assert (
        WriteBack(
            id="main-1", kind=WriteKind.NOTE, subject="Call in support", note="7", phone="+498912345678", duration_s=16
        )
        == made
    )


def test_a_mapping_that_fails_names_the_field(tmp_path: Path) -> None:
    """The integrator reads which, and no value of the customer's."""
    file = tmp_path / "calls.yaml"
    file.write_text(MAPPING.replace("data.call.hangup_code", "data.call.queue"))
    with pytest.raises(NotMadeError) as raised:
        entry(cleared(), load_mapping(file))
    assert "duration_s" == raised.value.field
