"""Which reader a feed's format has. A slow library is imported by the first feed that needs it."""

from __future__ import annotations

from hub.bus.formats.found import Reader
from hub.bus.formats.json_records import JsonReader
from hub.config.inbound import InboundFeed


def reader_of(feed: InboundFeed) -> Reader:  # noqa: PLR0911 - one for each format
    """Return what reads the feed's messages; without a mapping these are the hub's own."""
    if not feed.mapping:
        from hub.bus.soap.own_messages import OwnReader

        return OwnReader()
    match feed.format:
        case "json":
            return JsonReader(feed)
        case "json_lines":
            from hub.bus.formats.json_lines import JsonLinesReader

            return JsonLinesReader(feed)
        case "xml":
            from hub.bus.formats.xml_records import XmlReader

            return XmlReader(feed)
        case "csv":
            from hub.bus.formats.csv_lines import CsvReader

            return CsvReader(feed)
        case "fixed_width":
            from hub.bus.formats.fixed_width import FixedWidthReader

            return FixedWidthReader(feed)
        case "idoc":
            from hub.bus.formats.idoc import IdocReader

            return IdocReader(feed)
        case "cloudevents":
            from hub.bus.formats.cloud_events import CloudEventsReader

            return CloudEventsReader(feed)
        case "email":
            from hub.bus.formats.email_message import EmailReader

            return EmailReader(feed)


def soap_reader_of(feed: InboundFeed) -> Reader:
    """Return what reads the messages that come to the feed by SOAP: XML, whatever else it takes."""
    if not feed.mapping or feed.format in {"xml", "idoc"}:
        return reader_of(feed)
    from hub.bus.formats.xml_records import XmlReader

    return XmlReader(feed.model_copy(update={"format": "xml", "records": None}))
