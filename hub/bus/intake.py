"""From a legacy system's message to events, or to the reasons why not. No I/O but reading a file that is given."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

import structlog

from hub.bus.formats.found import Found
from hub.bus.formats.readers import reader_of, soap_reader_of
from hub.bus.refusal import FailedError, RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.change import not_ahead
from hub.domain.event import Event, FeedData, feed_event
from hub.domain.inbound import InboundMessage, Transport
from hub.domain.path import compiled
from hub.mapping.errors import MappingRunError, ValueProblemError
from hub.mapping.rules import single
from hub.mapping.values import to_text

__all__ = ["Intake", "Part", "RefusedError", "Understanding"]

log = structlog.get_logger(__name__)

MAX_RECORDS: Final = 10_000
"""Records of one message; a file in a folder may have any number."""

HOPELESS: Final = 1_000
"""After so many records of a file, of which none could be understood, the rest is not looked at."""

MAX_ORIGINALS: Final = 32 * 1024 * 1024
"""What the records of a message may be, with what stands around each, beyond twice the message itself."""

_GZIP: Final = b"\x1f\x8b"
_EVENT_IDS: Final = uuid.UUID("6a1f0c5e-3d52-5c0b-9a77-0d5f0f1c9e21").bytes
"""Namespace of the ids of events that come from feeds; changing it makes every old message new."""


class Part(NamedTuple):
    """One record of a message: an event, or the reason why it is none.

    `part` is the record's place ("record 17", "line 18"), "" where the message is one record. `original` is the record
    as it came, with as much around it as it needs to be understood alone (a CSV line behind its header, an XML element
    within the elements that `records` names): with it as body, the other fields of the message as they were,
    `id=intake.identity(message)` and `part=part`, `Intake.parts` finds this one record again, under the same event id.
    Of what is too large to be kept, and of the rest of a file that breaks off, both are empty, and the reason tells the
    place: there the file itself is the original.

    Two parts may have the same event id, when the records have the same `id`: whoever stores them looks whether the
    second says the same.
    """

    part: str
    original: bytes
    outcome: Event | RefusedError


class Understanding(Protocol):
    """What makes a record into what the hub knows: a mapping."""

    @property
    def label(self) -> str:
        """Name and version, for the dead letters."""
        ...

    @property
    def targets(self) -> frozenset[str]:
        """What a record can become, as mappings call it."""
        ...

    def run_feed(self, source: Any, *, system: str, region: str) -> FeedData:
        """Say what a record means. Raises MappingRunError."""
        ...


class Intake:
    """Understands the messages of one feed, which are of its own system whatever they say."""

    def __init__(self, name: str, feed: InboundFeed, understanding: Understanding, *, region: str) -> None:
        self._name = name
        self._system = feed.system_of(name)
        self._region = region
        self._understanding = understanding
        self._reader = reader_of(feed)
        self._soap_reader = soap_reader_of(feed) if feed.soap else self._reader
        self._max_bytes = feed.max_bytes
        self._needs_a_body = feed.format != "cloudevents"
        self._hashed_name = sha1(_EVENT_IDS + f"{name}\n".encode(), usedforsecurity=False)
        self._own_id = compiled(feed.id) if feed.id else None

    @property
    def mapping_label(self) -> str:
        """Name and version of the mapping, for the dead letters."""
        return self._understanding.label

    def identity(self, message: InboundMessage) -> str:
        """Return by what a message is known: its id, or its body's hash."""
        return message.id or f"sha256:{sha256(message.body).hexdigest()}"

    def parts(self, message: InboundMessage, *, part: str = "") -> Iterator[Part]:
        """Yield what each record of a message says, or why it can't be understood.

        A message that breaks off is refused as a whole: its sender sends it again. With `part` the body is that one
        part of it, as it was kept.
        """
        try:
            found = self._found(message, part)
        except RefusedError as refusal:
            yield Part(part, message.body, refusal)
            return
        identity = self.identity(message)
        for one in found:
            if not one.original:
                one = one._replace(original=message.body)  # noqa: PLW2901 - kept as a whole
            yield self._part(one, part or one.part, identity)

    def parts_of_file(self, file: BinaryIO, message: InboundMessage) -> Iterator[Part]:
        """Yield the same of a file, which is read bit by bit; `message` has no body, and needs an id.

        Of a file that breaks off, what came before stays; the last part says where it ends.
        """
        understood, refused = False, 0
        try:
            _refuse_gzip(file.read(len(_GZIP)))
            file.seek(0)
            for found in self._reader.found_in(file, message):
                one = self._part(found, found.part, message.id)
                yield one
                if understood:
                    continue
                understood = not isinstance(one.outcome, RefusedError)
                refused += 1
                if refused >= HOPELESS and not understood:
                    reason = f"none of the first {HOPELESS} records could be understood: the rest was not looked at"
                    yield Part("", b"", RefusedError(f"up to {found.part} {reason}"))
                    return
        except RefusedError as refusal:
            yield Part("", b"", refusal)

    def _found(self, message: InboundMessage, part: str) -> list[Found]:
        """Return the records of a message. Raises RefusedError if it can't be taken as a whole."""
        if len(message.body) > self._max_bytes and not part:
            raise RefusedError(f"the message has {len(message.body)} bytes, the limit is {self._max_bytes}")
        _refuse_gzip(message.body)
        if not message.body.strip() and self._needs_a_body:
            raise RefusedError("the message is empty")
        reader = self._soap_reader if message.transport is Transport.SOAP else self._reader
        found: list[Found] = []
        room = MAX_ORIGINALS + 2 * len(message.body)
        for one in reader.found(message):
            found.append(one)
            if len(found) > MAX_RECORDS:
                raise RefusedError(f"the message has more than {MAX_RECORDS} records: send it in several")
            # Of one that is too large by itself the whole message is the original.
            room -= len(one.original or message.body)
            if room < 0:
                raise RefusedError(
                    "its records are too large, with the header or the elements around each: send it in several"
                )
        if found and found[-1].ends and isinstance(found[-1].record, RefusedError):
            raise found[-1].record
        if part and len(found) > 1:
            raise RefusedError(
                f"what was kept of {part} has {len(found)} records now: does `records` say another place?"
            )
        return found

    def _part(self, found: Found, part: str, identity: str) -> Part:
        record = found.record
        if isinstance(record, RefusedError):
            return Part(part, found.original, record)
        try:
            known_by = self._known_by(found, part, identity)
            data = self._understanding.run_feed(record, system=self._system, region=self._region)
        except RefusedError as refusal:
            return Part(part, found.original, refusal)
        except MappingRunError as error:
            return Part(part, found.original, RefusedError(error.message, error.field))
        except Exception as error:
            # A defect of the hub must cost this one record a visit to the dead letters, not the feed its life.
            log.exception("mapping_failed", feed=self._name, mapping=self.mapping_label)
            reason = f"the hub failed on it ({type(error).__name__}): see the hub's log"
            return Part(part, found.original, FailedError(reason))
        now = datetime.now(UTC)
        event = feed_event(not_ahead(data, now), feed=self._name, event_id=self._event_id(known_by), at=now)
        return Part(part, found.original, event)

    def _known_by(self, found: Found, part: str, identity: str) -> str:
        """Return what tells a record from all others of the feed. Raises RefusedError."""
        if self._own_id is None:
            if found.known_by:
                return f"record:{found.known_by}"
            return f"{part}\nid:{identity}" if part else f"id:{identity}"
        try:
            own = to_text(single(self._own_id.read(found.record)))
        except ValueProblemError:
            own = None
        if own is None:
            raise RefusedError("the record has no id of its own, by which it is known when it comes again", "id")
        return f"record:{own}"

    def _event_id(self, known_by: str) -> str:
        """Return a UUIDv5 (RFC 9562, 5.5) as text; the standard library's takes three times as long."""
        hashed = self._hashed_name.copy()
        hashed.update(known_by.encode(errors="surrogatepass"))
        digits = hashed.hexdigest()
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _refuse_gzip(body: bytes) -> None:
    """Raise RefusedError for what is compressed: how large it is would be known too late."""
    if body.startswith(_GZIP):
        raise RefusedError("it is compressed with gzip: it has to come as it is")
