"""Reads a hub's stream of events (server-sent events, WHATWG HTML 9.2) for as long as somebody looks."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable

import aiohttp

from hub.cli.outcome import CannotRunError
from hub.cli.tap_filter import EventFilter, TappedEvent
from hub.domain.backoff import wait_after
from hub.domain.phone import clean_text

MAX_EVENT = 8 * 1024 * 1024
"""Bytes of one line; an event is one."""
SILENCE_S = 90.0
"""A hub says something at least every few seconds: after that long it is not there any more."""
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_REFUSED = {
    401: "the hub does not know this token",
    403: "this token may not read events: give it `may: [read]`",
    404: "there is no hub at this address: it has no /api/v1/events",
}


class _AgainError(Exception):
    """The stream ended, and can be read on."""


async def follow(
    url: str,
    token: str,
    wanted: EventFilter,
    say: Callable[[TappedEvent], str],
    *,
    after: int | None = None,
    count: int | None = None,
) -> None:
    """Print what is wanted until `count` events are (None: without end). Raises CannotRunError if it can't begin."""
    stream = _Stream(url, token, wanted, after)
    left = count
    failures, has_begun = 0, False
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=SILENCE_S)
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=MAX_EVENT, trust_env=False) as session:
        while left != 0:
            try:
                async for event in stream.events(session):
                    has_begun, failures = True, 0
                    if event is not None and wanted.fits(event):
                        print(say(event), flush=True)
                        left = None if left is None else left - 1
                        if left == 0:
                            return
            except _AgainError as error:
                if not has_begun:
                    raise CannotRunError(str(error)) from None
                wait_s = wait_after(failures, shortest_s=_SHORTEST_WAIT_S, longest_s=_LONGEST_WAIT_S)
                failures += 1
                print(f"ctihub tap: {error}; trying again in {wait_s:.1f} s", file=sys.stderr, flush=True)
                await asyncio.sleep(wait_s)


class _Stream:
    def __init__(self, url: str, token: str, wanted: EventFilter, after: int | None) -> None:
        self._url = url
        self._token = token
        self._prefixes = wanted.prefixes
        self._after = after
        self._last_id = ""

    async def events(self, session: aiohttp.ClientSession) -> AsyncIterator[TappedEvent | None]:
        """Yield None once the stream is open, then each event. Raises _AgainError, CannotRunError."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        params = {"types": self._prefixes} if self._prefixes else {}
        if self._after is not None and not self._last_id:
            params["after"] = str(self._after)
        try:
            async with session.get(
                f"{self._url}/api/v1/events", headers=headers, params=params, allow_redirects=False
            ) as response:
                if response.status != 200:  # noqa: PLR2004 - OK
                    raise self._refusal(response.status, await response.content.read(2000))
                yield None
                async for event in self._read(response.content):
                    yield event
        except aiohttp.InvalidURL:
            raise CannotRunError(f"{self._url} is no address, as in http://127.0.0.1:8080") from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _AgainError(f"no connection to the hub at {self._url}: {_words(error)}") from None
        raise _AgainError(f"the hub at {self._url} ended the stream")

    def _refusal(self, status: int, body: bytes) -> Exception:
        if status in _REFUSED:
            return CannotRunError(f"{_REFUSED[status]} (HTTP {status}, {self._url})")
        message = (
            f"the hub at {self._url} answers with HTTP {status}: {clean_text(body.decode('utf-8', 'replace'), 200)}"
        )
        return _AgainError(message) if status >= 500 else CannotRunError(message)  # noqa: PLR2004 - its own trouble

    async def _read(self, content: aiohttp.StreamReader) -> AsyncIterator[TappedEvent]:
        """Put events together from their lines: an empty line ends one, a colon begins a comment."""
        data: list[str] = []
        identifier = ""
        async for raw in content:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "id":
                identifier = value
            elif not line:
                if data:
                    self._last_id = identifier or self._last_id
                    event = _event("\n".join(data))
                    if event is not None:
                        yield event
                data = []
            elif not field and value and value not in {"live", "resumed"}:
                print(f"ctihub tap: the hub says: {clean_text(value, 200)}", file=sys.stderr, flush=True)


def _event(text: str) -> TappedEvent | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        print("ctihub tap: an event is no JSON: left out", file=sys.stderr, flush=True)
        return None
    return TappedEvent(text, document) if isinstance(document, dict) else None


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no sign of life in time"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        return os.strerror(error.os_error.errno).lower()
    return "the connection broke off"
