"""CSV as legacy systems write it."""

import pytest

from hub.bus.refusal import RefusedError
from tests.unit.bus.formats.reading import feed_of, found_in, records

HEADER = b"id;name;city\r\n"
FEED = feed_of(format="csv", csv={"delimiter": ";"})


def test_shifted_columns_cost_their_own_line() -> None:
    """A line with another number of fields is told with what was expected; those around it count."""
    body = HEADER + b"1;Vogt;Dresden\r\n2;Vogt;Petra;Bonn\r\n3;Hansen\r\n4;Lam;Kiel\r\n"

    expected = " where 3 are expected, from 'id' to 'city': is a delimiter or a quote missing, or one too many?"

    found = found_in(FEED, body)

    assert ["line 2", "line 3", "line 4", "line 5"] == [one.part for one in found]
    assert [
        {"id": "1", "name": "Vogt", "city": "Dresden"},
        "it has 4 fields" + expected,
        "it has 2 fields" + expected,
        {"id": "4", "name": "Lam", "city": "Kiel"},
    ] == records(found)
    assert HEADER + b"2;Vogt;Petra;Bonn\r\n" == found[1].original


def test_quoted_texts_hold_delimiters_quotes_and_line_breaks() -> None:
    """Lines are counted as an editor counts them."""
    body = HEADER + b'1;"Vogt; Petra";"a ""b""\r\nc\r\n"\r\n2;x;y\r\n'

    found = found_in(FEED, body)

    assert [
        {"id": "1", "name": "Vogt; Petra", "city": 'a "b"\r\nc\r\n'},
        {"id": "2", "name": "x", "city": "y"},
    ] == records(found)
    assert ["line 2", "line 5"] == [one.part for one in found]


def test_a_quote_that_is_not_closed_costs_its_own_line() -> None:
    """Those behind it are read as if it was not there."""
    body = HEADER + b'1;"Vogt;Dresden\r\n2;Lam;Kiel\r\n3;"Hansen";Bonn\r\n4;"a" b;c\r\n5;d;e'

    found = records(found_in(FEED, body))

    assert ["2", "3", "5"] == [one["id"] for one in found if isinstance(one, dict)]
    assert [True, False] == ["line 2 opens a quote that is not closed" in one for one in found if isinstance(one, str)]


def test_a_quote_within_a_text_is_a_quote() -> None:
    """A quote opens a text at its beginning alone: inches are none."""
    assert [{"id": "1", "name": '5" pipe', "city": "x"}] == records(found_in(FEED, HEADER + b'1;5" pipe;x\n'))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"1,a\r2,b\n", "line 2 holds a carriage return outside quotes: do its lines end otherwise"),
        (b"1," + b"x" * 150_000 + b"\n", "line 2 has a field of more than 131072 characters"),
        (b'1,"a"b\n', "line 2 is no CSV: ',' expected after '\"'"),
    ],
)
def test_what_the_reader_stumbles_on_is_said_to_a_person(line: bytes, words: str) -> None:
    """Not in words about how to open files; the line behind it is read."""
    found = found_in(feed_of(format="csv"), b"id,name\n" + line + b"3,c\n")

    assert isinstance(found[0].record, RefusedError)
    assert words in found[0].record.reason
    assert {"id": "3", "name": "c"} == found[-1].record


def test_columns_may_be_given() -> None:
    """Without a header line, behind lines that a report begins with, and with another quote or none."""
    section = {"header": False, "columns": ["a", "b"], "skip_lines": 2, "delimiter": "\t", "quote": None}
    feed = feed_of(format="csv", csv=section)

    found = found_in(feed, b'Report "1\n\xff\n1\t"x\n\n2\ty\n')

    assert [{"a": "1", "b": '"x'}, {"a": "2", "b": "y"}] == records(found)
    assert [{"a": "2", "b": "y"}] == records(found_in(feed, found[1].original))


@pytest.mark.parametrize(
    ("section", "body", "reason"),
    [
        ({}, b"id,name,id\n1,2,3\n", "column 'id' stands twice in the header"),
        ({"columns": ["id", "mail"]}, b"id,name\n1,2\n", "the header has no column 'mail': it has 2 columns"),
        (
            {"columns": ["id", "mail"]},
            b"id;mail\n1;2\n",
            "has no column 'id', 'mail': it has 1 columns, is the delimiter",
        ),
        ({}, b",".join(b"%d" % n for n in range(2_001)) + b"\n", "the header has 2001 columns"),
        ({}, b'"id\n1\n2\n', "opens a quote that is not closed"),
        ({}, b"\xff\n1\n", "byte 1 is not utf-8"),
        ({"skip_lines": 300}, b"x" * 1_000 + (b"\n" + b"x" * 1_000) * 400, "before the first record has more than"),
    ],
)
def test_a_header_that_does_not_fit_refuses_all(section: dict[str, object], body: bytes, reason: str) -> None:
    """Nothing can be said of the lines behind it."""
    with pytest.raises(RefusedError, match=reason):
        found_in(feed_of(format="csv", csv=section), body)


def test_a_header_alone_brings_nothing() -> None:
    """Nor does a file that ends as DOS ended them."""
    assert [] == found_in(FEED, HEADER)
    assert [] == found_in(FEED, HEADER + b"\r\n\x1a")


def test_an_endless_line_is_read_past() -> None:
    """Those behind it count; what it was is in the file."""
    feed = feed_of(format="csv", max_bytes=2_000)

    found = found_in(feed, b"id\n1\n" + b"x" * 300_000 + b"\n2\n")

    assert [
        {"id": "1"},
        "line 3 is longer than the 2000 bytes that a record may have (max_bytes)",
        {"id": "2"},
    ] == records(found)
    assert ("", b"") == (found[1].part, found[1].original)


def test_open_quotes_cost_no_more_than_what_they_hold() -> None:
    """Lines that each open a quote are each read again a bounded number of times."""
    body = b"id\n" + b'"a""\n' * 5_000

    found = found_in(feed_of(format="csv"), body)

    assert 5_000 == len(found)
    assert all(isinstance(one.record, RefusedError) for one in found)
