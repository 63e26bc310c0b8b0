"""Fixed width: records of fields at given places, a line each or, as mainframes send them, without line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, Final

from hub.bus.formats.found import Found
from hub.bus.formats.json_lines import too_long
from hub.bus.formats.lines import Lines, is_blank
from hub.bus.formats.text import LONGEST_MARK, Spoken, is_ebcdic, spoken, text_of
from hub.bus.refusal import RefusedError
from hub.config.inbound import FixedWidthFormat, InboundFeed
from hub.domain.inbound import InboundMessage

_PADDING: Final = b" \0\r\n\x1a\x40\x15\x25"
"""What may stand behind the last record: blanks and ends of lines and files, in ASCII and EBCDIC."""

_BLANKS: Final = " \t\r\n\0\u3000"
"""What fields are filled up with."""

_NO_TEXT: Final = re.compile(r"[\0-\x08\n-\x1f\x7f]")
_NO_TEXT_IN_EBCDIC: Final = re.compile(r"[\0-\x08\n-\x1f\x7f-\x9f]")
"""In EBCDIC every byte is some character: that a field is packed or binary shows by these alone."""


class FixedWidthReader:
    """Reads each line, or each `record_length` bytes, as a record. Fields are without the blanks around them."""

    def __init__(self, feed: InboundFeed) -> None:
        if feed.fixed_width is None:
            raise ValueError("the feed has no `fixed_width:` section")  # the configuration sees to it
        self._format = feed.fixed_width
        self._fields = _Fields(feed.fixed_width)
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        return self.found_in(BytesIO(message.body), message)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        if self._format.record_length is None:
            return self._lines(file, message)
        return self._blocks(file, message, self._format.record_length)

    def _lines(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        lines = Lines(file, message, self._encoding, max_bytes=self._max_bytes)
        for line in lines:
            part = f"line {line.number}"
            original = lines.said.mark + line.raw
            if line.cut:
                yield Found("", b"", too_long(part, self._max_bytes))
                continue
            bare = lines.bare(line)
            record = self._fields.record(bare, lines.said, line.offset)
            if record is not None and not is_blank(bare[:100].decode(lines.said.encoding, errors="replace")):
                yield Found(part, original, record)

    def _blocks(self, file: BinaryIO, message: InboundMessage, length: int) -> Iterator[Found]:
        said = spoken(file.read(LONGEST_MARK), message.content_type, self._encoding)
        offset, number = len(said.mark), 0
        file.seek(offset)
        while raw := file.read(length):
            number += 1
            part, original = f"record {number}", said.mark + raw
            if len(raw) == length:
                record = self._fields.record(raw, said, offset)
                if record is not None:
                    yield Found(part, original, record)
            elif raw.strip(_PADDING):
                reason = (
                    f"the last record has {len(raw)} of {length} bytes: was the file cut, or is record_length wrong?"
                )
                yield Found(part, original, RefusedError(reason))
            offset += len(raw)


class _Fields:
    """Where the fields of a record stand, and which records count."""

    def __init__(self, form: FixedWidthFormat) -> None:
        self._places = [(name, field.start - 1, field.start - 1 + field.length) for name, field in form.fields.items()]
        self._in_bytes = form.unit == "bytes"
        self._only = {name: value.strip() for name, value in form.only.items()}
        self._pass_over = {name: {value.strip() for value in values} for name, values in form.pass_over.items()}

    def record(self, raw: bytes, said: Spoken, offset: int) -> Any:
        """Return a record by its fields' names, why it can't be read, or None if it is one to pass over."""
        try:
            if self._in_bytes:
                values = {
                    name: text_of(raw[start:stop], said, at=offset + start).strip(_BLANKS)
                    for name, start, stop in self._places
                }
            else:
                text = text_of(raw, said, at=offset)
                values = {name: text[start:stop].strip(_BLANKS) for name, start, stop in self._places}
        except RefusedError as refusal:
            return refusal
        if self._pass_over and all(values[name] in known for name, known in self._pass_over.items()):
            return None
        for name, value in self._only.items():
            if values[name] != value:
                reason = (
                    f"{name} is not {value!r}, nor one of those that `pass_over` names: are the columns shifted, or is"
                    " it a record that may be left out?"
                )
                return RefusedError(reason, name)
        no_text = _NO_TEXT_IN_EBCDIC if is_ebcdic(said.encoding) else _NO_TEXT
        for name, value in values.items():
            if no_text.search(value):
                reason = (
                    "control characters stand in it: are the columns shifted, or is it a packed or binary number, which"
                    " the sender has to write in digits?"
                )
                return RefusedError(reason, name)
        return values
