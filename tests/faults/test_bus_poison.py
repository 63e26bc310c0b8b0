"""A message that ends the hub each time: given up after `attempts`, and those around it are events, once, in order."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from contextlib import closing
from pathlib import Path

import aiohttp
import pika

from hub.bus.topology import inbound_queue
from hub.domain.event import decode_event
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import Interaction
from hub.journal.journal import Journal
from tests.faults.forked_hub import ForkedHub
from tests.faults.legacy_senders import MAPPING
from tests.scenarios import bus_client
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import eventually_asked

MESSAGES = 400
POISON = (100, 200)
ATTEMPTS = 3


def _message(number: int) -> tuple[bytes, pika.BasicProperties]:
    record = {"order": str(number), "shipped": "2026-03-01T10:00:00Z", "customer": f"C-{number % 7}"}
    record |= {"note": "ends-the-hub"} if number in POISON else {}
    return json.dumps(record).encode(), pika.BasicProperties(message_id=f"m{number}", delivery_mode=2)


def _fill(broker: str, queue: str) -> None:
    """Put all in before there is a hub: it has everything at hand when it comes to the first that ends it."""
    with closing(bus_client.connect(broker)) as connection:
        connection.channel().queue_declare(queue, durable=True, arguments=inbound_queue(queue).arguments)
    bus_client.publish(broker, queue, *(_message(number) for number in range(MESSAGES)))


def _site(folder: Path, broker: str, queue: str) -> tuple[ForkedHub, str]:
    """Return the hub and where its metrics are."""
    (folder / "legacy").mkdir()
    (folder / "legacy" / "order.yaml").write_text(MAPPING)
    listen = f"{LOOPBACK}:{free_tcp_port()}"
    document = {
        "hub": {"listen": listen, "region": "DE", "mappings": ["."]},
        "store": {"url": "sqlite:///ctihub.db"},
        "bus": {"url": broker, "exchange": f"{queue}.events"},
        "pbx": {"main": {"host": LOOPBACK, "port": free_tcp_port(), "username": "hub", "secret": "${AMI_SECRET}"}},
        "inbound": {"erp": {"mapping": "legacy/order", "queue": queue, "attempts": ATTEMPTS}},
    }
    configuration = folder / "ctihub.yaml"
    # What is JSON is YAML too.
    configuration.write_text(json.dumps(document))
    environment = {"AMI_SECRET": secrets.token_urlsafe(16)}
    return ForkedHub(configuration, folder / "hub.log", environment, poison="ends-the-hub"), f"http://{listen}/metrics"


async def _stored(folder: Path) -> tuple[list[int], list[DeadLetter]]:
    """Return the orders that were recorded, in their order, and the dead letters."""
    journal = await Journal.open(folder / "ctihub.db")
    told = [decode_event(one.body).data for one in await journal.read(0, 2 * MESSAGES)]
    letters = list(await journal.dead_letters())
    await journal.close()
    return [int(one.reference) for one in told if isinstance(one, Interaction)], letters


async def _gave_both_up(metrics: str) -> bool:
    """Whether the hub has done so since its start: what ended it has gone to the queue's end, so they are the last."""
    try:
        async with aiohttp.ClientSession() as client, client.get(metrics) as reply:
            lines = (await reply.text()).splitlines()
    except aiohttp.ClientError:
        return False
    return f'ctihub_feed_dead_total{{feed="erp"}} {len(POISON)}.0' in lines


async def test_a_message_that_ends_the_hub_is_given_up(each_rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """It alone is counted, however many were at hand with it: the second one, too, has its own number of attempts."""
    broker = each_rabbitmq.url
    queue = f"poison-{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(_fill, broker, queue)
    site, metrics = _site(tmp_path, broker, queue)
    with site as hub:
        # Delivered together with the first one, the second has been begun once when it is come to.
        for _ in range(ATTEMPTS + ATTEMPTS - 1):
            await asyncio.to_thread(hub.start)
            await asyncio.to_thread(hub.ends)
        await asyncio.to_thread(hub.start)
        await eventually_asked(lambda: _gave_both_up(metrics), "both given up", 60)
        # A message is counted before the broker hears that it is done with.
        await asyncio.to_thread(hub.stop)
    assert 0 == await asyncio.to_thread(bus_client.depth, broker, queue)
    orders, letters = await _stored(tmp_path)
    assert [number for number in range(MESSAGES) if number not in POISON] == orders
    assert [f"m{number}" for number in POISON] == sorted(letter.message_id for letter in letters)
    for letter in letters:
        assert f"the hub began it {ATTEMPTS} times and did not come to an end" in letter.reason
