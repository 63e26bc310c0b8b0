"""From the bytes of a file to its records; what can't be read is left out and told with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from connectors.base import ConnectorError
from hub.config.csv_file import CsvConnector as CsvConfig
from hub.domain.customer import Problem

MAX_BROKEN = 1_000
_UNREADABLE = "\ufffd"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Broken(NamedTuple):
    line: int
    reason: str


class Records(NamedTuple):
    """`ends_open`: the last record is not whole, as in a file that is still being written."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    broken: list[Broken]
    ends_open: bool


def read_records(content: bytes, config: CsvConfig) -> Records:
    """Read a file's records. Raises ConnectorError for a file that is no such table."""
    text, is_doubtful = _decoded(content, config.encoding)
    lines = list(io.StringIO(text, newline=""))
    reader = _Reader(config, is_doubtful)
    for record in _records(lines, config):
        reader.take(*record)
    if not reader.header:
        raise ConnectorError(Problem.MALFORMED, "is empty: there is not even a row with the columns' names")
    if reader.broken and not reader.rows:
        raise ConnectorError(Problem.MALFORMED, f"holds no row that can be read: {_first(reader.broken)}")
    ends_open = reader.last_is_broken and not lines[-1].endswith(("\n", "\r"))
    return Records(reader.header, reader.rows, reader.broken, ends_open)


class _Reader:
    """Takes one record after the other: the header, rows, and broken ones."""

    def __init__(self, config: CsvConfig, is_doubtful: bool) -> None:
        self.header: tuple[str, ...] = config.columns
        self.rows: list[tuple[str, ...]] = []
        self.broken: list[Broken] = []
        self.last_is_broken = False
        self._config = config
        self._is_doubtful = is_doubtful

    def take(self, line: int, cells: list[str], reason: str) -> None:
        """Take what begins in a line. Raises ConnectorError when there is too much, good or bad."""
        if not cells and not reason:
            return  # an empty line
        if not self.header and not reason:
            self.header = _header(cells)
            return
        reason = reason or self._fault(cells)
        self.last_is_broken = bool(reason)
        if reason:
            self.broken.append(Broken(line, reason))
        else:
            self.rows.append(tuple(cells))
        if len(self.broken) > MAX_BROKEN:
            message = f"holds more than {MAX_BROKEN} rows that can't be read: {_first(self.broken)}"
            raise ConnectorError(Problem.MALFORMED, message)
        if len(self.rows) > self._config.limits.rows:
            message = f"has more than {self._config.limits.rows} rows: raise `limits: {{rows: ..}}`"
            raise ConnectorError(Problem.TOO_LARGE, message)

    def _fault(self, cells: list[str]) -> str:
        if len(cells) != len(self.header):
            return f"{len(cells)} values for {len(self.header)} columns"
        if self._is_doubtful and any(_UNREADABLE in cell for cell in cells):
            return f"bytes that are not {self._config.encoding}"
        return ""


def _first(broken: list[Broken]) -> str:
    return (
        f"the first is in line {broken[0].line} ({broken[0].reason}); correct `delimiter`, `quote`, `encoding` or "
        "`columns`"
    )


def _decoded(content: bytes, encoding: str) -> tuple[str, bool]:
    """Return the text, and whether it has places that could not be read."""
    # A mark of UTF-8's at the begin is no part of the first column's name.
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    if codec == "utf-8-sig" and content.startswith(_UTF16):
        raise ConnectorError(Problem.MALFORMED, "is UTF-16, not UTF-8: say `encoding: utf-16`")
    try:
        return content.decode(codec), False
    except UnicodeError:
        return content.decode(codec, "replace"), True


def _header(cells: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    twice = next((name for index, name in enumerate(names) if name and name in names[:index]), None)
    if twice is not None:
        raise ConnectorError(Problem.MALFORMED, f"has two columns named {twice!r}: rename one, or give `columns`")
    return names


class _Lines:
    """Hands out lines from a place on, and knows how far it has come."""

    def __init__(self, lines: list[str], begin: int) -> None:
        self._lines = lines
        self.next = begin

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.next >= len(self._lines):
            raise StopIteration
        self.next += 1
        return self._lines[self.next - 1]


def _records(lines: list[str], config: CsvConfig) -> Iterator[tuple[int, list[str], str]]:
    """Yield each record's first line (from 1), cells, and what is wrong with it.

    After a record that can't be read, whose open quote may have swallowed others, reading goes on in its second line.
    """
    begin = 0
    while begin < len(lines):
        source = _Lines(lines, begin)
        reader = csv.reader(
            source,
            delimiter=config.delimiter,
            quotechar=config.quote or None,
            quoting=csv.QUOTE_MINIMAL if config.quote else csv.QUOTE_NONE,
            strict=True,
        )
        try:
            for cells in reader:
                yield begin + 1, cells, ""
                begin = source.next
        except csv.Error as error:
            yield begin + 1, [], _words(error)
            begin += 1


def _words(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end" in said:
        return "a quote is not closed"
    if "field larger" in said:
        return "a value that is too long, or a quote that is not closed"
    if "expected after" in said:
        return "a quote stands inside a value that is in quotes: it must be doubled"
    return said
