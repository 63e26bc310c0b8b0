"""Messages a second from a feed's queue into the journal, mapped, against bare pika that reads them with json.loads.

Both empty a queue of the kind that the hub makes, filled before, with the same number of messages unacknowledged at
most. Bare pika acknowledges as the hub does, many at once, which is faster than one at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pydantic import SecretStr

from hub.bus.envelope import Message
from hub.bus.feed import MAX_BATCH, PREFETCH, QueueFeed
from hub.bus.feeds import Feeds
from hub.bus.reception import Reception
from hub.bus.topology import inbound_queue
from hub.collector import spare_collector
from hub.config.inbound import InboundFeed
from hub.config.model import BusSection, Config, HubSection
from hub.config.pbx import PbxSection
from hub.journal.journal import Journal
from tests.bench.bench_relay import EXCHANGE
from tests.bench.bench_relay import BarePika as ConfirmedPublisher
from tests.bench.result import Target, report, spread
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.requirements import ensure
from tests.waiting import eventually

MESSAGES = 20_000
ROUNDS = 5
CUSTOMERS = 2_000
FEED = "bench"
QUEUE = f"ctihub.inbound.{FEED}"
WITHIN_S = 300.0
TARGET = 0.5

MAPPING = """\
source: JSON
version: 1
target: interaction
fields:
  id: ticket
  channel: {const: case}
  at: opened
  subject: title
  status: {from: state, table: {O: open, C: closed}}
  text: description
  customer.phones: {from: tel, phone: true}
  customer.emails: mail
"""


class Taken(NamedTuple):
    """Messages a second, and microseconds of this process's CPU for each."""

    per_s: float
    cpu_us: float


def _message(number: int) -> bytes:
    record = {
        "ticket": f"T{number:08}",
        "opened": "2026-03-01T10:00:00Z",
        "state": "O",
        "title": f"Ticket {number}",
        "description": "The delivery has not arrived, the customer asks where it is and when it comes. " * 2,
        "tel": f"030 {90100000 + number % CUSTOMERS}",
        "mail": f"customer{number % CUSTOMERS}@example.com",
        "priority": 3,
        "queue": {"name": "Deliveries", "site": "Berlin"},
    }
    return json.dumps(record).encode()


class BarePika:
    """Consumes as pika's own example does, and parses each message."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def take(self, url: str) -> Taken:
        count = self._left
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
        channel = connection.channel(on_open_callback=ready.set_result)
        await ready
        limited: asyncio.Future[Any] = loop.create_future()
        channel.basic_qos(prefetch_count=PREFETCH, callback=limited.set_result)
        await limited
        with measured(count) as taken:
            channel.basic_consume(QUEUE, self._arrived)
            await self._done
        connection.close()
        await eventually(lambda: connection.is_closed, "pika's connection closed")
        return taken[0]

    def _arrived(self, channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        assert json.loads(body)
        self._left -= 1
        if self._left % MAX_BATCH == 0:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if self._left == 0:
            self._done.set_result(None)


@contextlib.contextmanager
def measured(count: int) -> Iterator[list[Taken]]:
    """Put what the block took in the list that it gets."""
    taken: list[Taken] = []
    began, began_cpu = time.perf_counter(), time.process_time()
    yield taken
    cpu_us = (time.process_time() - began_cpu) * 1e6 / count
    taken.append(Taken(count / (time.perf_counter() - began), cpu_us))


async def _hub(url: str, folder: Path, count: int) -> Taken:
    """Return what the hub's feed took, from its start to the last message durable in a new journal."""
    (folder / "bench").mkdir(parents=True)
    (folder / "bench" / "ticket.yaml").write_text(MAPPING)
    section = InboundFeed(mapping="bench/ticket")
    config = Config(
        hub=HubSection(region="DE", mappings=(str(folder),)),
        pbx={"main": PbxSection(host="127.0.0.1", username="hub", secret=SecretStr("none"))},
        inbound={FEED: section},
    )
    journal = await Journal.open(folder / "journal.db")
    done = asyncio.Event()
    seen = 0

    def told(_event: object) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            done.set()

    reception = Reception(Feeds(config), journal, on_event=told)
    bus = BusSection(url=SecretStr(url))
    feed = QueueFeed(FEED, section, bus, reception=reception, store_problem=journal.problem)
    with measured(count) as taken:
        feed.start()
        async with asyncio.timeout(WITHIN_S):
            await done.wait()
    await feed.stop()
    assert (count, 0, 0) == (
        reception.count(FEED).recorded,
        reception.count(FEED).duplicates,
        reception.count(FEED).dead,
    )
    await journal.close()
    return taken[0]


def _fill(url: str, bodies: list[bytes]) -> None:
    """Fill the queue, empty before; each message is confirmed, so that all are there when this returns."""
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True, arguments=inbound_queue(QUEUE).arguments)
        channel.queue_purge(QUEUE)
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.queue_bind(QUEUE, EXCHANGE, FEED)
    messages = [
        (FEED, Message(pika.BasicProperties(message_id=f"m{number}", delivery_mode=2), body))
        for number, body in enumerate(bodies)
    ]
    asyncio.run(_publish(url, messages))


async def _publish(url: str, messages: list[tuple[str, Message]]) -> None:
    await ConfirmedPublisher(messages).events_per_s(url)


def measure(messages: int = MESSAGES, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return both rates of several rounds, and the median of each round's ratio."""
    bodies = [_message(number) for number in range(messages)]
    spare_collector()  # as a running hub does, here for both
    place = ensure("rabbitmq").place
    if place is None:
        raise RuntimeError("there is no RabbitMQ")
    server = RabbitMQ(place)
    bare: list[Taken] = []
    hub: list[Taken] = []
    try:
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            for number in range(rounds):
                _fill(server.url, bodies)
                bare.append(asyncio.run(_bare(server.url, messages)))
                _fill(server.url, bodies)
                hub.append(asyncio.run(_hub(server.url, Path(folder) / str(number), messages)))
    finally:
        server.remove()
    ratio = statistics.median(ours.per_s / theirs.per_s for ours, theirs in zip(hub, bare, strict=True))
    cpu = statistics.median(theirs.cpu_us / ours.cpu_us for ours, theirs in zip(hub, bare, strict=True))
    return report(
        {
            "messages": messages,
            "bytes_of_a_message": len(bodies[0]),
            "bare_pika_per_s": spread([one.per_s for one in bare]),
            "hub_per_s": spread([one.per_s for one in hub]),
            "bare_pika_cpu_us": spread([one.cpu_us for one in bare], 1),
            "hub_cpu_us": spread([one.cpu_us for one in hub], 1),
            "ratio_of_cpu": round(cpu, 2),
        },
        Target(what="hub to bare pika with json.loads", value=round(ratio, 2), rule="at least", limit=TARGET),
    )


async def _bare(url: str, count: int) -> Taken:
    return await BarePika(count).take(url)


def main() -> dict[str, Any]:
    """Measure with the bench's own numbers."""
    return measure()


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
