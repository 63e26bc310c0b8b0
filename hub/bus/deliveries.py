"""pika's connection, which takes in a message whole where all of its frames are there.

A message of a queue comes in three frames and more (AMQP 0-9-1, 4.2.6). pika copies each out of what was received, puts
it into an object, asks who waits for it, and puts the message together piece by piece, which takes longer than all that
the hub does with the message until it knows what it says. Whatever is no whole message goes pika's way.
"""

from __future__ import annotations

import enum
import struct
from typing import Any, Final, NamedTuple

import pika.frame
import pika.spec

from hub.bus.frames import ForbearingConnection

WHOLE_BYTES: Final = 64 * 1024
"""Messages up to this size are waited for whole; pika puts a larger one together as it comes."""

FRAMES: Final = 3

_FRAME_START: Final = struct.Struct(">BHL")
_DELIVER_START: Final = struct.Struct(">BHLL")
"""Type, channel and size of a frame, and which method it is."""
_HEADER_START: Final = struct.Struct(">BHLHHQ")
"""The same, and class, weight and size of the body."""
_AROUND: Final = _FRAME_START.size + pika.spec.FRAME_END_SIZE
_METHOD: Final = pika.spec.FRAME_METHOD
_HEADER: Final = pika.spec.FRAME_HEADER
_BODY: Final = pika.spec.FRAME_BODY
_DELIVER: Final = pika.spec.Basic.Deliver.INDEX


class Other(enum.Enum):
    """What stands in the buffer in place of a whole message."""

    PIKAS = enum.auto()
    """Something else, or a message that is left to pika."""
    BEGINNING = enum.auto()
    """A message whose rest has not come yet."""


class Message(NamedTuple):
    """A delivery as pika's channel is given it, its channel's number, and where its last frame ends."""

    method: Any
    header: Any
    body: bytes
    channel: int
    end: int


class WholeMessageConnection(ForbearingConnection):
    """Reads small messages in one go."""

    _frame_buffer: bytes

    def _on_data_available(self, data_in: bytes) -> None:
        self._frame_buffer += data_in
        while self._frame_buffer:
            if self._take_messages() is Other.BEGINNING:
                return
            # One frame, as pika does it.
            consumed, frame = self._read_frame()
            if not frame:
                return
            self._trim_frame_buffer(consumed)
            self._process_frame(frame)

    def _take_messages(self) -> Other:
        """Hand on the messages that the buffer begins with; return what stands behind them."""
        buffer, at = self._frame_buffer, 0
        try:
            while isinstance(message := read_message(buffer, at), Message):
                channel = self._channels.get(message.channel)
                if channel is None:
                    return Other.PIKAS
                at = message.end
                self.frames_received += FRAMES
                channel._on_deliver(message.method, message.header, message.body)  # noqa: SLF001 - where pika's own way ends
                if self._frame_buffer is not buffer:
                    return Other.PIKAS  # whoever got it closed the connection
            return message
        finally:
            self.bytes_received += at
            if self._frame_buffer is buffer:
                self._frame_buffer = buffer[at:]


def read_message(buffer: bytes, at: int) -> Message | Other:  # noqa: PLR0911 - one look at each frame
    """Read a delivery that begins at `at`: a method, a header and one body frame."""
    received = len(buffer)
    if received < at + _DELIVER_START.size:
        return Other.PIKAS
    kind, channel, size, method_index = _DELIVER_START.unpack_from(buffer, at)
    if kind != _METHOD or method_index != _DELIVER or size > WHOLE_BYTES:
        return Other.PIKAS
    header_at = at + size + _AROUND
    if received < header_at + _HEADER_START.size:
        return Other.BEGINNING
    kind, its_channel, size, _class, _weight, body_size = _HEADER_START.unpack_from(buffer, header_at)
    if kind != _HEADER or its_channel != channel or size > WHOLE_BYTES or not 0 < body_size <= WHOLE_BYTES:
        return Other.PIKAS
    body_frame_at = header_at + size + _AROUND
    body_at = body_frame_at + _FRAME_START.size
    if received < body_at:
        return Other.BEGINNING
    if (_BODY, channel, body_size) != _FRAME_START.unpack_from(buffer, body_frame_at):
        return Other.PIKAS
    end = body_at + body_size + 1
    if received < end:
        return Other.BEGINNING
    if not buffer[header_at - 1] == buffer[body_frame_at - 1] == buffer[end - 1] == pika.spec.FRAME_END:
        return Other.PIKAS
    method, properties = pika.spec.Basic.Deliver(), pika.BasicProperties()
    try:
        method.decode(buffer[at + _DELIVER_START.size : header_at - 1])
        properties.decode(buffer[header_at + _HEADER_START.size : body_frame_at - 1])
    except Exception:  # noqa: BLE001 - it is read once more, and then told
        return Other.PIKAS
    return Message(
        pika.frame.Method(channel, method),
        pika.frame.Header(channel, body_size, properties),
        buffer[body_at : end - 1],
        channel,
        end,
    )
