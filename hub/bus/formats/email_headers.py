"""Header fields of mails (RFC 5322): bounded, decoded from encoded words (RFC 2047), addresses taken apart.

The standard library's own parser of structured fields takes time that grows with the square of a field's length, and
its parser of bodies with the depth of their nesting: here the one gets fields of bounded length, the other nothing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, Final

from hub.bus.formats.email_text import decoded
from hub.domain.phone import clean_text

MAX_BLOCK: Final = 256 * 1024
MAX_FIELDS: Final = 1_000
MAX_FIELD: Final = 32 * 1024
MAX_PARAMETERS: Final = 4_000
MAX_ADDRESSES: Final = 100
MAX_ADDRESS: Final = 320
MAX_NAME: Final = 200
MAX_SUBJECT: Final = 1_000
MAX_ID: Final = 500
MAX_REFERENCES: Final = 50
FUTURE: Final = timedelta(days=1)
"""A mail that is dated later than this after it came was not written then: clocks are off by hours at most."""

_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=")
_ADDRESS: Final = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>(),;:\"\\]+")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,498}>")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")


class Fields:
    """The header fields of a mail or of a part of one; of those with one name all are kept, in their order."""

    def __init__(self, block: bytes) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in _unfolded(block):
            self._values.setdefault(name, []).append(value)
        self._content = Message()
        for name in ("content-type", "content-disposition"):
            if raw := self.raw(name):
                self._content[name] = raw[:MAX_PARAMETERS]
        self.type = self._content.get_content_type()
        self.charset = self._parameter("charset")

    def raw(self, name: str) -> str:
        """Return the first field of that name, undecoded; "" if there is none."""
        values = self._values.get(name)
        return decoded(values[0], "").replace("\0", "") if values else ""

    def text(self, name: str, limit: int = MAX_SUBJECT) -> str:
        """Return the first field of that name for people to read."""
        values = self._values.get(name)
        return clean_text(words_decoded(decoded(values[0], self.charset)), limit) if values else ""

    def addresses(self, name: str) -> list[dict[str, str]]:
        """Return the mailboxes of all fields of that name; what is no address is left out."""
        found: dict[str, dict[str, str]] = {}
        room = MAX_FIELD
        for value in self._values.get(name, ()):
            room -= len(value)
            if room < 0:
                break
            for shown, address in _pairs(decoded(value, self.charset)):
                if len(address) <= MAX_ADDRESS and _ADDRESS.fullmatch(address) and len(found) < MAX_ADDRESSES:
                    mailbox = {"address": address, "name": clean_text(words_decoded(shown), MAX_NAME)}
                    found.setdefault(address.lower(), mailbox)
        return list(found.values())

    def ids(self, name: str) -> list[str]:
        """Return the message ids in the first field of that name, with their brackets."""
        return _MESSAGE_ID.findall(self.raw(name))[-MAX_REFERENCES:]

    def message_id(self) -> str:
        """Return the mail's own id; what some senders write without brackets counts, too."""
        ids = self.ids("message-id")
        return ids[0] if ids else clean_text(self.raw("message-id"), MAX_ID)

    def date(self, received: datetime | None) -> datetime | None:
        """Return when the mail was written, as its sender says and nobody could know better; else `received`."""
        try:
            written = parsedate_to_datetime(self.raw("date")[:200])
            # Without a zone, as with -0000, it is UTC (RFC 5322, 3.3).
            written = (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            return received
        return written if written <= (received or datetime.now(UTC)) + FUTURE else received

    @property
    def boundary(self) -> bytes:
        """What separates the parts of a multipart; b"" where nothing does."""
        return self._parameter("boundary").rstrip()[:200].encode("utf-8", "replace")

    @property
    def is_flowed(self) -> bool:
        return self._parameter("format").lower() == "flowed"

    @property
    def deletes_space(self) -> bool:
        return self._parameter("delsp").lower() == "yes"

    @property
    def is_attachment(self) -> bool:
        return self._content.get_content_disposition() == "attachment"

    @property
    def file_name(self) -> str:
        """The name that a part is to be kept under, without a path; "" if it has none."""
        try:
            name = self._content.get_filename() or ""
        except (ValueError, LookupError, TypeError, IndexError):  # an encoding (RFC 2231) that nobody knows
            return ""
        return clean_text(re.split(r"[/\\]", words_decoded(name))[-1], MAX_NAME)

    @property
    def transfer_encoding(self) -> str:
        return self.raw("content-transfer-encoding").strip().lower()[:40]

    def _parameter(self, name: str) -> str:
        try:
            value: Any = self._content.get_param(name, "")
        except (ValueError, LookupError, TypeError, IndexError):
            return ""
        text = value[2] if isinstance(value, tuple) else value  # RFC 2231: charset, language, value
        return str(text)[:200]


def split_mail(body: bytes) -> tuple[bytes, bytes]:
    """Return the header block and what follows the first empty line; lines have to end with LF."""
    if body.startswith(b"\n"):
        return b"", body[1:]
    end = body.find(b"\n\n")
    if end < 0:
        return body, b""
    return body[:end], body[end + 2 :]


def words_decoded(text: str) -> str:
    """Decode the encoded words in a field; those next to each other may share one character."""
    made: list[str] = []
    pending, charset, end = b"", "", 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        is_next = bool(charset) and not between.strip()
        named = match[1].partition("*")[0].lower()  # RFC 2231: a language may follow
        if not is_next or named != charset:
            made.append(decoded(pending, charset))
            pending = b""
            made.append("" if is_next else between)
        pending += _word_bytes(match[2], match[3])
        charset, end = named, match.end()
    return "".join([*made, decoded(pending, charset), text[end:]])


def from_base64(data: bytes) -> bytes:
    """Decode base64 as far as it is some."""
    clean = _NOT_BASE64.sub(b"", data)
    return binascii.a2b_base64(clean[: len(clean) // 4 * 4] + _last_group(clean))


def _last_group(clean: bytes) -> bytes:
    rest = clean[len(clean) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _word_bytes(kind: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    return from_base64(raw) if kind in "bB" else binascii.a2b_qp(raw, header=True)


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])[:MAX_ADDRESSES]
    except (RecursionError, ValueError, IndexError, TypeError):
        return []  # comments in comments in comments


def _unfolded(block: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield names in lower case and values; a line that is no field ends none and begins none."""
    name, parts, size, fields = "", [b""], 0, 0
    for line in block[:MAX_BLOCK].split(b"\n"):
        if line[:1] in {b" ", b"\t"}:
            size += len(line)
            if size < MAX_FIELD:
                parts.append(line)
            continue
        if name:
            yield name, b"".join(parts).strip()
            fields += 1
            if fields >= MAX_FIELDS:
                return
        before, colon, value = line.partition(b":")
        name = before.strip().lower().decode("ascii", "replace") if colon and len(before) <= MAX_NAME else ""
        parts, size = [value[: MAX_FIELD - 1]], len(value)
    if name:
        yield name, b"".join(parts).strip()
