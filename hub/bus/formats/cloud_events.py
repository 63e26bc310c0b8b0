"""CloudEvents 1.0: structured or as a batch in JSON, or binary with the attributes in headers of HTTP or AMQP.

The record is the event as the JSON format has it, its data decoded, whichever way it came.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final
from urllib.parse import unquote

import msgspec
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.spec import SPECVERSION_V1_0
from cloudevents.core.v1.event import OPTIONAL_ATTRIBUTES, REQUIRED_ATTRIBUTES, CloudEvent

from hub.bus.formats.found import Found
from hub.bus.formats.json_records import raw_list, read_json, read_small, utf_8
from hub.bus.formats.text import spoken, text_of
from hub.bus.refusal import RefusedError
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage
from hub.mapping.xml_documents import XmlError, read_xml

_PREFIXES: Final = ("ce-", "cloudevents:", "cloudevents_")
"""Of the headers that hold attributes (HTTP binding, 3.1.3.1; AMQP binding, 3.1.3.1), in lower case."""
_FORMAT: Final = "application/cloudevents"
_CORE: Final = frozenset({*REQUIRED_ATTRIBUTES, *OPTIONAL_ATTRIBUTES})
_MAX_DIGITS: Final = 14
"""Of milliseconds since 1970, up to the year 5138."""
_DATA: Final = ("data", "data_base64")


class CloudEventsReader:
    """Reads each event as a record, which is known by its source and id."""

    def __init__(self, feed: InboundFeed) -> None:
        self._encoding = feed.encoding
        self._max_bytes = feed.max_bytes
        self._schemas = frozenset(feed.schemas)

    def found(self, message: InboundMessage) -> Iterator[Found]:
        """Yield the events. Raises RefusedError."""
        kind = _media_type(message.content_type)
        if not kind.startswith(_FORMAT) and (attributes := _binary_attributes(message)):
            data = self._data(message.body, message.content_type)
            yield self._event("", message.body, attributes, data)
            return
        if kind.startswith(_FORMAT) and not kind.endswith("+json"):
            raise RefusedError(f"CloudEvents are understood in JSON, not as {kind[:100]}")
        said = spoken(message.body[:4], message.content_type, self._encoding)
        body = utf_8(message.body, said)
        if body.lstrip()[:1] != b"[":
            yield self._structured("", message.body, body)
            return
        for number, raw in enumerate(raw_list(body), 1):
            yield self._structured(f"record {number}", said.encoded(raw), raw)

    def found_in(self, file: BinaryIO, message: InboundMessage) -> Iterator[Found]:
        """Yield the events of a file, which is read as a whole. Raises RefusedError."""
        return self.found(msgspec.structs.replace(message, body=read_small(file, self._max_bytes)))

    def _structured(self, part: str, original: bytes, body: bytes) -> Found:
        try:
            event = read_json(body)
            if not isinstance(event, dict):
                raise RefusedError("it is no CloudEvent, which is an object")  # noqa: TRY301 - as what is read raises
            attributes = {name: value for name, value in event.items() if name not in _DATA and value is not None}
            data = self._data_in_json(event, str(attributes.get("datacontenttype", "")))
        except RefusedError as refusal:
            return Found(part, original, refusal)
        return self._event(part, original, attributes, data)

    def _event(self, part: str, original: bytes, attributes: dict[str, Any], data: Any) -> Found:
        try:
            self._check(attributes)
        except RefusedError as refusal:
            return Found(part, original, refusal)
        record = attributes if data is None else {**attributes, "data": data}
        return Found(part, original, record, known_by=f"{attributes['source']}\n{attributes['id']}")

    def _check(self, attributes: Mapping[str, Any]) -> None:
        version = attributes.get("specversion")
        if version is None:
            raise RefusedError("it is no CloudEvent: it has no `specversion`")
        if version != SPECVERSION_V1_0:
            raise RefusedError(f"it is of CloudEvents {str(version)[:20]!r}, the hub knows {SPECVERSION_V1_0}")
        if not attributes.get("id"):
            raise RefusedError("the CloudEvent has no `id`, by which it is known when it comes again")
        core = {name: value for name, value in attributes.items() if name in _CORE}
        if "time" in core:
            core["time"] = _time(core["time"])
        try:
            CloudEvent(core)
        except CloudEventValidationError as error:
            name = next(iter(error.errors))
            wrong = "no time with a zone, as in 2026-11-21T08:00:00Z" if name == "time" else "missing, empty or no text"
            raise RefusedError(f"the CloudEvent's attribute {name!r} is {wrong}") from None
        schema = attributes.get("dataschema")
        if self._schemas and schema is not None and schema not in self._schemas:
            raise RefusedError(
                f"its data is of a schema that the feed does not know: {str(schema)[:200]!r}; once the mapping "
                "knows it, name it under `schemas`"
            )

    def _data_in_json(self, event: Mapping[str, Any], kind: str) -> Any:
        """Return the data of an event in JSON. Raises RefusedError."""
        encoded = event.get("data_base64")
        if encoded is not None:
            try:
                body = base64.b64decode(encoded, validate=True)
            except (binascii.Error, TypeError, ValueError):
                raise RefusedError("the CloudEvent's `data_base64` is no base64") from None
            return self._data(body, kind)
        data = event.get("data")
        if isinstance(data, str) and _is_xml(_media_type(kind)):
            return _from_xml(data.encode(errors="replace"), "utf-8")
        return data

    def _data(self, body: bytes, content_type: str) -> Any:
        """Return data that stands alone, by its media type; None of a type without fields. Raises RefusedError."""
        kind = _media_type(content_type)
        said = spoken(body[:4], content_type, self._encoding)
        if not body:
            return None
        if kind in {"", "application/json"} or kind.endswith("+json"):
            return read_json(utf_8(body, said))
        if _is_xml(kind):
            return _from_xml(body, None if said.is_assumed else said.encoding)
        return text_of(body[len(said.mark) :], said) if kind.startswith("text/") else None


def _binary_attributes(message: InboundMessage) -> dict[str, Any]:
    """Return the attributes among the headers of an event in binary mode; none if it is in another."""
    attributes: dict[str, Any] = {}
    for header, value in message.headers.items():
        prefix = next((one for one in _PREFIXES if header.startswith(one)), None)
        if prefix is not None:
            # In HTTP what is no printable ASCII is percent-encoded (HTTP binding, 3.1.3.2).
            attributes[header.removeprefix(prefix)] = unquote(value) if prefix == "ce-" else value
    if (sent := str(attributes.get("time", ""))).isdecimal() and len(sent) <= _MAX_DIGITS:
        # AMQP's own type of a time is milliseconds since 1970 (AMQP binding, 3.1.3.1).
        attributes["time"] = datetime.fromtimestamp(int(sent) / 1000, UTC).isoformat()
    if attributes and message.content_type:
        attributes["datacontenttype"] = message.content_type
    return attributes


def _time(value: Any) -> Any:
    """Return a time as the SDK wants it; what is none stays, and is refused there."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _from_xml(body: bytes, charset: str | None) -> Any:
    try:
        return read_xml(body, charset)
    except XmlError as error:
        raise RefusedError(f"the CloudEvent's data {error}") from None


def _is_xml(kind: str) -> bool:
    return kind in {"application/xml", "text/xml"} or kind.endswith("+xml")


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
