"""An agent's page as light as can be: a WebSocket client that notes when each frame came (RFC 6455)."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable

_TEXT = 0x1
_CLOSE = 0x8
_PING = 0x9
_LENGTH_16 = 126
_LENGTH_64 = 127
_OPCODE = 0x0F

FrameListener = Callable[[bytes, float], None]


class AgentPage(asyncio.Protocol):
    """One open page; `on_frame` gets each text frame and the time (`time.perf_counter`) at which it was read."""

    def __init__(self) -> None:
        self.frames = 0
        self.is_open = False
        self.on_frame: FrameListener | None = None
        self._unread = b""
        self._upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, host: str, port: int, cookie: str) -> AgentPage:
        """Connect and be upgraded. Raises ConnectionError when the hub refuses."""
        transport, page = await asyncio.get_running_loop().create_connection(cls, host, port)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (
                f"GET /api/v1/desk HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: http://{host}:{port}\r\n"
                f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n"
            ).encode()
        )
        await page._upgraded
        return page

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a stream transport is needed, not {transport!r}")
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the handshake where it is not over (called by asyncio)."""
        self.is_open = False
        if not self._upgraded.done():
            self._upgraded.set_exception(exc or ConnectionError("the hub closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Cut what was read into frames (called by asyncio)."""
        now = time.perf_counter()
        data = self._unread + data
        if not self.is_open:
            head, end, rest = data.partition(b"\r\n\r\n")
            if end and not head.startswith(b"HTTP/1.1 101"):
                self._upgraded.set_exception(ConnectionError(f"the hub answered {head[:60]!r}"))
                self.close()
                return
            self._unread = rest if end else data
            if not end:
                return
            self.is_open = True
            self._upgraded.set_result(None)
            data, self._unread = self._unread, b""
        while (cut := _cut(data)) is not None:
            opcode, payload, data = cut
            self._take(opcode, payload, now)
        self._unread = data

    def _take(self, opcode: int, payload: bytes, now: float) -> None:
        if opcode == _TEXT:
            self.frames += 1
            if self.on_frame is not None:
                self.on_frame(payload, now)
        elif opcode == _PING and self._transport is not None:
            # A masked pong; a mask of zeros leaves the payload as it is.
            self._transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif opcode == _CLOSE:
            self.close()


def _cut(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return opcode, payload and the rest after the first whole frame; a server's frames have no mask."""
    if len(data) < 2:
        return None
    length, start = data[1], 2
    if length == _LENGTH_16:
        start = 4
        length = int.from_bytes(data[2:4], "big")
    elif length == _LENGTH_64:
        start = 10
        length = int.from_bytes(data[2:10], "big")
    if len(data) < start or len(data) < start + length:
        return None
    return data[0] & _OPCODE, data[start : start + length], data[start + length :]
