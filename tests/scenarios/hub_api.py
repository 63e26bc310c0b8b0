"""The hub's HTTP API as an integrator uses it: live calls, the call log, and the stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import msgspec

from hub.domain.call import Call, CallEvent, CallEventKind
from hub.domain.event import Event, EventType, decode_event
from hub.domain.ports import CallLogEntry
from tests.waiting import eventually


class HubApi:
    """A machine with a bearer token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body."""
        async with (
            aiohttp.ClientSession(headers=self._headers) as client,
            client.get(f"{self._url}{path}") as reply,
        ):
            return reply.status, await reply.read()

    async def calls(self) -> list[Call]:
        """Return the live calls."""
        status, body = await self.get("/api/v1/calls")
        assert 200 == status, body
        return msgspec.json.decode(body, type=list[Call])

    async def call_log(self, query: str = "") -> list[CallLogEntry]:
        """Return the finished calls, the newest first."""
        status, body = await self.get(f"/api/v1/calls/log{query}")
        assert 200 == status, body
        return msgspec.json.decode(body, type=list[CallLogEntry])

    async def problems(self) -> list[str]:
        """Return why the hub is not ready; nothing when it is."""
        _, body = await self.get("/readyz")
        problems: list[str] = msgspec.json.decode(body)["problems"]
        return problems

    @asynccontextmanager
    async def events(self, *, after: int | None = 0, last_id: str | None = None) -> AsyncIterator[EventStream]:
        """Read the stream of events from a position on, or live, or after an event's id, while the block lasts."""
        stream = EventStream()
        query = "" if after is None else f"?after={after}"
        headers = {} if last_id is None else {"Last-Event-ID": last_id}
        async with aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=None)) as client:
            reading = asyncio.create_task(stream.read(client, f"{self._url}/api/v1/events{query}", headers))
            try:
                await eventually(lambda: stream.open or reading.done(), "an open stream of events")
                if reading.done():
                    await reading
                yield stream
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError, aiohttp.ClientError):
                    await reading


class EventStream:
    """Server-sent events as they came: `events`, and each one's SSE id and type."""

    def __init__(self) -> None:
        self.open = False
        self.events: list[Event] = []
        self.lines: list[dict[str, str]] = []

    async def read(self, client: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
        """Read until cancelled or the hub ends the stream."""
        async with client.get(url, headers=headers) as reply:
            assert (200, "text/event-stream") == (reply.status, reply.content_type), await reply.text()
            self.open = True
            fields: dict[str, str] = {}
            with suppress(aiohttp.ClientError):  # a killed hub ends a stream this way
                async for raw in reply.content:
                    line = raw.decode().rstrip("\n")
                    name, _, value = line.partition(": ")
                    if name:
                        fields[name] = value
                    elif "data" in fields:
                        self.lines.append(fields)
                        self.events.append(decode_event(fields["data"].encode()))
                        fields = {}
                    else:
                        fields = {}

    def of_call(self, call_id: str) -> list[Event]:
        """Return that call's own steps, without what was learned of its caller."""
        return [one for one in self.events if one.subject == call_id and isinstance(one.data, CallEvent)]

    def kinds(self, call_id: str) -> list[CallEventKind]:
        """Return what happened to a call, in the order it was told."""
        return [one.data.kind for one in self.of_call(call_id) if isinstance(one.data, CallEvent)]

    async def until(self, call_id: str, kind: CallEventKind, within: float = 10.0) -> CallEvent:
        """Return the last step of that kind of a call, waited for if need be."""

        def found() -> CallEvent | None:
            steps = [one.data for one in self.of_call(call_id) if isinstance(one.data, CallEvent)]
            return next((step for step in reversed(steps) if step.kind is kind), None)

        await eventually(found, f"{kind} of {call_id}; there was {self.kinds(call_id)}", within)
        step = found()
        assert step is not None
        return step

    async def until_type(self, kind: EventType, within: float = 10.0, **wanted: Any) -> Event:
        """Return the first event of that type whose attributes are `wanted`, waited for if need be."""

        def found() -> Event | None:
            return next(
                (
                    one
                    for one in self.events
                    if one.type is kind and all(getattr(one, name) == value for name, value in wanted.items())
                ),
                None,
            )

        await eventually(found, f"{kind} {wanted}; there were {[one.type for one in self.events]}", within)
        event = found()
        assert event is not None
        return event
