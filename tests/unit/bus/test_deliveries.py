"""Messages that are taken in whole are the messages that pika itself puts together, however they come."""

from __future__ import annotations

import random
from typing import Any

import pika
import pika.callback
import pika.channel
import pika.connection
import pika.frame
import pytest
from pika.adapters.asyncio_connection import AsyncioConnection

from hub.bus import deliveries
from hub.bus.deliveries import WHOLE_BYTES, WholeMessageConnection
from hub.bus.frames import UNREADABLE

CONSUMER = "ctag1.0a"
FRAME_BYTES = 4_000


class _Received:
    """A connection of a class without a socket, with one channel, and what was delivered on it."""

    def __init__(self, kind: Any) -> None:
        self.messages: list[tuple[Any, ...]] = []
        self.heartbeats = 0
        self.connection = kind.__new__(kind)
        self.connection._frame_buffer = b""
        self.connection.bytes_received = self.connection.frames_received = 0
        self.connection.callbacks = pika.callback.CallbackManager()
        self.connection._heartbeat_checker = self
        # What pika's log tells of a connection.
        self.connection.connection_state = pika.connection.Connection.CONNECTION_OPEN
        self.connection._transport = self.connection.params = None
        channel = pika.channel.Channel.__new__(pika.channel.Channel)
        channel._content_assembler = pika.channel.ContentFrameAssembler()
        channel._cancelled = set()
        channel._consumers = {CONSUMER: self._delivered}
        self.connection._channels = {1: channel}

    def received(self) -> None:
        """Count a heartbeat, which pika's connection tells of."""
        self.heartbeats += 1

    def _delivered(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self.messages.append((vars(method), vars(properties), body))

    def take(self, data: bytes, rng: random.Random, most: int) -> None:
        """Receive it in pieces of up to `most` bytes."""
        at = 0
        while at < len(data):
            size = rng.randint(1, most)
            self.connection._on_data_available(data[at : at + size])
            at += size


def _random(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same at every run


def _message(tag: int, body: bytes, properties: pika.BasicProperties, *, frame_bytes: int = FRAME_BYTES) -> bytes:
    method = pika.spec.Basic.Deliver(CONSUMER, tag, tag % 3 == 0, "ctihub.events", "légacy")
    frames = [pika.frame.Method(1, method), pika.frame.Header(1, len(body), properties)]
    frames += [pika.frame.Body(1, body[at : at + frame_bytes]) for at in range(0, len(body), frame_bytes)]
    return b"".join(frame.marshal() for frame in frames)


def _traffic(rng: random.Random) -> bytes:
    """Return messages of all sizes, with and without properties, and other frames between them."""
    pieces: list[bytes] = []
    for tag in range(1, 80):
        every = pika.BasicProperties(message_id=f"m{tag}", headers={"x-a": tag, "x-b": {"c": "d"}}, user_id="shop")
        properties = rng.choice([pika.BasicProperties(), pika.BasicProperties(delivery_mode=2, message_id="ä"), every])
        size = rng.choice([0, 1, 300, FRAME_BYTES, FRAME_BYTES + 1, WHOLE_BYTES, WHOLE_BYTES + 1])
        frame_bytes = rng.choice([FRAME_BYTES, 2 * WHOLE_BYTES])
        pieces.append(_message(tag, rng.randbytes(size), properties, frame_bytes=frame_bytes))
        if rng.random() < 0.2:
            pieces.append(pika.frame.Heartbeat().marshal())
    return b"".join(pieces)


@pytest.mark.parametrize("most", [101, 4_096, 300_000])
def test_the_same_messages_as_pika_reads(most: int) -> None:
    """In the same order, with the same properties, whatever the pieces in which they come; and all is counted."""
    data = _traffic(_random(most))
    theirs, ours = _Received(AsyncioConnection), _Received(WholeMessageConnection)
    theirs.take(data, _random(1), max(most, 4_096))
    ours.take(data, _random(2), most)
    assert 79 == len(theirs.messages)
    assert theirs.messages == ours.messages
    assert theirs.heartbeats == ours.heartbeats > 0
    assert len(data) == theirs.connection.bytes_received == ours.connection.bytes_received
    assert theirs.connection.frames_received == ours.connection.frames_received
    assert b"" == ours.connection._frame_buffer


def test_small_messages_do_not_go_pikas_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even those that are cut where what was received ends."""

    def never(_self: Any, _frame: Any) -> None:
        raise AssertionError("a frame was given to pika")

    monkeypatch.setattr(WholeMessageConnection, "_process_frame", never)
    data = b"".join(_message(tag, b"{}" * 100, pika.BasicProperties(message_id="m")) for tag in range(1, 100))
    ours = _Received(WholeMessageConnection)
    ours.take(data, _random(3), 4_096)
    assert 99 == len(ours.messages)


def test_headers_that_can_not_be_read_are_left_out_here_too() -> None:
    """The message is delivered without them, and those behind it as they are."""
    bad = _message(1, b"{}", pika.BasicProperties(headers={"h": "abcdefgh"}))
    bad = bad.replace(b"\x01hS\x00\x00\x00\x08abcdefgh", b"\x01h?\x00\x00\x00\x08abcdefgh")
    ours = _Received(WholeMessageConnection)
    ours.connection._on_data_available(bad + _message(2, b"[]", pika.BasicProperties(message_id="m2")))
    assert [b"{}", b"[]"] == [body for _, _, body in ours.messages]
    assert [UNREADABLE] == list(ours.messages[0][1]["headers"])
    assert "m2" == ours.messages[1][1]["message_id"]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_frame_that_does_not_end_as_frames_do_ends_the_connection(which: int) -> None:
    """Whichever of the message's frames it is."""
    data = bytearray(_message(1, b"{}", pika.BasicProperties(message_id="m")))
    ends = [at for at, byte in enumerate(data) if byte == pika.spec.FRAME_END]
    data[ends[which]] = 0
    with pytest.raises(pika.exceptions.InvalidFrameError):
        _Received(WholeMessageConnection).connection._on_data_available(bytes(data))


def test_nothing_is_delivered_from_a_connection_that_was_ended_meanwhile() -> None:
    """Whoever got a message may have given the connection up, as pika does when it breaks."""
    ours = _Received(WholeMessageConnection)
    channel = ours.connection._channels[1]

    def ends(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
        ours.messages.append((method, properties, body))
        ours.connection._frame_buffer = b""

    channel._consumers[CONSUMER] = ends
    data = b"".join(_message(tag, b"{}", pika.BasicProperties()) for tag in range(1, 10))
    ours.connection._on_data_available(data)
    assert 1 == len(ours.messages)


def test_one_that_fails_on_a_message_does_not_get_it_again() -> None:
    """What was handed on is taken out of the buffer all the same, as pika does it."""
    ours = _Received(WholeMessageConnection)

    def fails(*_args: Any) -> None:
        raise ValueError("a defect")

    ours.connection._channels[1]._consumers[CONSUMER] = fails
    one = _message(1, b"{}", pika.BasicProperties())
    with pytest.raises(ValueError, match="a defect"):
        ours.connection._on_data_available(one + one)
    assert one == ours.connection._frame_buffer


def test_a_message_for_a_channel_that_is_not_there_is_left_to_pika() -> None:
    """Which says so in its log, and reads on."""
    ours = _Received(WholeMessageConnection)
    ours.connection._channels = {}
    ours.connection._on_data_available(_message(1, b"{}", pika.BasicProperties()))
    assert ([], b"") == (ours.messages, ours.connection._frame_buffer)


def test_what_is_read_of_half_a_message() -> None:
    """It is waited for as soon as it is sure to be one, and at every byte of it."""
    whole = _message(1, b"{}" * 10, pika.BasicProperties(message_id="m"))
    read = [deliveries.read_message(whole[:size], 0) for size in range(11, len(whole))]
    assert {deliveries.Other.BEGINNING} == set(read)
