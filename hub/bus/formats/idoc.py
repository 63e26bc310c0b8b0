"""SAP's IDocs as XML, one or several in a message: the control record EDI_DC40, and segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from hub.bus.formats.found import Found
from hub.bus.formats.xml_records import xml_records
from hub.bus.formats.xml_text import XmlText
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage


class IdocReader:
    """Reads each element IDOC as a record: its segments by their names, those that come several times as a list."""

    def __init__(self, feed: InboundFeed) -> None:
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the IDocs. Raises RefusedError."""
        return self.found_in(BytesIO(message.body), message)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the IDocs. Raises RefusedError."""
        text = XmlText(file, message, self._encoding)
        for found in xml_records(text, _is_idoc, "IDOC", max_bytes=self._max_bytes):
            yield found._replace(known_by=_number(found.record))


def _number(idoc: Any) -> str:
    """Return by what an IDoc is known: its number is unique in the client of the system that made it."""
    control = idoc.get("EDI_DC40") if isinstance(idoc, dict) else None
    if not isinstance(control, dict) or not isinstance(control.get("DOCNUM"), str):
        return ""
    return " ".join(str(control[name]) for name in ("SNDPRN", "MANDT", "DOCNUM") if control.get(name))


def _is_idoc(path: Sequence[str]) -> bool:
    return path[-1] == "IDOC"
