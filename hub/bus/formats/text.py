"""In which encoding a message is, and what it says in it.

A byte order mark counts most, then the charset of the Content-Type, then an XML declaration (RFC 7303, 3), then the
feed's `encoding`: who sends a message says best what it is in; the feed's is for those that say nothing.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hub.bus.refusal import RefusedError
from hub.domain.encodings import wire_encoding

_MARKS: Final = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x84\x31\x95\x33", "gb18030"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
)
LONGEST_MARK: Final = 4
_FEED: Final = "the feed's `encoding`"
# Without a byte order mark: Windows' order, and no mark before each record that is written again.
_UNMARKED: Final = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
_CHARSET: Final = re.compile(r""";\s*charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)


class Spoken(NamedTuple):
    """An encoding, who says so, and the byte order mark that stands first."""

    encoding: str
    said_by: str
    mark: bytes = b""

    @property
    def is_assumed(self) -> bool:
        """Whether the message itself says nothing of it."""
        return self.said_by == _FEED

    def encoded(self, body: bytes) -> bytes:
        """Return what was decoded to UTF-8 as it would come."""
        if self.encoding in {"utf-8", "ascii"}:
            return self.mark + body
        return self.mark + body.decode(errors="replace").encode(self.encoding, errors="replace")


def spoken(start: bytes, content_type: str, encoding: str) -> Spoken:
    """Return what a message that begins with `start` is in. Raises RefusedError for a charset that nobody knows."""
    for mark, marked in _MARKS:
        if start.startswith(mark):
            return Spoken(marked, "its byte order mark", mark)
    named = _CHARSET.search(content_type)
    if named is None:
        return Spoken(_UNMARKED.get(encoding, encoding), _FEED)
    return Spoken(known_encoding(named[1], "its Content-Type"), "its Content-Type")


def known_encoding(name: str, said_by: str) -> str:
    """Return an encoding that a message names. Raises RefusedError if there is none of that name."""
    try:
        encoding = wire_encoding(name)
    except LookupError:
        raise RefusedError(f"{said_by} names an encoding that is not known: {name[:20]!r}") from None
    return _UNMARKED.get(encoding, encoding)


def text_of(body: bytes, said: Spoken, *, at: int = 0) -> str:
    """Decode what stands behind the mark. Raises RefusedError with the byte's place, counted from 1.

    `at` is where in the whole message or file `body` begins.
    """
    try:
        text = body.decode(said.encoding)
    except UnicodeDecodeError as error:
        raise not_in(said, at + error.start) from None
    return text.replace("\x85", "\n") if is_ebcdic(said.encoding) else text


UTF_8: Final = Spoken("utf-8", _FEED)


def not_in(said: Spoken, offset: int) -> RefusedError:
    """Return the refusal of a byte that the encoding has not."""
    return RefusedError(f"byte {offset + 1} is not {said.encoding}, as which {said.said_by} gives it")


def is_ebcdic(encoding: str) -> bool:
    """Whether it is one of the mainframes' encodings, in which lines end with NEL (0x15)."""
    try:
        return b"\x15\x81".decode(encoding) == "\x85a"
    except UnicodeDecodeError:
        return False
