"""What a real RabbitMQ does to those who use it: alarms, closed connections, rights taken away, a dead wire."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pika
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from hub.bus import parameters
from hub.bus.relay import BusRelay
from hub.cli.probes import probes
from hub.config.model import BusSection, Config
from hub.domain.ports import StoredEvent
from hub.journal.journal import Journal
from tests.relay import Relay
from tests.scenarios import bus_client
from tests.servers.rabbitmq import RabbitMQ
from tests.unit.journal import samples
from tests.waiting import eventually as eventually_within

eventually = partial(eventually_within, within=60.0)  # a broker on a busy machine takes its time


class Relaying:
    """A journal that is relayed, and the queue of a system that listens to everything."""

    def __init__(self, rabbitmq: RabbitMQ, journal: Journal, relay: BusRelay, queue: str) -> None:
        self.journal = journal
        self.relay = relay
        self._rabbitmq = rabbitmq
        self._queue = queue
        self._calls = 0

    async def calls(self, count: int) -> None:
        """Let that many calls happen."""
        for _ in range(count):
            self._calls += 1
            self.journal.publish(samples.step(samples.call(self._calls)))
        await self.journal.append(samples.cleared(samples.call(self._calls)))

    async def says(self, words: str) -> None:
        """Wait until the relay's problem has these words."""
        await eventually(lambda: words in (self.relay.problem() or ""), words)

    async def all_arrived(self) -> None:
        """Wait until the broker has all, and see that each event is there, in order, never under two ids."""
        await eventually(lambda: self.relay.lag == 0 and self.relay.problem() is None, "all confirmed")
        journaled: Sequence[StoredEvent] = await self.journal.read(0, 1000)
        received = await asyncio.to_thread(
            bus_client.collect, self._rabbitmq.url, self._queue, len(journaled), within_s=30
        )
        assert [(one.id, one.body) for one in journaled] == list(
            {message.properties.message_id: message.body for message in received}.items()
        )


@asynccontextmanager
async def _relaying(rabbitmq: RabbitMQ, folder: Path, url: str = "") -> AsyncIterator[Relaying]:
    exchange = f"events-{uuid.uuid4().hex[:8]}"
    queue = f"{exchange}-queue"
    await asyncio.to_thread(bus_client.bind, rabbitmq.url, exchange, queue)
    journal = await Journal.open(folder / "journal.db")
    section = BusSection(url=SecretStr(url or rabbitmq.url), exchange=exchange)
    relay = BusRelay(section, journal, retry_min_s=0.05, retry_max_s=0.5)
    await relay.start()
    try:
        await eventually(lambda: relay.connected)
        yield Relaying(rabbitmq, journal, relay, queue)
    finally:
        await relay.stop()
        await journal.close()


@contextmanager
def _user(rabbitmq: RabbitMQ) -> Iterator[str]:
    """Make a user who may do everything; the address to sign in as that user is given."""
    name, password = f"user-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    rabbitmq.control("add_user", name, password)
    rabbitmq.control("set_permissions", name, ".*", ".*", ".*")
    try:
        yield f"amqp://{name}:{password}@{rabbitmq.host}:{rabbitmq.port}/"
    finally:
        rabbitmq.control("delete_user", name)


@pytest.mark.parametrize(
    ("limit", "alarming", "usual"),
    [("set_vm_memory_high_watermark", "0", "0.6"), ("set_disk_free_limit", "1000000GB", "1MB")],
)
async def test_a_broker_without_memory_or_disk_is_told_and_waited_for(
    rabbitmq: RabbitMQ, tmp_path: Path, limit: str, alarming: str, usual: str
) -> None:
    """Its alarm blocks who publishes: said in the log and as the problem, and all arrives when the alarm is over."""
    with capture_logs() as logs:
        async with _relaying(rabbitmq, tmp_path) as relaying:
            await asyncio.to_thread(rabbitmq.control, limit, alarming)
            try:
                await relaying.calls(3)
                await relaying.says("it lacks memory or disk space")
                await relaying.calls(20)
                assert relaying.relay.lag > 0
            finally:
                await asyncio.to_thread(rabbitmq.control, limit, usual)
            await relaying.all_arrived()
    assert ["broker_takes_no_messages", "broker_takes_messages_again"] == [
        entry["event"] for entry in logs if entry["event"].startswith("broker_takes")
    ]


async def test_a_connection_closed_by_the_administrator_is_opened_again(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The broker's own words go to the log; nothing is lost."""
    with capture_logs() as logs:
        async with _relaying(rabbitmq, tmp_path) as relaying:
            await relaying.calls(10)
            await asyncio.to_thread(rabbitmq.control, "close_all_connections", "maintenance at noon")
            await relaying.calls(10)
            await relaying.all_arrived()
    (told,) = [entry["reason"] for entry in logs if entry["event"] == "broker_unavailable"]
    assert "someone closed it" in told
    assert "maintenance at noon" in told


async def test_a_right_that_is_taken_away_is_told_and_missed_calmly(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Who may not write gets in and is thrown out at each message: tried ever more seldom, and well once granted."""
    with _user(rabbitmq) as url:
        name = url.removeprefix("amqp://").partition(":")[0]
        with capture_logs() as logs:
            async with _relaying(rabbitmq, tmp_path, url) as relaying:
                await asyncio.to_thread(rabbitmq.control, "set_permissions", name, ".*", "^$", ".*")
                await relaying.calls(10)
                await relaying.says("lacks a permission")
                began = time.monotonic()
                before = sum(entry["event"] == "broker_connected" for entry in logs)
                await asyncio.sleep(1.5)
                attempts = sum(entry["event"] == "broker_connected" for entry in logs) - before
                took_s = time.monotonic() - began
                await asyncio.to_thread(rabbitmq.control, "set_permissions", name, ".*", ".*", ".*")
                await relaying.all_arrived()
    # Once the delay has grown, half of the longest one is the least there is between two.
    assert 1 <= attempts <= 4 + took_s / 0.25


async def test_a_password_that_is_changed_is_told_and_waited_for(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Thrown out and not let in again: said without the password, and all arrives once it is let in."""
    with _user(rabbitmq) as url:
        name, _, password = url.removeprefix("amqp://").partition("@")[0].partition(":")
        async with _relaying(rabbitmq, tmp_path, url) as relaying:
            await relaying.calls(10)
            await asyncio.to_thread(rabbitmq.control, "change_password", name, "another")
            await asyncio.to_thread(rabbitmq.control, "close_all_connections", "credentials revoked")
            await relaying.calls(10)
            await relaying.says("the login was refused")
            assert password not in (relaying.relay.problem() or "")
            await asyncio.to_thread(rabbitmq.control, "change_password", name, password)
            await relaying.all_arrived()


async def test_a_wire_that_is_cut_again_and_again_loses_nothing(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Reset in the middle of what is sent: the hub connects anew and goes on from what was not confirmed."""
    async with Relay(rabbitmq.port) as wire:
        url = rabbitmq.url.replace(f":{rabbitmq.port}/", f":{wire.port}/")
        async with _relaying(rabbitmq, tmp_path, url) as relaying:
            for _ in range(5):
                connections = wire.connections
                confirmed = relaying.relay.published_total
                await relaying.calls(100)
                await eventually(lambda: relaying.relay.published_total > confirmed)  # noqa: B023 - in its round
                wire.cut()
                await eventually(lambda: wire.connections > connections)  # noqa: B023 - awaited in its round
            await relaying.all_arrived()


async def test_a_wire_that_falls_silent_is_noticed(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is reset, nothing comes: the heartbeat tells, and when the wire passes again all arrives."""
    monkeypatch.setattr(parameters, "HEARTBEAT_S", 1)
    async with Relay(rabbitmq.port) as wire:
        url = rabbitmq.url.replace(f":{rabbitmq.port}/", f":{wire.port}/")
        async with _relaying(rabbitmq, tmp_path, url) as relaying:
            await relaying.calls(10)
            await eventually(lambda: relaying.relay.lag == 0)
            wire.go_silent()
            await relaying.calls(10)
            await relaying.says("sent nothing for too long")
            wire.flow()
            await relaying.all_arrived()


async def test_check_tells_of_the_exchange_and_of_each_feeds_queue(each_rabbitmq: RabbitMQ) -> None:
    """A row each: the queue that a legacy system has made, with what is different, and the one that stays unmade."""
    url = each_rabbitmq.url
    made, unmade = f"made-{uuid.uuid4().hex}", f"unmade-{uuid.uuid4().hex}"
    await asyncio.to_thread(bus_client.declare_queue, url, made)
    other = f"other-{uuid.uuid4().hex}"
    await asyncio.to_thread(bus_client.declare_exchange, url, other, "direct")
    config = Config.model_validate(
        {
            "hub": {"listen": "127.0.0.1:0", "region": "DE"},
            "store": {"url": "sqlite:///unused.db"},
            "bus": {"url": url},
            "inbound": {name: {"mapping": "feeds/order_shipped", "queue": name} for name in (made, unmade, other)},
            "pbx": {"main": {"host": "127.0.0.1", "username": "hub", "secret": "unused"}},
        }
    )
    found = {probe.name: await probe.ask() for probe in probes(config) if probe.kind in {"bus", "feed"}}
    broker = f"{each_rabbitmq.host}:{each_rabbitmq.port}"
    assert f"{broker} lets in, exchange ctihub.events is there" == found["ctihub.events"]
    assert f"{broker} queue {unmade} will be made at the hub's start" == found[unmade]
    told, _, remark = found[made].partition(" (")
    assert f"{broker} queue {made} is there" == told
    assert remark.startswith(f"queue {made} is of type classic, not quorum")
    assert f"{broker} queue {other} will be made at the hub's start (exchange {other} exists" in found[other]
    assert 0 == await asyncio.to_thread(bus_client.depth, url, made)
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
        await asyncio.to_thread(bus_client.depth, url, unmade)
