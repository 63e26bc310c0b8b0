"""Which reader a feed's format has."""

from __future__ import annotations

from hub.bus.formats.found import Reader
from hub.bus.formats.json_records import JsonReader
from hub.bus.soap.own_messages import OwnReader
from hub.config.inbound import InboundFeed


def reader_of(feed: InboundFeed) -> Reader:
    """Return what reads the feed's messages; without a mapping these are the hub's own."""
    if not feed.mapping:
        return OwnReader()
    return JsonReader(feed)
