"""Which reader a feed's format has."""

from __future__ import annotations

from hub.bus.formats.found import Reader
from hub.bus.formats.json_records import JsonReader
from hub.config.inbound import InboundFeed


def reader_of(feed: InboundFeed) -> Reader:
    """Return what reads the feed's messages."""
    return JsonReader(feed)
