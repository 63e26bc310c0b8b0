"""pika's connection, which a message's headers can't break: whoever may publish says what stands in them.

pika reads the headers of a message as its frame comes in. Where it can't (a time beyond the year 9999, a number that is
none, tables nested too deeply) it gives up the connection; the broker delivers the message again with the next one, and
again, and nothing behind it would ever be taken.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import pika.frame
import pika.spec
import structlog
from pika.adapters.asyncio_connection import AsyncioConnection

log = structlog.get_logger(__name__)

UNREADABLE: Final = "x-headers-left-out"
"""Stands in place of headers that can't be read, with the reason."""

_FRAME_START: Final = struct.Struct(">BHL")
_HEADER_START: Final = struct.Struct(">HHQ")


class ForbearingConnection(AsyncioConnection):  # type: ignore[misc]
    """Delivers a message whose headers can't be read without them."""

    def _read_frame(self) -> tuple[int, Any]:
        try:
            found: tuple[int, Any] = super()._read_frame()
        except Exception as error:
            read = _without_headers(self._frame_buffer, error)
            if read is None:
                raise
            log.warning("broker_message_headers_unreadable", reason=type(error).__name__)
            return read
        return found


def _without_headers(buffer: bytes, error: Exception) -> tuple[int, Any] | None:
    """Read the content header frame (AMQP 0-9-1, 4.2.6.1) at the beginning again; None if that can't be the reason."""
    kind, channel, size = _FRAME_START.unpack_from(buffer)
    content = bytes(buffer[_FRAME_START.size : _FRAME_START.size + size])
    end = _FRAME_START.size + size + pika.spec.FRAME_END_SIZE
    if kind != pika.spec.FRAME_HEADER or buffer[end - 1 : end] != bytes([pika.spec.FRAME_END]):
        return None
    _, _, body_size = _HEADER_START.unpack_from(content)
    properties = pika.BasicProperties()
    properties.decode(_cut(content[_HEADER_START.size :]))
    properties.headers = {UNREADABLE: f"the message's headers can't be read ({type(error).__name__})"}
    return end, pika.frame.Header(channel, body_size, properties)


def _cut(properties: bytes) -> bytes:
    """Return encoded properties less the headers, before which only two short texts can stand."""
    (flags,) = struct.unpack_from(">H", properties)
    start = 2
    for flag in (pika.BasicProperties.FLAG_CONTENT_TYPE, pika.BasicProperties.FLAG_CONTENT_ENCODING):
        if flags & flag:
            start += 1 + properties[start]
    if not flags & pika.BasicProperties.FLAG_HEADERS:
        return properties
    (size,) = struct.unpack_from(">I", properties, start)
    flags &= ~pika.BasicProperties.FLAG_HEADERS
    return struct.pack(">H", flags) + properties[2:start] + properties[start + 4 + size :]
