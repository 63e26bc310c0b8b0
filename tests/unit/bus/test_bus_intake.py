"""A message from outside is understood or refused with the reason; nothing in between."""

import gzip
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.bus.intake import Intake, RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.event import Event
from hub.domain.inbound import InboundMessage, Transport
from hub.domain.interaction import Interaction
from hub.mapping.mapping import Mapping, load_mapping

MAPPING = """\
source: JSON
version: 1
target: interaction
fields:
  id: number
  channel: {const: order}
  at: time
  subject: text
  customer.emails: mail
"""
FEED = InboundFeed(mapping="feeds/order", max_bytes=100_000)
RECORD = {"number": "1", "time": "2026-03-01T10:00:00Z", "text": "Order", "mail": "a@example.com"}


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    """Give a small mapping."""
    file: Path = tmp_path_factory.mktemp("feeds") / "order.yaml"
    file.write_text(MAPPING)
    return load_mapping(file)


@pytest.fixture(scope="module")
def intake(mapping: Mapping) -> Intake:
    """Give the intake of the feed `shop`."""
    return Intake("shop", FEED, mapping, region="DE")


def event_of(intake: Intake, body: bytes, message_id: str | None) -> Event:
    """Return the one event of a message, or raise why there is none."""
    (part,) = intake.parts(InboundMessage(body=body, transport=Transport.QUEUE, id=message_id or ""))
    if isinstance(part.outcome, RefusedError):
        raise part.outcome
    return part.outcome


def test_ids_are_made_from_feed_and_message_id(intake: Intake, mapping: Mapping) -> None:
    """The same message of the same feed gives the same event id; another feed, id or (without id) body another."""
    body = msgspec.json.encode(RECORD)
    other_body = msgspec.json.encode({**RECORD, "number": "2"})
    other_feed = Intake("store", FEED, mapping, region="DE")
    ids = [
        event_of(intake, body, "m1").id,
        event_of(intake, body, "m2").id,
        event_of(intake, body, None).id,
        event_of(intake, other_body, None).id,
        event_of(other_feed, body, "m1").id,
    ]
    assert len(set(ids)) == 5
    assert ids[0] == event_of(intake, other_body, "m1").id
    assert ids[2] == event_of(intake, body, "").id


def test_a_byte_order_mark_is_no_reason_to_refuse(intake: Intake) -> None:
    """Windows systems put one before UTF-8."""
    event = event_of(intake, b"\xef\xbb\xbf" + msgspec.json.encode(RECORD), "m1")
    assert isinstance(event.data, Interaction)
    assert ("1", "shop", ("a@example.com",)) == (event.data.id, event.data.source, event.data.customer.emails)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b"<order/>", "not JSON"),
        (b" \n", "is empty"),
        ("{}".encode("utf-16-be"), "in UTF-16"),
        (gzip.compress(b"{}", mtime=0), "compressed with gzip"),
        (b'{"number": "\xff"}', "byte 13 is not utf-8"),
        (b"null", "no object"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper than 64"),
        (b"[" * 40_000, "nested deeper than 64"),
        (b"x" * 100_001, "has 100001 bytes, the limit is 100000"),
    ],
)
def test_what_is_no_record_is_refused(intake: Intake, body: bytes, reason: str) -> None:
    """Each refusal says what is wrong with the message."""
    with pytest.raises(RefusedError, match=reason):
        event_of(intake, body, "m1")


def test_a_refusal_names_the_field_and_holds_no_data(intake: Intake) -> None:
    """The mapping's own words go along, the customer's data don't."""
    body = msgspec.json.encode({**RECORD, "time": "the day Petra Vogt called"})
    with pytest.raises(RefusedError) as refusal:
        event_of(intake, body, "m1")
    assert refusal.value.field == "at"
    assert "Petra" not in refusal.value.reason


def test_depth_up_to_the_limit_is_taken(intake: Intake) -> None:
    """Sixty-four levels are allowed."""
    nested: object = 1
    for _ in range(62):
        nested = {"a": nested}
    assert isinstance(event_of(intake, msgspec.json.encode({**RECORD, "more": nested}), "m1"), Event)


def test_a_defect_in_a_mapping_costs_one_message(
    intake: Intake, mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is raised while a message is mapped, it is a refusal of that message."""

    def fail(*_args: object, **_named: object) -> Interaction:
        raise ZeroDivisionError

    monkeypatch.setattr(type(mapping), "run_feed", fail)
    with pytest.raises(RefusedError, match="the hub failed on it"):
        event_of(intake, msgspec.json.encode(RECORD), "m1")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.fixed_dictionaries(dict.fromkeys(RECORD, JSON_VALUES)).map(msgspec.json.encode))
def test_any_bytes_are_understood_or_refused(intake: Intake, body: bytes) -> None:
    """No message, however made, raises anything else, and what is understood can be stored."""
    try:
        event = event_of(intake, body, "m1")
    except RefusedError as refusal:
        assert refusal.reason  # noqa: PT017 - either outcome is right, a silent refusal is not
    else:
        assert msgspec.json.encode(event)


def test_numbers_keep_their_digits(intake: Intake) -> None:
    """12.10 in a message is 12.10 in the interaction, as in the cases beside the mapping."""
    event = event_of(
        intake, b'{"number": "1", "time": "2026-03-01T10:00:00Z", "text": 12.10, "mail": "a@b.example"}', "m1"
    )

    assert isinstance(event.data, Interaction)
    assert "12.10" == event.data.subject


def test_an_exponent_beyond_all_bounds_is_refused(intake: Intake) -> None:
    """A number that no Decimal holds costs this one message, not the feed."""
    with pytest.raises(RefusedError, match="exponent"):
        event_of(intake, b'{"number": 1e99999999999999999999}', "m1")


def test_a_message_does_not_grow_by_what_stands_around_its_records(mapping: Mapping) -> None:
    """A header of 200 KB goes along with each bad line: thousands of them would be gigabytes; it is kept whole."""
    body = b",".join(b"c%d%s" % (number, b"x" * 100) for number in range(1_900)) + b"\n" + b"1\n" * 5_000
    intake = Intake("shop", InboundFeed(mapping="feeds/order", format="csv"), mapping, region="DE")
    (part,) = intake.parts(InboundMessage(body=body, transport=Transport.HTTP))
    assert isinstance(part.outcome, RefusedError)
    assert ("", body) == (part.part, part.original)
    assert "send it in several" in part.outcome.reason
