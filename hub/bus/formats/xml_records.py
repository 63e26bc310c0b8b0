"""XML: a document that is one record, or elements of it that are one each; nothing of it stays in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO, Final

from lxml import etree

from hub.bus.formats.found import Found
from hub.bus.formats.json_lines import too_long
from hub.bus.formats.text import Spoken
from hub.bus.formats.xml_text import XmlText
from hub.bus.formats.xml_writer import XmlWriter
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage
from hub.domain.path import compiled
from hub.mapping.xml_documents import XmlBuilder, XmlError, local_name, xml_parser

MAX_DEPTH: Final = 64
ELEMENT: Final = "#element"
"""Under which a record's own element is called by its name: a feed may bring several kinds."""
MAX_PROLOG_BYTES: Final = 64 * 1024
"""Before the outermost element begins."""

IsRecord = Callable[[Sequence[str]], bool]
"""Whether the element at this path, from the outermost one on, is a record."""


class XmlReader:
    """Reads a document as one record, or the elements at `records` as one each."""

    def __init__(self, feed: InboundFeed) -> None:
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes
        self._names = compiled(feed.records).every_name if feed.records else None
        self._where = feed.records or ""

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        file = BytesIO(message.body)
        if self._names is not None:
            return self.found_in(file, message)
        return self._whole(file, message, message.body)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the records. Raises RefusedError."""
        names = self._names
        if names is not None:
            return xml_records(
                XmlText(file, message, self._encoding), _at(names), self._where, max_bytes=self._max_bytes
            )
        body = file.read(self._max_bytes + 1)
        if len(body) > self._max_bytes:
            raise RefusedError(
                f"the file has more than {self._max_bytes} bytes, which is the most for XML that is one record: say "
                "with `records` where in it the records stand, or set max_bytes"
            )
        return self._whole(BytesIO(body), message, body)

    def _whole(self, file: BinaryIO, message: InboundMessage, body: bytes) -> Iterator[Found]:
        text = XmlText(file, message, self._encoding)
        found = list(xml_records(text, lambda path: len(path) == 1, "", max_bytes=self._max_bytes))
        # Not one record and a remainder: with something behind its end it is no document at all.
        refused = [one for one in found if isinstance(one.record, RefusedError)][:1]
        for one in refused or found:
            yield one._replace(part="", original=body)


def xml_records(text: XmlText, is_record: IsRecord, where: str, *, max_bytes: int) -> Iterator[Found]:
    """Yield the records of a document; if it breaks off, the last one says where. Raises RefusedError if it has none.

    `where` is what people call the records' place.
    """
    records = _Records(is_record, text.said, max_bytes)
    parser = xml_parser(records, "utf-8")
    fed = 0
    try:
        for piece in text.pieces():
            if piece:
                parser.feed(piece)
                fed += len(piece)
            yield from records.done()
            if not records.begun and fed > MAX_PROLOG_BYTES:
                raise RefusedError(f"no element begins within the first {MAX_PROLOG_BYTES} bytes")  # noqa: TRY301 - as what the parser raises
        parser.close()
    except (RefusedError, XmlError, etree.XMLSyntaxError) as error:
        yield from records.done()
        yield Found("", b"", _broken(error, records.count), ends=True)
        return
    yield from records.done()
    if not records.count and records.saw_others:
        raise RefusedError(f"there is no {where} in it: its outermost element is {records.outermost[:100]!r}")


class _Records:
    """What lxml tells of a document, cut into records."""

    def __init__(self, is_record: IsRecord, said: Spoken, max_bytes: int) -> None:
        self._is_record = is_record
        self._said = said
        self._max_bytes = max_bytes
        self._path: list[str] = []
        self._at = 0
        self._builder: XmlBuilder | None = None
        self._writer = XmlWriter()
        self._done: list[Found] = []
        self.count = 0
        self.begun = False
        self.saw_others = False
        self.outermost = ""

    def done(self) -> list[Found]:
        """Return the records that were completed since this was asked last."""
        done, self._done = self._done, []
        return done

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise XmlError("holds a document type (DTD), which is refused")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise XmlError(f"is nested too deeply: at most {MAX_DEPTH} levels")
        self._path.append(local_name(tag))
        if not self.begun:
            self.begun, self.outermost = True, self._path[0]
        if not self._at:
            if not self._is_record(self._path):
                self.saw_others = self.saw_others or len(self._path) > 1
                return
            self._at = len(self._path)
            self._builder, self._writer = XmlBuilder(), XmlWriter()
        if self._builder is not None:
            self._builder.start(tag, attributes)
            self._writer.start(tag, attributes)

    def data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)
            self._writer.data(text)
            if self._writer.size > self._max_bytes:
                self._builder = None  # the rest of it is read past

    def end(self, tag: str) -> None:
        if self._builder is not None:
            self._builder.end(tag)
            self._writer.end()
            if self._writer.size > self._max_bytes:
                self._builder = None
        if self._at == len(self._path):
            self._complete()
        self._path.pop()

    def close(self) -> None:
        return

    def _complete(self) -> None:
        self.count += 1
        self._at = 0
        part = f"record {self.count}"
        if self._builder is None:
            self._done.append(Found("", b"", too_long(part, self._max_bytes)))
            return
        around = self._path[:-1]
        before = "".join(f"<{name}>" for name in around)
        after = "".join(f"</{name}>" for name in reversed(around))
        declaration = f'<?xml version="1.0" encoding="{self._said.encoding}"?>'
        text = f"{declaration}{before}{self._writer.text}{after}"
        original = self._said.mark + text.encode(self._said.encoding, errors="xmlcharrefreplace")
        self._done.append(Found(part, original, {ELEMENT: self._path[-1], **self._builder.record}))
        self._builder = None


def _at(names: Sequence[str]) -> IsRecord:
    """Return what finds the elements at these names, with or without the outermost element's."""
    wanted = list(names)
    return lambda path: path == wanted or path[1:] == wanted


def _broken(error: Any, count: int) -> RefusedError:
    match error:
        case RefusedError():
            reason = error.reason
        case XmlError():
            reason = f"the document {error}"
        case _:
            reason = f"the document is no XML, or breaks off, in line {error.lineno}"
    return RefusedError(f"behind record {count}: {reason}" if count else reason)
