import json
import uuid
from datetime import UTC, datetime

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Direction
from hub.domain.customer import CustomerContext
from hub.domain.event import (
    ConnectorStatus,
    Event,
    EventType,
    call_event,
    connector_event,
    context_event,
    decode_event,
    encode_event,
    interaction_event,
    new_id,
)
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import parse_number

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CALL = Call(
    id="main-1", pbx="main", direction=Direction.INBOUND, started_at=NOW, caller=parse_number("+498912345678", "DE")
)
EVENTS = [
    call_event(CallEvent(kind=CallEventKind.CLEARED, time=NOW, call=CALL, cause=Cause.NORMAL_CLEARING)),
    interaction_event(
        Interaction(
            id="m1", channel=Channel.EMAIL, at=NOW, subject="Grüße", customer=CustomerRef(emails=("Maria@Example.com",))
        ),
        feed="mail",
    ),
    context_event(CustomerContext(call_id="main-1", phone=CALL.caller), pbx="main"),
    connector_event(ConnectorStatus(connector="sap", reason="down"), up=False),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event.type))
def test_event_comes_back_as_it_was(event: Event) -> None:
    """Encoding and decoding an event of each type loses nothing."""
    assert event == decode_event(encode_event(event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event.type))
def test_wire_form_is_a_cloudevent(event: Event) -> None:
    """The CloudEvents project's own reader accepts the bytes and finds the attributes."""
    read = JSONFormat().read(CloudEvent, encode_event(event))
    assert (event.id, event.type.value, event.source, event.subject) == (
        read.get_id(), read.get_type(), read.get_source(), read.get_subject(),
    )  # fmt: skip
    assert event.partitionkey == read.get_extension("partitionkey")
    assert event.time == read.get_time()


def test_names_that_consumers_depend_on() -> None:
    """Type, source and subject are as the architecture promises them."""
    assert ("cti.call.cleared", "/pbx/main", "main-1") == (EVENTS[0].type.value, EVENTS[0].source, EVENTS[0].subject)
    assert ("cti.interaction.recorded", "/feed/mail", "mailto:maria@example.com") == (
        EVENTS[1].type.value, EVENTS[1].source, EVENTS[1].subject,
    )  # fmt: skip


def test_every_step_of_a_call_has_its_event_type() -> None:
    """No kind of step is left without a name on the bus."""
    for kind in CallEventKind:
        assert EventType(f"cti.call.{kind}") == call_event(CallEvent(kind=kind, time=NOW, call=CALL)).type


def test_damaged_event_is_refused_with_its_field() -> None:
    """A body that does not fit names the field."""
    body = json.loads(encode_event(EVENTS[0]))
    body["data"]["call"]["started_at"] = "yesterday"
    with pytest.raises(msgspec.ValidationError, match=r"call\.started_at"):
        decode_event(json.dumps(body).encode())


def test_ids_are_uuid7_in_order() -> None:
    """Ids are version 7, unique, and sort by creation even within a millisecond."""
    made = [new_id() for _ in range(10_000)]
    assert sorted(set(made)) == made
    assert {7} == {uuid.UUID(text).version for text in made}
