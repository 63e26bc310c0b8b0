"""Lines of a file or message, as bytes: where one ends depends on the encoding, and how long one is has a bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

from hub.bus.formats.text import LONGEST_MARK, Spoken, is_ebcdic, spoken, text_of
from hub.domain.inbound import InboundMessage

CHUNK_BYTES: Final = 64 * 1024
_WIDTHS: Final = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_DOS_END: Final = "\x1a"
"""Closes a text file of CP/M and DOS."""


class Line(NamedTuple):
    """One line with its end: its number from 1, the place of its first byte. One that is too long is `cut` short."""

    number: int
    offset: int
    raw: bytes
    cut: bool


class Lines:
    """The lines of a file (seekable, at its beginning), without the byte order mark; `said` is what it is in."""

    def __init__(self, file: BinaryIO, message: InboundMessage, encoding: str, *, max_bytes: int) -> None:
        self.said: Spoken = spoken(file.read(LONGEST_MARK), message.content_type, encoding)
        self._max_bytes = max_bytes
        file.seek(len(self.said.mark))
        self._ends, self._read_line = _line_reader(file, self.said.encoding)

    def __iter__(self) -> Iterator[Line]:
        limit, ends, read_line = self._max_bytes, self._ends, self._read_line
        number, offset = 0, len(self.said.mark)
        while raw := read_line(limit):
            number += 1
            size, more = len(raw), raw
            while more and not more.endswith(ends):
                # Of a line that is too long the beginning is enough to say so; the rest is read past.
                more = read_line(CHUNK_BYTES)
                size += len(more)
            yield Line(number, offset, raw, size > len(raw))
            offset += size

    def text(self, line: Line) -> str:
        """Decode a line, with its end. Raises RefusedError with the byte's place in the file."""
        return text_of(line.raw, self.said, at=line.offset)

    def bare(self, line: Line) -> bytes:
        """Return a line without its end."""
        raw = line.raw
        for end in self._ends:
            if raw.endswith(end):
                raw = raw[: -len(end)]
                break
        carriage_return = "\r".encode(self.said.encoding)
        return raw.removesuffix(carriage_return)


def is_blank(text: str) -> bool:
    """Whether nothing stands in a line."""
    return not text.strip() or text.strip() == _DOS_END


def _line_reader(file: BinaryIO, encoding: str) -> tuple[tuple[bytes, ...], Callable[[int], bytes]]:
    if encoding in _WIDTHS:
        return ("\n".encode(encoding),), _OtherLines(file, "\n".encode(encoding), _WIDTHS[encoding]).read_line
    if is_ebcdic(encoding):
        return (b"\x15", b"\x25"), _OtherLines(file, None, 1).read_line
    # In all others a line feed is this byte, and no part of another character.
    return (b"\n",), file.readline


class _OtherLines:
    """Reads lines that do not end with the byte 0x0A."""

    def __init__(self, file: BinaryIO, end: bytes | None, width: int) -> None:
        self._file = file
        self._end = re.compile(rb"[\x15\x25]" if end is None else re.escape(end))
        self._width = width
        self._buffer = bytearray()

    def read_line(self, limit: int) -> bytes:
        """Return the next line with its end, or as much as `limit` bytes of it; nothing at the end of the file."""
        limit -= limit % self._width
        searched = 0
        while True:
            stop = self._stop(searched)
            if stop is not None or len(self._buffer) >= limit:
                break
            searched = len(self._buffer) - len(self._buffer) % self._width
            chunk = self._file.read(CHUNK_BYTES)
            if not chunk:
                break
            self._buffer += chunk
        taken = bytes(self._buffer[: min(limit, len(self._buffer) if stop is None else stop)])
        del self._buffer[: len(taken)]
        return taken

    def _stop(self, start: int) -> int | None:
        for found in self._end.finditer(self._buffer, start):
            if found.start() % self._width == 0:
                return found.end()
        return None
