"""JSON: a document that is one record, or that holds records at a path."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, Final

import msgspec

from hub.bus.formats.found import Found
from hub.bus.formats.text import UTF_8, Spoken, not_in, spoken, text_of
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage
from hub.domain.nesting import is_deeper_than
from hub.domain.path import compiled

MAX_DEPTH: Final = 64
# As the replies of backends and the cases beside a mapping are read: 12.10 stays 12.10.
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation)
_UTF_8: Final = frozenset({"utf-8", "ascii"})
_UNMARKED_UTF_16: Final = (b"\x00{", b"{\x00", b"\x00[", b"[\x00")


class JsonReader:
    """Reads a message as one record, or the list at `records` as many, each by itself."""

    def __init__(self, feed: InboundFeed) -> None:
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes
        self._names = _names(feed.records)
        self._is_plain = feed.encoding in _UTF_8

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        body = message.body
        if self._is_plain and body[:1] in b"{[" and "=" not in message.content_type:
            if self._names is None:
                return iter((Found("", body, read_json(body)),))
            said = UTF_8
        else:
            said = spoken(body[:4], message.content_type, self._encoding)
            body = utf_8(body, said)
            if self._names is None:
                return iter((Found("", message.body, read_json(body)),))
        return self._records(body, said, self._names)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the same of a file, which is read as a whole and so may be no larger than a message."""
        return self.found(msgspec.structs.replace(message, body=read_small(file, self._max_bytes)))

    def _records(self, body: bytes, said: Spoken, names: tuple[str, ...]) -> Iterator[Found]:
        where = ".".join(names) or "$"
        before = "".join(f"{{{msgspec.json.encode(name).decode()}:" for name in names).encode() + b"["
        after = b"]" + b"}" * len(names)
        for number, raw in enumerate(_raw_records(body, names, where), 1):
            original = said.encoded(before + raw + after)
            try:
                record: Any = read_json(raw)
            except RefusedError as refusal:
                record = refusal
            yield Found(f"record {number}", original, record)


def read_json(body: bytes, *, at: int = 0) -> Any:
    """Decode a document in UTF-8, which begins at byte `at` of what came. Raises RefusedError."""
    try:
        record = _JSON.decode(body)
    except _UNREADABLE as error:
        raise _refusal(body, error, at) from None
    # Most messages have fewer brackets than they may have levels, and need no closer look.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and is_deeper_than(record, MAX_DEPTH):
        raise _too_deep()
    return record


def read_small(file: BinaryIO, max_bytes: int) -> bytes:
    """Return a file that is one document in JSON. Raises RefusedError if it is larger than a message may be."""
    body = file.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise RefusedError(
            f"the file has more than {max_bytes} bytes, which is the most for JSON as one document: set max_bytes, or "
            "let it come as json_lines"
        )
    return body


def utf_8(body: bytes, said: Spoken, *, at: int = 0) -> bytes:
    """Return a document, which begins at byte `at` of what came, in UTF-8 without its mark. Raises RefusedError."""
    body = body[len(said.mark) :]
    if said.encoding in _UTF_8:
        return body
    # Half a pair of UTF-16 can't be written in UTF-8; no codec but a broken one decodes to it.
    return text_of(body, said, at=at + len(said.mark)).encode(errors="replace")


def _names(records: str | None) -> tuple[str, ...] | None:
    if records is None:
        return None
    return () if records == "$" else compiled(records).every_name


def _raw_records(body: bytes, names: tuple[str, ...], where: str) -> list[bytes]:
    inner = body
    try:
        for name in names:
            inner = bytes(_OBJECT.decode(inner).get(name, b"null"))
        if names and inner.lstrip()[:1] == b"{":
            return [inner]
    except msgspec.ValidationError:
        raise _no_records(where) from None
    except _UNREADABLE as error:
        raise _refusal(body, error) from None
    return raw_list(inner, where)


def raw_list(body: bytes, where: str = "$") -> list[bytes]:
    """Return the items of a list as they stand there. Raises RefusedError."""
    try:
        return [bytes(raw) for raw in _LIST.decode(body)]
    except msgspec.ValidationError:
        raise _no_records(where) from None
    except _UNREADABLE as error:
        raise _refusal(body, error) from None


def _no_records(where: str) -> RefusedError:
    return RefusedError(f"there are no records: nothing stands at {where}, or no list of them")


def _refusal(body: bytes, error: Exception, at: int = 0) -> RefusedError:
    """Say why something is no JSON."""
    match error:
        case RecursionError():
            return _too_deep()
        case InvalidOperation():
            return RefusedError("the message holds a number whose exponent is too large")
    if body.startswith(_UNMARKED_UTF_16):
        return RefusedError("the message is in UTF-16 without a byte order mark: set the feed's `encoding`")
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return not_in(UTF_8, at + wrong.start)
    return RefusedError(f"the message is not JSON: {error}")


def _too_deep() -> RefusedError:
    return RefusedError(f"the message is nested deeper than {MAX_DEPTH} levels")
