"""The body of what a legacy system sends: as it is, up to the feed's limit, from senders that keep going."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import hdrs, web

from hub.desk.replies import ApiError

MAX_HELD_BYTES = 256 * 1024 * 1024
"""Of all bodies that are being read or understood at the same time."""
SHARES = 4
"""A fourth of that is the most for one feed: who sends to one, slowly and much, leaves room for those of the others."""
GRACE_S = 10.0
SLOWEST_BYTES_S = 8 * 1024
"""A body that comes slower than this, after the first ten seconds, is not waited for."""


class FeedBodies:
    """Reads bodies, together within bounded memory."""

    def __init__(
        self, *, max_held: int = MAX_HELD_BYTES, grace_s: float = GRACE_S, slowest_bytes_s: int = SLOWEST_BYTES_S
    ) -> None:
        self._max_held = max_held
        self._grace = grace_s
        self._slowest = slowest_bytes_s
        self._held: Counter[str] = Counter()

    @asynccontextmanager
    async def body(self, request: web.Request, feed: str, limit: int) -> AsyncIterator[bytes]:
        """Read the body, and count it as held for the feed until the context ends.

        Raises ApiError 408, 413, 415 or 503. What is larger than `limit` is refused by its Content-Length before any of
        it is read, else as soon as it is more.
        """
        if request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower() not in {"", "identity"}:
            raise ApiError(415, "compressed", "Send the message as it is, without Content-Encoding.")
        if (request.content_length or 0) > limit:
            raise _too_large(limit)
        await _ask_for(request)
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in self._chunks(request):
                chunks.append(chunk)
                size += len(chunk)
                self._held[feed] += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                if self._held[feed] > max(limit, self._max_held // SHARES) or self._held.total() > self._max_held:
                    message = "Too much is being sent at the same time. Send it again soon."
                    raise ApiError(503, "busy", message, {hdrs.RETRY_AFTER: "1"})
            yield b"".join(chunks)
        finally:
            self._held[feed] -= size

    async def _chunks(self, request: web.Request) -> AsyncIterator[bytes]:
        """Yield what comes, as long as it comes fast enough."""
        started, arrived = asyncio.get_running_loop().time(), 0
        while True:
            try:
                async with asyncio.timeout_at(started + self._grace + arrived / self._slowest):
                    chunk = await request.content.readany()
            except TimeoutError:
                raise ApiError(408, "too_slow", "The message did not arrive in time.") from None
            if not chunk:
                return
            arrived += len(chunk)
            yield chunk


async def expects_later(_request: web.Request) -> None:
    """Handle `Expect: 100-continue`: the body is asked for when it is known that it will be read."""


async def _ask_for(request: web.Request) -> None:
    """Tell a sender who waits for it to go on (RFC 9110, 10.1.1)."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        transport = request.transport
        if transport is not None:
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "too_large", f"The message is too large: this feed takes at most {limit} bytes (max_bytes).")
