"""CloudEvents 1.0 in their three modes, made by the SDK where it makes them."""

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings import amqp, http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from hub.bus.formats.readers import reader_of
from hub.bus.refusal import RefusedError
from hub.domain.inbound import InboundMessage, Transport
from tests.unit.bus.formats.reading import feed_of, found_in, records

FEED = feed_of(format="cloudevents")
EVENT = {
    "id": "4711",
    "source": "/shop/Köln",
    "type": "com.example.order",
    "specversion": "1.0",
    "subject": "C-9",
    "tenant": "eu",
}
DATA = {"total": "12.10"}


def sdk_event(**more: Any) -> CloudEvent:
    """Return an event of the SDK."""
    return CloudEvent({**EVENT, "time": datetime(2026, 11, 21, 8, tzinfo=UTC), **more}, DATA)


def test_structured() -> None:
    """One event in JSON; it is known by source and id."""
    made = http.to_structured(sdk_event(), JSONFormat())

    (found,) = found_in(FEED, made.body, made.headers["content-type"])

    assert {**EVENT, "time": "2026-11-21T08:00:00Z", "data": DATA}.items() <= found.record.items()
    assert "/shop/Köln\n4711" == found.known_by


def test_binary_over_http() -> None:
    """The attributes stand in headers, those that are no ASCII percent-encoded; the record is the same."""
    made = http.to_binary(sdk_event(datacontenttype="application/json"), JSONFormat())
    headers = {name.lower(): value for name, value in made.headers.items()}
    content_type = headers.pop("content-type")

    (found,) = found_in(FEED, made.body, content_type, **headers)

    assert {**EVENT, "data": DATA, "datacontenttype": "application/json"}.items() <= found.record.items()
    assert ("/shop/Köln\n4711", made.body) == (found.known_by, found.original)


@pytest.mark.parametrize("prefix", ["cloudEvents:", "cloudEvents_"])
def test_binary_over_amqp(prefix: str) -> None:
    """Both prefixes that the AMQP binding allows, in whatever case a header comes, and a time in milliseconds."""
    made = amqp.to_binary(sdk_event(datacontenttype="application/json"), JSONFormat())
    headers = {
        name.replace("cloudEvents_", prefix).lower(): str(value) for name, value in made.application_properties.items()
    }

    message = InboundMessage(
        body=made.application_data, transport=Transport.QUEUE, content_type="application/json", headers=headers
    )
    found: Any = next(reader_of(FEED).found(message))

    assert {**EVENT, "data": DATA}.items() <= found.record.items()
    assert "2026-11-21T08:00:00+00:00" == found.record["time"]


def test_a_batch_is_several_each_by_itself() -> None:
    """One from the future costs itself."""
    events = [{**EVENT, "data": 1}, {**EVENT, "specversion": "2.0"}, {**EVENT, "id": "4712", "data": 2}, "x"]

    found = found_in(FEED, msgspec.json.encode(events), "application/cloudevents-batch+json")

    assert ["record 1", "record 2", "record 3", "record 4"] == [one.part for one in found]
    assert [1, 2] == [one["data"] for one in records(found) if isinstance(one, dict)]
    assert [
        "it is of CloudEvents '2.0', the hub knows 1.0",
        "it is no CloudEvent, which is an object",
    ] == [one for one in records(found) if isinstance(one, str)]
    assert msgspec.json.encode(events[1]) == found[1].original


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "has no `id`"),
        ({"id": ""}, "has no `id`"),
        ({"id": 5}, "attribute 'id' is missing, empty or no text"),
        ({"source": None}, "attribute 'source' is missing"),
        ({"type": None}, "attribute 'type' is missing"),
        ({"specversion": None}, "has no `specversion`"),
        ({"specversion": "1.1"}, "is of CloudEvents '1.1', the hub knows 1.0"),
        ({"specversion": "0.3"}, "is of CloudEvents '0.3', the hub knows 1.0"),
        ({"time": "yesterday"}, "attribute 'time' is no time with a zone"),
        ({"time": "2026-11-21T08:00:00"}, "attribute 'time' is no time with a zone"),
        (
            {"dataschema": "https://example.com/order/3"},
            "a schema that the feed does not know: 'https://example.com/order/3'",
        ),
        ({"data_base64": "%%"}, "`data_base64` is no base64"),
        ({"datacontenttype": "application/xml", "data": "<a>"}, "the CloudEvent's data is no XML"),
    ],
)
def test_what_is_no_event_or_from_the_future_is_refused(change: dict[str, Any], reason: str) -> None:
    """In words, without the data."""
    feed = feed_of(format="cloudevents", schemas=["https://example.com/order/1", "https://example.com/order/2"])

    (said,) = records(found_in(feed, msgspec.json.encode({**EVENT, **change})))

    assert reason in said


def test_a_known_schema_and_none_are_taken() -> None:
    """`schemas` says which the mapping knows; an event that names none is taken as it is."""
    feed = feed_of(format="cloudevents", schemas=["https://example.com/order/1"])

    for change in ({"dataschema": "https://example.com/order/1"}, {}):
        assert isinstance(found_in(feed, msgspec.json.encode({**EVENT, **change}))[0].record, dict)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"data": {"a": 1}}, {"a": 1}),
        ({"data_base64": base64.b64encode(b'{"a": 1}').decode()}, {"a": 1}),
        ({"datacontenttype": "text/xml", "data": "<x><a>1</a></x>"}, {"a": "1"}),
        (
            {
                "datacontenttype": "text/xml; charset=gbk",
                "data_base64": base64.b64encode("<x><a>张</a></x>".encode("gbk")).decode(),
            },
            {"a": "张"},
        ),
        ({"datacontenttype": "text/plain", "data": "a"}, "a"),
        ({"datacontenttype": "text/plain", "data_base64": base64.b64encode(b"a").decode()}, "a"),
        ({"datacontenttype": "image/png", "data_base64": base64.b64encode(b"\x89").decode()}, None),
        ({"data": None}, None),
    ],
)
def test_data_is_read_by_its_type(data: dict[str, Any], expected: Any) -> None:
    """JSON and XML as anywhere else; of pictures nothing is left."""
    (found,) = found_in(FEED, msgspec.json.encode({**EVENT, **data}), "application/cloudevents+json; charset=utf-8")

    assert expected == found.record.get("data")


def test_other_formats_of_events_are_named() -> None:
    """Avro and protobuf are none that the hub reads."""
    with pytest.raises(RefusedError, match=r"understood in JSON, not as application/cloudevents\+avro"):
        found_in(FEED, b"x", "application/cloudevents+avro")
