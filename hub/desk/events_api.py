"""`/api/v1/events`: the journal as server-sent events (WHATWG HTML, 9.2), one CloudEvent each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import structlog
from aiohttp import hdrs, web

from hub.desk.access import Access, Caller
from hub.desk.replies import ApiError
from hub.desk.route import Parameter, Route
from hub.desk.sight import EVERYBODY, Sight
from hub.domain.event import Event
from hub.domain.ports import AccessAction, EventJournal, StoredEvent, StoreError
from hub.domain.topic import is_pattern, matches

log = structlog.get_logger(__name__)

MAX_STREAMS = 100
_MAX_EVENT_ID_LENGTH = 128
_MAX_POSITION_DIGITS = 18
_MAX_TYPES_LENGTH = 1024
_MAX_WANTED = 100


class Wanted(msgspec.Struct, frozen=True):
    """Which events a reader asked for; what is empty leaves none out."""

    prefixes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def has(self, stored: StoredEvent) -> bool:
        if self.subjects and stored.subject not in self.subjects:
            return False
        if self.keys and stored.partitionkey not in self.keys:
            return False
        if not (self.prefixes or self.patterns):
            return True
        return bool(self.prefixes and stored.type.startswith(self.prefixes)) or any(
            matches(pattern, stored.type) for pattern in self.patterns
        )


class EventsApi:
    """Streams of events. A reader that is slow is waited for; the journal keeps what it has not read yet."""

    def __init__(self, *, journal: EventJournal, keepalive_s: float, sight: Sight) -> None:
        self._journal = journal
        self._sight = sight
        self._keepalive_s = keepalive_s
        self._streams: set[asyncio.Task[None]] = set()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/events",
                access=Access.MACHINE,
                handler=self._stream,
                summary="Every event as it becomes durable (server-sent events; `data` is one CloudEvent in JSON).",
                reply=Event,
                media="text/event-stream",
                parameters=(
                    Parameter(
                        name="Last-Event-ID",
                        place="header",
                        description=(
                            "Go on after the event with this id. An id that is not in the journal is said so in a"
                            " comment, and the stream starts live. Comes before `after`."
                        ),
                        schema={"type": "string", "maxLength": _MAX_EVENT_ID_LENGTH},
                    ),
                    Parameter(
                        name="after",
                        description=(
                            "Go on after this position (`sequence`); 0 is the beginning. One beyond the end of the"
                            " journal is said so in a comment, and the stream starts live. Default: live."
                        ),
                        schema={"type": "integer", "minimum": 0},
                    ),
                    Parameter(
                        name="types",
                        description=(
                            "Only event types that begin with one of these, separated by commas. One with `*` (a word)"
                            " or `#` (any number of words) is a pattern for the whole type, as queues are bound to the"
                            " broker's exchange with."
                        ),
                        schema={
                            "type": "string",
                            "maxLength": _MAX_TYPES_LENGTH,
                            "examples": ["cti.call.,cti.agent.", "cti.call.*", "cti.#", "cti.*.changed"],
                        },
                    ),
                    Parameter(
                        name="subject",
                        description="Only events with this `subject` (a call, a customer); may be given several times.",
                        schema={"type": "string"},
                    ),
                    Parameter(
                        name="key",
                        description="Only events with this `partitionkey`; may be given several times.",
                        schema={"type": "string"},
                    ),
                ),
                errors=(400, 503),
            ),
        )

    async def close(self) -> None:
        """End all streams; their readers come back with the last id they saw."""
        for stream in tuple(self._streams):
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    async def _stream(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        if len(self._streams) >= MAX_STREAMS:
            raise ApiError(503, "too_many_streams", f"{MAX_STREAMS} streams are open already.", {"Retry-After": "10"})
        wanted = _wanted(request)
        note, after = await self._start(request)
        response = web.StreamResponse(headers={hdrs.CACHE_CONTROL: "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        role = self._sight.role(caller)
        stream = asyncio.get_running_loop().create_task(self._run(response, note, after, wanted, role))
        self._streams.add(stream)
        self._sight.saw(caller, AccessAction.STREAM, (EVERYBODY,))
        log.info("stream_opened", client=caller.token, after=after)
        try:
            await asyncio.wait({stream})
        finally:
            stream.cancel()
            self._streams.discard(stream)
        if not stream.cancelled() and (error := stream.exception()) is not None:
            raise error
        log.info("stream_closed", client=caller.token)
        return response

    async def _start(self, request: web.Request) -> tuple[str, int]:
        """Return the stream's opening comment and the position after which it starts."""
        last_id = request.headers.get("Last-Event-ID")
        if last_id is not None:
            position = await self._journal.position_of(last_id) if len(last_id) <= _MAX_EVENT_ID_LENGTH else None
            if position is not None:
                return "resumed", position
            log.warning("stream_resumed_at_unknown_event")
            return "Last-Event-ID is not in this journal; starting live", await self._journal.last_position()
        after = request.query.get("after")
        if after is None:
            return "live", await self._journal.last_position()
        if not (after.isascii() and after.isdigit() and len(after) <= _MAX_POSITION_DIGITS):
            raise ApiError(400, "bad_request", "after: must be a whole number, 0 or above.")
        position, end = int(after), await self._journal.last_position()
        if position > end:
            # From another journal, such as the one before a restored backup: waiting for it would skip all until then.
            log.warning("stream_resumed_beyond_the_end", after=position, end=end)
            return f"after={position} is beyond the end of this journal ({end}); starting live", end
        return "resumed", position

    async def _run(self, response: web.StreamResponse, note: str, after: int, wanted: Wanted, role: str) -> None:
        """Write until the reader goes, which shows when a write fails."""
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._write_events(response, note, after, wanted, role))
                parts.create_task(self._keep_alive(response))
        except* ConnectionError:
            log.debug("stream_reader_gone")
        except* StoreError as group:
            # The status is long sent: the reader comes back with the last id it saw, and hears why not then.
            log.error("stream_ended", reason=str(group.exceptions[0]))  # noqa: TRY400 - the reason says it all

    async def _write_events(
        self, response: web.StreamResponse, note: str, after: int, wanted: Wanted, role: str
    ) -> None:
        is_veiled = self._sight.visibility.hides_from(role)
        await response.write(f": {note}\n\n".encode())
        events = self._journal.tail(after)
        try:
            async for stored in events:
                if wanted.has(stored):
                    await response.write(_message(self._sight.event(stored, role) if is_veiled else stored))
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def _keep_alive(self, response: web.StreamResponse) -> None:
        while True:
            await asyncio.sleep(self._keepalive_s)
            await response.write(b":\n\n")


def _wanted(request: web.Request) -> Wanted:
    text = request.query.get("types", "")
    if len(text) > _MAX_TYPES_LENGTH:
        raise ApiError(400, "bad_request", f"types: at most {_MAX_TYPES_LENGTH} characters.")
    types = tuple(part for part in (part.strip() for part in text.split(",")) if part)
    subjects, keys = request.query.getall("subject", []), request.query.getall("key", [])
    for name, given in (("subject", subjects), ("key", keys)):
        if len(given) > _MAX_WANTED:
            raise ApiError(400, "bad_request", f"{name}: at most {_MAX_WANTED} of them.")
    return Wanted(
        tuple(one for one in types if not is_pattern(one)),
        tuple(one for one in types if is_pattern(one)),
        frozenset(subjects),
        frozenset(keys),
    )


def _message(stored: StoredEvent) -> bytes:
    data = b"\n".join(b"data: " + line for line in stored.body.splitlines())
    return b"id: %b\nevent: %b\n%b\n\n" % (stored.id.encode(), stored.type.encode(), data)
