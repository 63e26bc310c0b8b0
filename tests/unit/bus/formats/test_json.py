"""JSON as a list of records, and JSON lines."""

from decimal import Decimal

import pytest

from hub.bus.refusal import RefusedError
from tests.unit.bus.formats.reading import feed_of, found_in, found_in_file, records


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("$", b' [{"a": 1.10}, {"b": 2}] '),
        ("data", b'{"n": 1, "data": [{"a": 1.10}, {"b": 2}]}'),
        ("data.items", b'{"data": {"items": [{"a": 1.10}, {"b": 2}], "more": [1]}}'),
        ('"my data".x', b'{"my data": {"x": [{"a": 1.10}, {"b": 2}]}}'),
    ],
)
def test_records_of_a_list(where: str, body: bytes) -> None:
    """Each with its own bytes, which are found again by the same feed."""
    feed = feed_of(records=where)

    found = found_in(feed, body)

    assert [{"a": Decimal("1.10")}, {"b": 2}] == records(found)
    assert ["record 1", "record 2"] == [one.part for one in found]
    assert [{"a": Decimal("1.10")}] == records(found_in(feed, found[0].original))
    assert b'{"a": 1.10}' in found[0].original


def test_one_record_where_a_list_could_be() -> None:
    """Some systems leave the list out when there is one."""
    assert [{"a": 1}] == records(found_in(feed_of(records="data"), b'{"data": {"a": 1}}'))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"date": []}', "nothing stands at data.items, or no list"),
        (b'{"data": {"items": 5}}', "nothing stands at data.items, or no list"),
        (b"[]", "nothing stands at data.items, or no list"),
        (b'{"data": {"items": [1,', "is not JSON"),
        (b'{"data": {"items": [{"a": ' + b"[" * 200_000, "nested deeper than 64 levels"),
    ],
)
def test_no_list_at_the_place_refuses_all(body: bytes, reason: str) -> None:
    """Or a mistake in `records` would make all messages vanish."""
    with pytest.raises(RefusedError, match=reason):
        found_in(feed_of(records="data.items"), body)


def test_an_empty_list_has_no_records() -> None:
    """Nothing changed today."""
    assert [] == found_in(feed_of(records="$"), b"[]")


def test_a_bad_record_costs_itself() -> None:
    """Deep, or with a number that nothing holds."""
    body = b'[{"a": 1}, {"a": 1e99999999999999999999}, ' + b'{"a":' * 65 + b"1" + b"}" * 65 + b', {"a": 4}]'

    found = records(found_in(feed_of(records="$"), body))

    assert [{"a": 1}, {"a": 4}] == [found[0], found[3]]
    assert "the message holds a number whose exponent is too large" == found[1]
    assert "the message is nested deeper than 64 levels" == found[2]


def test_a_file_of_one_document_has_a_messages_bound() -> None:
    """It has to be held as a whole; lines don't."""
    assert [{"a": 1}] == records(found_in_file(feed_of(max_bytes=2_000), b'{"a": 1}'))
    with pytest.raises(RefusedError, match="more than 2000 bytes, which is the most for JSON as one document"):
        found_in_file(feed_of(max_bytes=2_000), b'{"a": 1}' + b" " * 2_000)
    assert 1_000 == len(found_in_file(feed_of(format="json_lines", max_bytes=2_000), b'{"a": 1}\n' * 1_000))


def test_lines() -> None:
    """Each is a record; a bad one costs itself, empty ones are none, the last may have no end."""
    found = found_in(feed_of(format="json_lines"), b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": 2\n{"a": 3}')

    assert ["line 1", "line 3", "line 4"] == [one.part for one in found]
    assert [{"a": 1}, "the message is not JSON: Input data was truncated", {"a": 3}] == records(found)
    assert [{"a": 1}] == records(found_in(feed_of(format="json_lines"), found[0].original))


@pytest.mark.parametrize("content_type", ["application/json; CHARSET=gbk", 'text/json;charset="gb18030"'])
def test_a_charset_counts_in_any_spelling(content_type: str) -> None:
    """Though most JSON is UTF-8."""
    assert [{"name": "张"}] == records(found_in(feed_of(), '{"name": "张"}'.encode("gbk"), content_type))
