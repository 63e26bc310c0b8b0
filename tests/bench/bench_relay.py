"""Events a second from the journal to RabbitMQ, against bare pika that publishes the same, confirmed, from memory."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pydantic import SecretStr

from hub.bus.envelope import Message, structured
from hub.bus.relay import BusRelay
from hub.config.model import BusSection
from hub.domain.call import CallEventKind
from hub.domain.event import Event
from hub.domain.ports import StoredEvent
from hub.journal.journal import Journal
from tests.bench.result import Target, report, spread
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.requirements import ensure
from tests.unit.journal import samples
from tests.waiting import eventually

EVENTS = 20_000
ROUNDS = 5
WINDOW = 500
EXCHANGE = "bench.events"
QUEUE = "bench.events.all"
WITHIN_S = 300.0
STEPS = (CallEventKind.QUEUED, CallEventKind.DELIVERED, CallEventKind.ESTABLISHED, CallEventKind.CLEARED)


def _events(count: int) -> list[Event]:
    """Make the events of calls of four steps each, with a queue agent in them."""
    calls = (samples.call(number, samples.agent_connection("alice", answered=True)) for number in range(count // 4))
    return [samples.step(call, kind) for call in calls for kind in STEPS]


class BarePika:
    """Publishes what it is given as pika's own example does: as many unconfirmed as the window holds, then waits."""

    def __init__(self, messages: list[tuple[str, Message]]) -> None:
        self._messages = messages
        self._next = 0
        self._unconfirmed: deque[int] = deque()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def events_per_s(self, url: str) -> float:
        """Return how many a second, from the first sent to the last confirmed."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[Any] = loop.create_future()
        connection = AsyncioConnection(
            pika.URLParameters(url),
            on_open_callback=opened.set_result,
            on_open_error_callback=lambda _connection, error: opened.set_exception(error),
            custom_ioloop=loop,
        )
        await opened
        ready: asyncio.Future[Any] = loop.create_future()
        self._channel = connection.channel(on_open_callback=ready.set_result)
        await ready
        confirming: asyncio.Future[Any] = loop.create_future()
        self._channel.confirm_delivery(self._confirmed, callback=confirming.set_result)
        await confirming
        started = time.perf_counter()
        self._fill()
        await self._done
        took = time.perf_counter() - started
        connection.close()
        await eventually(lambda: connection.is_closed, "pika's connection closed")
        return len(self._messages) / took

    def _fill(self) -> None:
        while len(self._unconfirmed) < WINDOW and self._next < len(self._messages):
            routing_key, message = self._messages[self._next]
            self._next += 1
            self._channel.basic_publish(EXCHANGE, routing_key, message.body, message.properties, mandatory=True)
            self._unconfirmed.append(self._next)

    def _confirmed(self, frame: Any) -> None:
        assert isinstance(frame.method, pika.spec.Basic.Ack)
        tag = frame.method.delivery_tag
        if frame.method.multiple:
            while self._unconfirmed and self._unconfirmed[0] <= tag:
                self._unconfirmed.popleft()
        else:
            self._unconfirmed.remove(tag)
        self._fill()
        if not self._unconfirmed and self._next == len(self._messages) and not self._done.done():
            self._done.set_result(None)


async def _relayed(url: str, journal: Journal, reader: str) -> float:
    """Return how many events a second, from the connection being there to the last confirmed."""
    relay = BusRelay(BusSection(url=SecretStr(url), exchange=EXCHANGE, window=WINDOW), journal, reader=reader)
    await relay.start()
    await eventually(lambda: relay.connected, "the relay connected")
    started = time.perf_counter()
    before = relay.published_total
    await eventually(lambda: relay.lag == 0, "everything confirmed", WITHIN_S)
    took = time.perf_counter() - started
    published = relay.published_total - before
    await relay.stop()
    return published / took


def _empty(url: str) -> None:
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.queue_declare(QUEUE, durable=True)
        channel.queue_bind(QUEUE, EXCHANGE, "#")
        channel.queue_purge(QUEUE)


async def _measured(url: str, folder: Path, events: int, rounds: int) -> tuple[list[float], list[float]]:
    journal = await Journal.open(folder / "journal.db")
    made = _events(events)
    for event in made[:-1]:
        journal.publish(event)
    await journal.append(made[-1])
    stored: list[StoredEvent] = []
    while batch := await journal.read(len(stored), 1000):
        stored += batch
    messages = [(one.type, structured(one)) for one in stored]
    bare: list[float] = []
    relayed: list[float] = []
    for number in range(rounds):
        await asyncio.to_thread(_empty, url)
        bare.append(await BarePika(messages).events_per_s(url))
        await asyncio.to_thread(_empty, url)
        relayed.append(await _relayed(url, journal, f"bench-{number}"))
    await journal.close()
    return bare, relayed


def measure(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return events per second of both, turn by turn, and the median of the rounds' ratios."""
    place = ensure("rabbitmq")
    if place.place is None:
        raise RuntimeError(place.problem)
    broker = RabbitMQ(place.place)
    try:
        broker.start()
        with tempfile.TemporaryDirectory() as folder:
            bare, relayed = asyncio.run(_measured(broker.url, Path(folder), events, rounds))
    finally:
        broker.remove()
    ratios = [ours / theirs for ours, theirs in zip(relayed, bare, strict=True)]
    ratio = round(statistics.median(ratios), 2)
    return report(
        {
            "ratio": ratio,
            "ratios": spread(ratios, 2),
            "events_per_s_relayed": spread(relayed),
            "events_per_s_bare_pika": spread(bare),
        },
        Target(
            what="events relayed from the journal a second, times those that bare pika publishes from memory",
            value=ratio,
            rule="at least",
            limit=0.8,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return measure()
