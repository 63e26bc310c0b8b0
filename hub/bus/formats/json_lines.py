"""JSON lines: one document in each line."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

from hub.bus.formats.found import Found
from hub.bus.formats.json_records import read_json, utf_8
from hub.bus.formats.lines import Lines, is_blank
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage


class JsonLinesReader:
    """Reads each line as one record; empty lines are none."""

    def __init__(self, feed: InboundFeed) -> None:
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        return self.found_in(BytesIO(message.body), message)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        lines = Lines(file, message, self._encoding, max_bytes=self._max_bytes)
        is_utf_8 = lines.said.encoding == "utf-8"
        said = lines.said._replace(mark=b"")
        for line in lines:
            record: Any
            if line.cut:
                yield Found("", b"", too_long(f"line {line.number}", self._max_bytes))
                continue
            try:
                body = line.raw if is_utf_8 else utf_8(line.raw, said, at=line.offset)
                if is_blank(body[:100].decode(errors="replace")):
                    continue
                record = read_json(body, at=line.offset)
            except RefusedError as refusal:
                record = refusal
            yield Found(f"line {line.number}", lines.said.mark + line.raw, record)


def too_long(what: str, max_bytes: int) -> RefusedError:
    """Return the refusal of a record that is larger than one may be."""
    return RefusedError(f"{what} is longer than the {max_bytes} bytes that a record may have (max_bytes)")
