"""Headers that pika can't read cost a message its headers, and nobody the connection."""

from __future__ import annotations

import struct
from typing import Any

import pika
import pika.frame
import pytest

from hub.bus.amqp import Delivery
from hub.bus.frames import UNREADABLE, ForbearingConnection
from hub.bus.queue_message import inbound_message


def _nested(levels: int) -> bytes:
    table = struct.pack(">I", 0)
    for _ in range(levels):
        field = b"\x01hF" + table
        table = struct.pack(">I", len(field)) + field
    return table


def _field(kind: bytes, value: bytes) -> bytes:
    field = b"\x01h" + kind + value
    return struct.pack(">I", len(field)) + field


def _frame(properties: pika.BasicProperties, table: bytes) -> bytes:
    """Return the frame of these properties with `table` as their headers, which have to be there already."""
    plain = b"".join(properties.encode())
    empty = struct.pack(">I", 0)
    start = plain.index(empty)
    content = struct.pack(">HHQ", 60, 0, 17) + plain[:start] + table + plain[start + len(empty) :]
    return struct.pack(">BHL", 2, 5, len(content)) + content + b"\xce"


def _read(buffer: bytes) -> tuple[int, Any]:
    connection = ForbearingConnection.__new__(ForbearingConnection)
    connection._frame_buffer = buffer
    return connection._read_frame()


@pytest.mark.parametrize(
    "table",
    [
        _field(b"T", struct.pack(">Q", 2**63)),
        _field(b"T", struct.pack(">Q", 2**40)),
        _field(b"d", struct.pack(">d", float("nan"))),
        _field(b"?", b""),
        _nested(5_000),
    ],
    ids=["no time", "time far off", "no number", "unknown type", "deep"],
)
def test_headers_that_can_not_be_read_are_left_out(table: bytes) -> None:
    """All else of the message is there, what comes behind it is read, and it is told that headers are missing."""
    said = pika.BasicProperties(
        content_type="text/csv", content_encoding="identity", headers={}, message_id="m1", delivery_mode=2
    )
    frame = _frame(said, table)
    consumed, header = _read(frame + b"behind")
    assert (len(frame), 5, 17) == (consumed, header.channel_number, header.body_size)
    read = header.properties
    assert ("text/csv", "identity", "m1", 2) == (
        read.content_type,
        read.content_encoding,
        read.message_id,
        read.delivery_mode,
    )
    assert [UNREADABLE] == list(read.headers)


def test_what_is_no_message_at_all_still_ends_the_connection() -> None:
    """A frame that does not end as frames do is no matter of headers."""
    frame = _frame(pika.BasicProperties(headers={}), _field(b"V", b""))
    with pytest.raises(pika.exceptions.InvalidFrameError):
        _read(frame[:-1] + b"x")


def test_half_a_frame_is_waited_for() -> None:
    """However it would end."""
    frame = _frame(pika.BasicProperties(headers={}), _field(b"T", struct.pack(">Q", 2**63)))
    assert (0, None) == _read(frame[:-1])


def test_properties_that_are_no_text_are_told_as_text() -> None:
    """The client hands on bytes where something is no UTF-8."""
    properties = pika.BasicProperties(message_id=b"\xff1", content_type=b"\xfe", headers={b"\xffA": b"\x00\xff"})
    message = inbound_message(Delivery(1, properties, b"{}"))
    assert ("\ufffd1", "\ufffd", {"\ufffda": "\x00\ufffd"}) == (message.id, message.content_type, message.headers)


def test_credentials_in_headers_are_kept_nowhere() -> None:
    """A program that asks by ctihub.rpc and hands in, too, may send its token with everything."""
    headers = {"Authorization": "Bearer secret", "cookie": "s=1", "x-shop": "north"}
    message = inbound_message(Delivery(1, pika.BasicProperties(headers=headers), b"{}"))
    assert {"x-shop": "north"} == message.headers
