"""A stored event as a message, read by the CloudEvents SDK."""

from __future__ import annotations

import pytest
from cloudevents.core.bindings.amqp import AMQPMessage, from_amqp_event

from hub.bus.envelope import Message, binary, packing, structured
from hub.domain.call import CallEvent
from hub.domain.event import decode_event, encode_event
from hub.domain.ports import StoredEvent
from tests.unit.journal import samples

EVENT = samples.step(samples.call(7))
TIME = "2026-03-01T12:07:00Z"


def _stored(body: bytes = b"") -> StoredEvent:
    return StoredEvent(
        position=3,
        type=EVENT.type,
        subject=EVENT.subject,
        partitionkey=EVENT.partitionkey,
        id=EVENT.id,
        time=TIME,
        source=EVENT.source,
        body=body or encode_event(EVENT).replace(b'"sequence":""', b'"sequence":"00000000000000000003"'),
    )


def _read(message: Message) -> dict[str, object]:
    """Read it as the SDK does: a header is an application property."""
    read = from_amqp_event(
        AMQPMessage(
            properties={"content-type": message.properties.content_type},
            application_properties=message.properties.headers,
            application_data=message.body,
        )
    )
    return {**read.get_attributes(), "data": read.get_data()}


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_the_sdk_reads_every_attribute(mode: str) -> None:
    """Both modes say the same: the attributes, the extensions, and the data."""
    message = packing("binary" if mode == "binary" else "structured")(_stored())
    said = _read(message)
    data = said.pop("data")
    assert {
        "specversion": "1.0",
        "id": EVENT.id,
        "type": "cti.call.queued",
        "source": "/pbx/main",
        "subject": "main-7",
        "time": EVENT.time,
        "partitionkey": "main-7",
        "sequence": "00000000000000000003",
        "dataschema": "urn:ctihub:schema:call:1",
        "datacontenttype": "application/json",
    } == said
    assert isinstance(EVENT.data, CallEvent)
    assert isinstance(data, dict)
    assert EVENT.data.call.id == data["call"]["id"]


@pytest.mark.parametrize("pack", [structured, binary])
def test_properties_are_those_of_a_message_that_is_kept(pack: object) -> None:
    """Persistent, with the id by which a consumer drops what comes twice."""
    assert callable(pack)
    properties = pack(_stored()).properties
    assert (2, EVENT.id, "cti.call.queued", 1772366820, "ctihub") == (
        properties.delivery_mode,
        properties.message_id,
        properties.type,
        properties.timestamp,
        properties.app_id,
    )


def test_binary_mode_has_the_data_alone_in_the_body() -> None:
    """The body is the data as it was stored, byte for byte."""
    body = _stored().body
    message = binary(_stored())
    assert "application/json" == message.properties.content_type
    assert b'"data":' + message.body + b"," in body


def test_an_event_of_an_older_journal_has_no_schema() -> None:
    """What was stored before there were schemas goes out as it is, and says of none."""
    old = _stored().body.replace(b',"dataschema":"urn:ctihub:schema:call:1"', b"")
    assert b"dataschema" not in old
    message = binary(_stored(old))
    assert "cloudEvents:dataschema" not in message.properties.headers
    assert "dataschema" not in _read(structured(_stored(old)))
    assert "urn:ctihub:schema:call:1" == decode_event(old).dataschema
