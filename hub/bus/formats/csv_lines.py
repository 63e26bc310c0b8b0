"""CSV (RFC 4180, and what is called so): a header or given columns; a bad line is refused by itself."""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, BinaryIO, Final, Literal

from hub.bus.formats.found import Found
from hub.bus.formats.json_lines import too_long
from hub.bus.formats.lines import Line, Lines, is_blank
from hub.bus.refusal import RefusedError
from hub.config.inbound import CsvFormat, InboundFeed
from hub.domain.inbound import InboundMessage

MAX_LINES: Final = 1_000
"""Over so many lines a quoted text may go."""
MAX_COLUMNS: Final = 2_000
MAX_PREAMBLE_BYTES: Final = 256 * 1024
"""What stands before the first record goes along with each that is refused."""


class CsvReader:
    """Reads each line as a record of its columns."""

    def __init__(self, feed: InboundFeed) -> None:
        self._format = feed.csv
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError where the header is not what it should be."""
        return self.found_in(BytesIO(message.body), message)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError where the header is not what it should be."""
        lines = Lines(file, message, self._encoding, max_bytes=self._max_bytes)
        rows = _Rows(lines, self._format, self._max_bytes)
        preamble = lines.said.mark + rows.skip(self._format.skip_lines)
        columns: Sequence[str] = self._format.columns
        if self._format.header:
            header = next(rows, None)
            if header is None:
                return
            columns = self._header(header)
            preamble += header.raw
        if len(preamble) > MAX_PREAMBLE_BYTES:
            raise RefusedError(f"what stands before the first record has more than {MAX_PREAMBLE_BYTES} bytes")
        for row in rows:
            record = _record(row, columns)
            yield Found("", b"", record) if row.is_cut else Found(f"line {row.number}", preamble + row.raw, record)

    def _header(self, row: _Row) -> list[str]:
        if isinstance(row.fields, RefusedError):
            raise row.fields
        columns = [name.strip() for name in row.fields]
        if len(columns) > MAX_COLUMNS:
            raise RefusedError(f"the header has {len(columns)} columns, at most {MAX_COLUMNS} are read")
        twice = next((name for name, times in Counter(columns).items() if name and times > 1), None)
        if twice is not None:
            raise RefusedError(
                f"column {twice[:100]!r} stands twice in the header: name the columns with `columns`, `header: false` "
                "and `skip_lines`"
            )
        missing = [name for name in self._format.columns if name not in columns]
        if missing:
            shown = ", ".join(repr(name) for name in missing[:5])
            raise RefusedError(
                f"the header has no column {shown}: it has {len(columns)} columns, is the delimiter another?"
            )
        return columns


class _Row:
    """What stands in one or, where a quoted text goes over several, more lines."""

    __slots__ = ("fields", "is_cut", "number", "raw")

    def __init__(self, lines: Sequence[Line], fields: list[str] | RefusedError) -> None:
        self.number = lines[0].number
        self.raw = lines[0].raw if len(lines) == 1 else b"".join(line.raw for line in lines)
        self.is_cut = lines[0].cut
        self.fields = fields


class _Texts:
    """The lines' texts as the standard library's reader asks for them; it goes on after one that can't be given."""

    def __init__(self, lines: Lines, max_bytes: int) -> None:
        self._lines = lines
        self._source = iter(lines)
        self._max_bytes = max_bytes
        self._again: list[Line] = []
        self._bytes = 0
        self.taken: list[Line] = []

    def __iter__(self) -> _Texts:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._source)
        self.taken.append(line)
        self._bytes += len(line.raw)
        if line.cut or self._bytes > self._max_bytes or len(self.taken) > MAX_LINES:
            raise too_long(f"line {self.taken[0].number}", self._max_bytes)
        text = self._lines.text(line)
        if "\0" in text:
            raise RefusedError(
                f"line {line.number} holds NUL bytes: it is damaged, or in another encoding than the feed's `encoding`"
            )
        return text

    def begin(self) -> None:
        """Forget what was taken for the last row."""
        self.taken = []
        self._bytes = 0

    def give_back(self) -> None:
        """Have all lines but the first read again as lines of their own."""
        self._again += reversed(self.taken[1:])
        del self.taken[1:]


class _Rows:
    """Cuts lines into fields. A line with a quote that is never closed costs itself, not those behind it."""

    def __init__(self, lines: Lines, form: CsvFormat, max_bytes: int) -> None:
        self._texts = _Texts(lines, max_bytes)
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
        self._fields = csv.reader(
            self._texts, delimiter=form.delimiter, quotechar=form.quote, quoting=quoting, strict=True
        )

    def skip(self, lines: int) -> bytes:
        """Pass over that many lines, whatever stands in them, and return them."""
        self._texts.begin()
        for _ in range(lines):
            with contextlib.suppress(RefusedError, StopIteration):
                next(self._texts)
        return b"".join(line.raw for line in self._texts.taken)

    def __iter__(self) -> _Rows:
        return self

    def __next__(self) -> _Row:
        while True:
            self._texts.begin()
            fields: list[str] | RefusedError
            try:
                fields = next(self._fields)
            except RefusedError as refusal:
                fields = self._refused(refusal.reason)
            except csv.Error as error:
                fields = self._refused(f"line {self._texts.taken[0].number} {_in_words(str(error))}")
            if isinstance(fields, RefusedError) or not (len(fields) <= 1 and is_blank("".join(fields))):
                return _Row(self._texts.taken, fields)

    def _refused(self, reason: str) -> RefusedError:
        taken = self._texts.taken
        if len(taken) > 1:
            reason = (
                f"line {taken[0].number} opens a quote that is not closed as CSV wants it: a quote in a text has to be "
                "doubled"
            )
            self._texts.give_back()
        return RefusedError(reason)


def _in_words(error: str) -> str:
    """Return what the standard library's reader says, where that is for programmers, in words for a person."""
    if error.startswith("new-line"):
        return (
            "holds a carriage return outside quotes: do its lines end otherwise (with LF or CR LF they would be read), "
            "or is it no text?"
        )
    if error.startswith("field larger"):
        return f"has a field of more than {csv.field_size_limit()} characters: is a quote not closed?"
    return f"is no CSV: {error}"


def _record(row: _Row, columns: Sequence[str]) -> Any:
    fields = row.fields
    if isinstance(fields, RefusedError):
        return fields
    if len(fields) != len(columns):
        return RefusedError(
            f"it has {len(fields)} fields where {len(columns)} are expected, from {columns[0][:100]!r} "
            f"to {columns[-1][:100]!r}: is a delimiter or a quote missing, or one too many?"
        )
    return dict(zip(columns, fields, strict=True))
