"""One agent's page at the other end of a WebSocket, written to without waiting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import WSMsgType, web

log = structlog.get_logger(__name__)

MAX_WAITING_BYTES = 256 * 1024
"""What may wait in the hub for one page that reads slowly; then its socket is closed and it starts afresh."""

_KERNEL_BUFFER_BYTES = 128 * 1024
_NEVER_DRAIN = 1 << 62
_MAX_INCOMING_BYTES = 1024
_HEARTBEAT_S = 25.0
_CLOSE_GRACE_S = 2.0

CLOSE_NOTHING_EXPECTED = 1003
CLOSE_GOING_AWAY = 1001
CLOSE_SIGNED_OUT = 4401
CLOSE_TOO_SLOW = 4408


def _run_at_once(step: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits: aiohttp's frame writer, whose drain is switched off by its limit."""
    try:
        step.send(None)
    except StopIteration:
        return
    step.close()
    raise RuntimeError("The WebSocket writer waited although its limit is off.")


class DeskSocket:
    """A page's socket. `session` is the id of the sign-in session that it was opened with.

    Frames go straight into the transport: no queue and no task stand between an event and the wire. The
    transport's buffer is the queue, and it is bounded: see `MAX_WAITING_BYTES`.
    """

    __slots__ = ("_closing", "_max_waiting", "_transport", "_ws", "agent", "session")

    def __init__(self, agent: str, session: str, *, max_waiting: int = MAX_WAITING_BYTES) -> None:
        self.agent = agent
        self.session = session
        self._max_waiting = max_waiting
        self._ws = web.WebSocketResponse(
            compress=False,
            heartbeat=_HEARTBEAT_S,
            max_msg_size=_MAX_INCOMING_BYTES,
            timeout=_CLOSE_GRACE_S,
            writer_limit=_NEVER_DRAIN,
        )
        self._transport: asyncio.Transport | None = None
        self._closing: asyncio.Task[None] | None = None

    async def open(self, request: web.Request) -> web.WebSocketResponse:
        """Answer the handshake. Raises `web.HTTPBadRequest` when the request is none."""
        await self._ws.prepare(request)
        self._transport = request.transport
        raw = self._ws.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
        return self._ws

    def send(self, frame: bytes) -> bool:
        """Write one JSON frame. Return whether it was written; a page that reads too slowly is closed instead."""
        transport = self._transport
        if transport is None or self._closing is not None or self._ws.closed or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > self._max_waiting:
            log.warning("page_too_slow", agent=self.agent, waiting_bytes=transport.get_write_buffer_size())
            self.close(CLOSE_TOO_SLOW, "The page reads too slowly.")
            return False
        try:
            _run_at_once(self._ws.send_frame(frame, WSMsgType.TEXT))
        except ConnectionError:
            return False  # it went in this very moment; the reading side ends the socket
        return True

    async def until_closed(self) -> None:
        """Wait until the page goes; whatever it says ends the connection."""
        message = await self._ws.receive()
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            log.warning("page_spoke", agent=self.agent)
            self.close(CLOSE_NOTHING_EXPECTED, "This socket only listens.")
        await self.closed()

    def close(self, code: int, reason: str) -> None:
        """Begin to close. A page that does not answer within two seconds is cut off."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(code, reason))

    async def closed(self) -> None:
        """Wait for a close that has begun."""
        if self._closing is not None:
            await self._closing

    async def _close(self, code: int, reason: str) -> None:
        try:
            await self._ws.close(code=code, message=reason.encode(), drain=False)
        finally:
            if self._transport is not None:
                self._transport.abort()
