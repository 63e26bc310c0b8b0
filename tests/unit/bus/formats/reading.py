"""What a feed's reader finds, in short."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from hub.bus.formats.found import Found
from hub.bus.formats.readers import reader_of
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage, Transport


def feed_of(**keys: Any) -> InboundFeed:
    """Return a feed with some mapping."""
    return InboundFeed(mapping="some/mapping", **keys)


def message_of(body: bytes, content_type: str = "", **headers: str) -> InboundMessage:
    """Return a message that came by HTTP."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return InboundMessage(body=body, transport=Transport.HTTP, content_type=content_type, headers=said)


def found_in(feed: InboundFeed, body: bytes, content_type: str = "", **headers: str) -> list[Any]:
    """Return what is found in a message."""
    return list(reader_of(feed).found(message_of(body, content_type, **headers)))


def found_in_file(feed: InboundFeed, body: bytes) -> list[Any]:
    """Return what is found in a file."""
    return list(reader_of(feed).found_in(BytesIO(body), message_of(b"")))


def records(found: list[Found]) -> list[Any]:
    """Return the records, and of those that can't be read why not."""
    return [one.record.reason if isinstance(one.record, RefusedError) else one.record for one in found]
