"""Each dead letter, copied to the broker's queue `ctihub.dead` with the reason beside it; the store keeps the original.

The copies are told to whoever listens there. They go out as soon as there is a broker, each at least once; one that
goes out again has the same `x-dead-letter-id`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, Protocol

import pika
import structlog

from hub.bus.amqp import AmqpChannel, AmqpConnection, first_of
from hub.bus.dead_letters import FEED_ORIGIN
from hub.bus.envelope import PERSISTENT
from hub.bus.errors import BrokerError
from hub.bus.parameters import broker_parameters
from hub.bus.queue_message import AS_PROPERTIES
from hub.bus.supervisor import Ready, Supervisor
from hub.bus.topology import DEAD_QUEUE, Topology
from hub.bus.window import ConfirmWindow
from hub.config.model import BusSection
from hub.domain.inbound import DeadLetter, DeadLetterState
from hub.domain.ports import DeadLetters, EventJournal

log = structlog.get_logger(__name__)

READER: Final = "dead-letter-copies"
"""Its cursor is not a position: it is the time, in microseconds since 1970, of the newest letter that was copied."""
MAX_REASON: Final = 500
MAX_BODY: Final = 8 * 1024 * 1024
"""RabbitMQ 4 takes no message above 16 MiB; a larger original is left out of the copy."""
MAX_HEADERS: Final = 32 * 1024
"""Characters of all the original's headers: those of a message have to fit into one frame."""
MAX_HEADER_NAME: Final = 128
MAX_UNCONFIRMED: Final = 100
PAGE: Final = 500
SEEN_AGAIN_US: Final = 5_000_000
"""Letters are not stored exactly in the order of their times: after a restart those of the last seconds go out anew."""


def copy_of(letter: DeadLetter) -> tuple[Any, bytes]:
    """Return properties and body of a letter's copy: the original's, and why it is here.

    Of the original's properties those that would act again (as expiration, or a user id) stand in headers
    `x-original-...`, as they came.
    """
    headers: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    left = MAX_HEADERS
    for name, value in letter.headers.items():
        left -= len(name) + len(value)
        if left < 0 or len(name.encode()) > MAX_HEADER_NAME:
            continue
        if name in AS_PROPERTIES and len(value.encode()) <= MAX_HEADER_NAME:
            properties[AS_PROPERTIES[name]] = value
        else:
            headers[name] = value
    feed = letter.origin.removeprefix(FEED_ORIGIN) if letter.origin.startswith(FEED_ORIGIN) else ""
    headers |= {
        "x-dead-letter-id": letter.id,
        "x-origin": letter.origin,
        "x-feed": feed,
        "x-reason": letter.reason[:MAX_REASON],
        "x-mapping": letter.mapping,
        "x-field": letter.field[:MAX_REASON],
    }
    headers |= {"x-part": letter.part} if letter.part else {}
    headers |= {"x-file": letter.file[:MAX_REASON]} if letter.file else {}
    body = letter.body
    if len(body) > MAX_BODY:
        headers["x-body-left-out"] = f"{len(body)} bytes: ctihub dlq show {letter.id}"
        body = b""
    made = pika.BasicProperties(
        **properties,
        content_type=letter.content_type[:MAX_HEADER_NAME] or None,
        message_id=letter.message_id if len(letter.message_id.encode()) <= MAX_HEADER_NAME else letter.id,
        headers=headers,
        delivery_mode=PERSISTENT,
    )
    return made, body


class Store(EventJournal, DeadLetters, Protocol):
    """Dead letters, and cursors beside them."""


class DeadLetterCopies:
    """Has a connection of its own: a broker that takes nothing holds up no feed."""

    def __init__(
        self,
        bus: BusSection,
        store: Store,
        *,
        dead_queue: str = DEAD_QUEUE,
        retry_min_s: float = 0.5,
        retry_max_s: float = 30.0,
    ) -> None:
        self._store = store
        self._queue = dead_queue
        self._topology = Topology(dead_queue=dead_queue)
        self._waiting: deque[tuple[int, str]] = deque()
        self._more = asyncio.Event()
        self._copied = 0
        self._not_taken = False
        self._supervisor = Supervisor(
            "dead letters",
            broker_parameters(bus, "dead letters"),
            self._session,
            retry_min_s=retry_min_s,
            retry_max_s=retry_max_s,
        )

    @property
    def connected(self) -> bool:
        return self._supervisor.connected

    @property
    def copied_total(self) -> int:
        return self._copied

    @property
    def waiting(self) -> int:
        """Letters that the broker has no copy of yet."""
        return len(self._waiting)

    async def start(self) -> None:
        """Begin with what was not copied before. Raises StoreError."""
        self._waiting.extend(await self._not_copied_before())
        self._supervisor.start()

    async def stop(self) -> None:
        await self._supervisor.stop()

    def arrived(self, letters: Sequence[DeadLetter]) -> None:
        """Have these copied, which are durable; returns at once."""
        self._waiting.extend((microseconds(letter.at), letter.id) for letter in letters)
        self._more.set()

    async def _not_copied_before(self) -> list[tuple[int, str]]:
        """Return those that are newer than the cursor, the oldest first."""
        since = await self._store.cursor(READER) - SEEN_AGAIN_US
        found: list[tuple[int, str]] = []
        before = None
        while page := await self._store.dead_letters(states=[DeadLetterState.WAITING], before=before, limit=PAGE):
            newer = [(at, letter.id) for letter in page if (at := microseconds(letter.at)) > since]
            found += newer
            if len(newer) < len(page):
                break
            before = page[-1].id
        return found[::-1]

    async def _session(self, connection: AmqpConnection, ready: Ready) -> None:
        await self._topology.dead_letters(connection)
        channel = await connection.channel()
        window = ConfirmWindow(0, max_messages=MAX_UNCONFIRMED)
        self._not_taken = False

        def confirmed(tag: int, multiple: bool, took: bool) -> None:
            self._not_taken = self._not_taken or not took
            window.confirmed(tag, multiple=multiple)

        channel.on_return(self._on_return)
        await channel.confirm(confirmed)
        ready()
        while True:
            while self._waiting:
                await self._copy(channel, window)
            self._more.clear()
            await self._more.wait()

    async def _copy(self, channel: AmqpChannel, window: ConfirmWindow) -> None:
        """Copy some, and forget them once the broker has them. Raises BrokerError when it does not take one."""
        some = list(islice(self._waiting, MAX_UNCONFIRMED))
        for number, (_, letter_id) in enumerate(some):
            letter = await self._store.dead_letter(letter_id)
            if letter is None:
                continue
            await until(channel, window.room)
            properties, body = copy_of(letter)
            channel.publish("", self._queue, properties, body)
            window.sent(number, len(body))
        await until(channel, window.drained)
        if self._not_taken:
            raise BrokerError(
                f"queue {self._queue} did not take a dead letter's copy; the letter itself is in the store"
            )
        for _ in some:
            self._waiting.popleft()
        self._copied += len(some)
        await self._store.save_cursor(READER, max(at for at, _ in some))

    def _on_return(self, _routing_key: str) -> None:
        self._not_taken = True


async def until(channel: AmqpChannel, condition: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Wait for a window's condition, or raise why the channel was lost."""
    met = asyncio.ensure_future(condition())
    try:
        await first_of(met, channel.lost)
    finally:
        met.cancel()
    if channel.lost.done():
        raise channel.lost.result()


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
