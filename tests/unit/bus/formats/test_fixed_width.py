"""Fixed width: lines of an old program, records of a mainframe."""

import pytest

from hub.bus.refusal import RefusedError
from tests.unit.bus.formats.reading import feed_of, found_in, records

FIELDS = {"kind": {"start": 1, "length": 1}, "id": {"start": 2, "length": 4}, "name": {"start": 6, "length": 6}}


def test_lines_of_characters() -> None:
    """Blanks around a field go, leading zeros stay; a line whose last blanks were cut off is whole."""
    feed = feed_of(format="fixed_width", encoding="latin-1", fixed_width={"fields": FIELDS})

    found = found_in(feed, "D0042Jürgen\r\nD0043 Vogt\r\n\r\nD0044\n\x1a".encode("latin-1"))

    assert [
        {"kind": "D", "id": "0042", "name": "Jürgen"},
        {"kind": "D", "id": "0043", "name": "Vogt"},
        {"kind": "D", "id": "0044", "name": ""},
    ] == records(found)
    assert ["line 1", "line 2", "line 4"] == [one.part for one in found]
    assert b"D0043 Vogt\r\n" == found[1].original


def test_only_some_records_count() -> None:
    """Headers and totals are passed over without a word; what is neither they nor a record is told, and not lost."""
    section = {"fields": FIELDS, "only": {"kind": "D"}, "pass_over": {"kind": ["H", "T"]}}
    feed = feed_of(format="fixed_width", fixed_width=section)

    found = found_in(feed, b"H2026\nD0001a\n D0003c\nD0002b\nT0002\n")

    assert ["line 2", "line 3", "line 4"] == [one.part for one in found]
    assert ["0001", "0002"] == [found[place].record["id"] for place in (0, 2)]
    assert isinstance(found[1].record, RefusedError)
    assert "kind" == found[1].record.field
    assert "are the columns shifted" in found[1].record.reason
    assert b" D0003c\n" == found[1].original
    assert [] == found_in(feed, b"H2026\nT0000\n")


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("cp037", b"\x00\x12\x34\x5c\x0d\xff"),
        ("cp500", b"\xf0\xf0\x9f\x04\x7c\xf0"),
        ("latin-1", b"12\x00\x9c34"),
        ("utf-8", b"12\n345"),
    ],
)
def test_packed_and_binary_numbers_are_told(encoding: str, raw: bytes) -> None:
    """In EBCDIC any byte is a character, so that one in a text would be somebody's wrong name; other records pass."""
    section = {"fields": FIELDS, "record_length": 11}
    feed = feed_of(format="fixed_width", encoding=encoding, fixed_width=section)
    good, bad = ("D0042Vogt  ".encode(encoding), "D0043".encode(encoding) + raw)

    found = found_in(feed, good + bad + good)

    assert ["Vogt", "Vogt"] == [found[place].record["name"] for place in (0, 2)]
    assert isinstance(found[1].record, RefusedError)
    assert "name" == found[1].record.field
    assert "control characters stand in it" in found[1].record.reason
    assert bad == found[1].original


def test_a_header_may_hold_anything() -> None:
    """What is passed over need not have texts where records have them."""
    section = {"fields": FIELDS, "record_length": 11, "only": {"kind": "D"}, "pass_over": {"kind": ["H"]}}
    feed = feed_of(format="fixed_width", encoding="cp037", fixed_width=section)

    assert [] == found_in(feed, "H".encode("cp037") + bytes(range(1, 11)))


def test_records_are_none_by_all_that_is_named() -> None:
    """A record that has only one of the values to be passed over by is a record."""
    section = {"fields": FIELDS, "pass_over": {"kind": ["H"], "id": ["2026", "2027"]}}
    feed = feed_of(format="fixed_width", fixed_width=section)

    assert ["b"] == [one["name"] for one in records(found_in(feed, b"H2026a\nH0001b\nH2027c\n"))]


def test_places_may_be_bytes() -> None:
    """A character of Shift-JIS takes two of them; a field that cuts one in half is told."""
    section = {"fields": {"name": {"start": 1, "length": 6}, "id": {"start": 7, "length": 3}}, "unit": "bytes"}
    feed = feed_of(format="fixed_width", encoding="shift_jis", fixed_width=section)

    found = found_in(feed, "山田　123\n山a田山1\n".encode("shift_jis"))

    assert [
        {"name": "山田", "id": "123"},
        "byte 16 is not shift_jis, as which the feed's `encoding` gives it",
    ] == records(found)


def test_records_without_line_ends() -> None:
    """A mainframe's file is cut by length; what is left of a record at its end is told, blanks and zeros are not."""
    section = {"fields": FIELDS, "record_length": 11}
    feed = feed_of(format="fixed_width", encoding="cp037", fixed_width=section)
    two = "D0042GROß  D0043VOGT  ".encode("cp037")

    assert [["0042", "GROß"], ["0043", "VOGT"]] == [[one["id"], one["name"]] for one in records(found_in(feed, two))]
    assert 2 == len(found_in(feed, two + b"\x40\x15\0"))
    found = found_in(feed, two + "D00".encode("cp037"))
    assert "record 3" == found[-1].part
    assert "the last record has 3 of 11 bytes: was the file cut, or is record_length wrong?" == records(found)[-1]
    assert [{"kind": "D", "id": "0043", "name": "VOGT"}] == records(found_in(feed, found[1].original))


@pytest.mark.parametrize("end", ["\x85", "\n", "\r\x25".encode("latin-1").decode("latin-1")])
def test_lines_of_a_mainframe(end: str) -> None:
    """They end with NEL, or with a line feed."""
    feed = feed_of(format="fixed_width", encoding="cp037", fixed_width={"fields": FIELDS})
    ends = {"\x85": b"\x15", "\n": b"\x25"}.get(end, b"\x0d\x25")
    body = ends.join(text.encode("cp037") for text in ("D0001A", "D0002B"))

    assert ["A", "B"] == [one["name"] for one in records(found_in(feed, body))]


def test_an_endless_line_is_read_past() -> None:
    """In an encoding whose lines end otherwise, too."""
    for encoding in ("utf-8", "utf-16-le", "cp037"):
        feed = feed_of(format="fixed_width", encoding=encoding, max_bytes=1_024, fixed_width={"fields": FIELDS})
        body = "\n".join(("D0001A", "x" * 200_000, "D0002B")).encode(encoding)
        found = found_in(feed, body)
        assert ["line 1", "", "line 3"] == [one.part for one in found]
        assert isinstance(found[1].record, RefusedError)
        assert ["A", "B"] == [found[place].record["name"] for place in (0, 2)]
