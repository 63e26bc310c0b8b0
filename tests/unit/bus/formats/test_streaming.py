"""Files of any size are read in bounded memory, record by record."""

import tracemalloc
from collections.abc import Iterator
from io import RawIOBase
from itertools import chain, repeat
from typing import Any, BinaryIO, cast

import pytest

from hub.bus.formats.found import Found
from hub.bus.formats.readers import reader_of
from hub.bus.refusal import RefusedError
from tests.unit.bus.formats.reading import feed_of, message_of

RECORDS = 20_000
FILE_BYTES_AT_LEAST = 2_000_000
MOST_BYTES_HELD = 600_000
LAYOUT = {"fields": {"id": {"start": 1, "length": 10}, "name": {"start": 11, "length": 90}}}
TEXT = b"x" * 100
ONE: dict[str, bytes] = {
    "csv": b"1," + TEXT + b"\n",
    "json_lines": b'{"a": "' + TEXT + b'"}\n',
    "xml": b"<order><a>" + TEXT + b"</a></order>",
    "idoc": b"<IDOC><EDI_DC40><DOCNUM>1</DOCNUM></EDI_DC40><A>" + TEXT + b"</A></IDOC>",
    "fixed_width": TEXT + b"\n",
}


class Generated(RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, first: bytes, one: bytes, times: int, last: bytes) -> None:
        super().__init__()
        self._made: tuple[bytes, bytes, int, bytes] = (first, one, times, last)
        self._pieces: Iterator[bytes] = iter(())
        self._held = b""
        self.given = 0
        self.seek(0)

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, _whence: int = 0) -> int:
        first, one, times, last = self._made
        self._pieces = chain([first], repeat(one, times), [last])
        self._held, self.given = b"", 0
        self.read(offset)
        return offset

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "a file is not read as a whole"
        while len(self._held) < size and (piece := next(self._pieces, None)) is not None:
            self._held += piece
        return self._taken(size)

    def readline(self, size: int | None = -1) -> bytes:
        assert size is not None
        while b"\n" not in self._held and len(self._held) < size and (piece := next(self._pieces, None)) is not None:
            self._held += piece
        end = self._held.find(b"\n") + 1
        return self._taken(min(size, end or size))

    def _taken(self, size: int) -> bytes:
        taken, self._held = self._held[:size], self._held[size:]
        self.given += len(taken)
        return taken


def _around(form: str) -> tuple[bytes, bytes]:
    return {"csv": (b"id,name\n", b""), "xml": (b"<o>", b"</o>"), "idoc": (b"<D>", b"</D>")}.get(form, (b"", b""))


def _counted(file: Generated, form: str, **keys: Any) -> tuple[int, int]:
    """Read a file; return how many records there were, and the most bytes that were held at once."""
    layout: dict[str, Any] = {"fixed_width": LAYOUT} if form == "fixed_width" else {}
    where: dict[str, Any] = {"records": "order"} if form == "xml" else {}
    found = reader_of(feed_of(format=form, **layout, **where, **keys)).found_in(cast("BinaryIO", file), message_of(b""))
    first = [next(found)]  # what is imported and compiled once is not the file's
    tracemalloc.start()
    try:
        count = len(first) + sum(1 for _ in found)
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ONE)
def test_memory_does_not_grow_with_the_file(form: str) -> None:
    """Some buffers are held, whatever comes."""
    before, behind = _around(form)
    file = Generated(before, ONE[form], RECORDS, behind)

    count, held = _counted(file, form)

    assert RECORDS == count
    assert file.given > FILE_BYTES_AT_LEAST
    assert held < MOST_BYTES_HELD


@pytest.mark.parametrize(
    ("form", "one"),
    [
        ("csv", b'"' + TEXT),
        ("csv", TEXT),
        ("json_lines", b"{" + TEXT),
        ("fixed_width", TEXT),
        ("fixed_width", TEXT[:2]),
    ],
)
def test_a_line_without_an_end_is_not_held(form: str, one: bytes) -> None:
    """Of one that is longer than a record may be, the beginning is."""
    before, _ = _around(form)
    file = Generated(before + ONE[form], one, RECORDS, b"")

    count, held = _counted(file, form, max_bytes=10_000)

    assert 2 == count
    assert held < MOST_BYTES_HELD


@pytest.mark.parametrize("one", [b"<x><y>" + TEXT + b"</y></x>", TEXT, b"<!-- -->" + TEXT, b"<?x y?>\n"])
def test_what_is_no_record_is_not_held(one: bytes) -> None:
    """Elements, text and comments between the records of a file of XML."""
    file = Generated(b"<o><order/>", one, RECORDS, b"</o>")

    count, held = _counted(file, "xml")

    assert 1 == count
    assert held < MOST_BYTES_HELD


def test_a_record_without_an_end_is_not_held() -> None:
    """What is inside an element that is too large is read past; then the file breaks off."""
    file = Generated(b"<o><order/><order>", ONE["xml"], RECORDS, b"")

    count, held = _counted(file, "xml", max_bytes=10_000)

    assert 2 == count
    assert held < MOST_BYTES_HELD


def test_records_come_while_the_file_is_read() -> None:
    """The first is there long before the end was looked at."""
    for form, one in ONE.items():
        before, behind = _around(form)
        file = Generated(before, one, RECORDS, behind)
        layout: dict[str, Any] = {"fixed_width": LAYOUT} if form == "fixed_width" else {}
        feed = feed_of(format=form, **layout, **({"records": "order"} if form == "xml" else {}))

        found: Found = next(iter(reader_of(feed).found_in(cast("BinaryIO", file), message_of(b""))))

        assert not isinstance(found.record, RefusedError)
        assert file.given < 200_000
