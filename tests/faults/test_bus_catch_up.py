"""A broker that is away for long: what happened meanwhile arrives by itself, and holds up nothing that happens now."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.bus.amqp import AmqpChannel
from hub.bus.relay import YIELD_EVERY, BusRelay
from hub.config.model import BusSection
from hub.journal.journal import Journal
from tests.relay import Relay, refuse
from tests.scenarios import bus_client
from tests.servers.rabbitmq import RabbitMQ
from tests.unit.journal import samples
from tests.waiting import eventually

EVENTS = 50_000


class Turns:
    """The event loop's turns, and the most messages that were published within one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most_published = 0
        self._published = 0
        publish = AmqpChannel.publish

        def counted(*arguments: object) -> None:
            self._published += 1
            publish(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(AmqpChannel, "publish", counted)

    async def count(self) -> None:
        """Count until cancelled."""
        while True:
            await asyncio.sleep(0)
            self.most_published = max(self.most_published, self._published)
            self._published = 0


async def test_fifty_thousand_events_are_caught_up_with(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lag shows while it is away; when it is back all arrives in order, a few messages in each turn of the loop."""
    turns = Turns(monkeypatch)
    exchange = f"events-{uuid.uuid4().hex[:8]}"
    queue = f"{exchange}-queue"
    await asyncio.to_thread(bus_client.bind, rabbitmq.url, exchange, queue)
    journal = await Journal.open(tmp_path / "journal.db")
    async with Relay(rabbitmq.port) as wire:
        wire.instead = refuse
        url = rabbitmq.url.replace(f":{rabbitmq.port}/", f":{wire.port}/")
        relay = BusRelay(BusSection(url=SecretStr(url), exchange=exchange), journal, retry_max_s=1.0)
        await relay.start()
        for first in range(0, EVENTS, 1_000):
            await journal.append_all([samples.step(samples.call(number)) for number in range(first, first + 1_000)])
        assert EVENTS == relay.lag
        assert relay.problem() is not None
        counting = asyncio.create_task(turns.count())
        wire.instead = None
        await eventually(lambda: relay.lag == 0, "all confirmed", 120)
        counting.cancel()
        assert relay.problem() is None
        assert 0 < turns.most_published <= 2 * YIELD_EVERY
        await relay.stop()
    received = await asyncio.to_thread(bus_client.collect, rabbitmq.url, queue, EVENTS, 60.0)
    journaled: list[str] = []
    while batch := await journal.read(len(journaled), 5_000):
        journaled += [stored.id for stored in batch]
    await journal.close()
    assert journaled == list(dict.fromkeys(message.properties.message_id for message in received))
