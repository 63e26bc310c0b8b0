"""The whole hub killed while it takes a legacy system's messages: each ends as one event or one dead letter."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pika

from hub.bus.topology import DEAD_QUEUE
from hub.domain.interaction import Interaction
from tests.scenarios import bus_client
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.servers.ports import free_tcp_port
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import eventually, eventually_asked

FEED = "ctihub.inbound.killed"
EVERYTHING = "legacy.killed"
EXCHANGE = "killed.events"
MESSAGES = 8_000
SECTIONS = {
    "pbx": {"main": {"host": "127.0.0.1", "port": free_tcp_port(), "username": "hub", "secret": "${AMI_SECRET}"}},
    "agents": {"alice": {"name": "Alice", "devices": ["PJSIP/1001"]}},
    "inbound": {"killed": {"mapping": "feeds/order_shipped"}},
}


def _message(number: int) -> tuple[bytes, pika.BasicProperties]:
    """Make what a warehouse sends; each tenth is cut off."""
    record = {
        "orderNumber": str(number),
        "shippedAt": "2026-03-01T10:00:00Z",
        "tracking": str(number),
        "customer": {"number": "C-9", "phone": "030 901820"},
    }
    body = json.dumps(record).encode()
    properties = pika.BasicProperties(message_id=f"killed-{number}", delivery_mode=2)
    return (body if number % 10 else body[:-1]), properties


async def _recorded(hub: HubProcess) -> float:
    async with aiohttp.ClientSession() as client, client.get(f"{hub.url}/metrics") as reply:
        lines = (await reply.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("ctihub_feed_recorded_total"))


async def test_each_message_is_one_event_or_one_dead_letter(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """SIGKILL in the middle of a batch: none is lost, none is two events, and each event goes out under one id."""
    url = rabbitmq.url
    for queue in (FEED, EVERYTHING, DEAD_QUEUE):
        await asyncio.to_thread(bus_client.delete_queue, url, queue)
    await asyncio.to_thread(bus_client.bind, url, EXCHANGE, EVERYTHING)
    await asyncio.to_thread(bus_client.declare_queue, url, FEED)
    messages = [_message(number) for number in range(MESSAGES)]
    await asyncio.to_thread(bus_client.publish, url, FEED, *messages)
    hub = HubProcess(
        tmp_path, {**SECTIONS, "bus": {"url": url, "exchange": EXCHANGE}}, {"AMI_SECRET": "secret-of-the-test"}
    )
    try:
        await hub.start(until="/livez")
        await eventually_asked(lambda: _recorded(hub), "some messages taken", 30)
        hub.kill()
        assert await asyncio.to_thread(bus_client.depth, url, FEED) > 0
        await hub.start(until="/livez")
        good = [body for body, _ in messages if body.endswith(b"}}")]
        sent = await asyncio.to_thread(bus_client.collect, url, EVERYTHING, len(good), 60.0)
        dead = await asyncio.to_thread(bus_client.collect, url, DEAD_QUEUE, MESSAGES - len(good), 60.0)
        async with HubApi(hub.url, hub.token).events(after=0) as stream:
            await eventually(lambda: len(stream.events) >= len(good), "all events on the stream", 30)
            orders = [event.data.reference for event in stream.events if isinstance(event.data, Interaction)]
            ids = [event.id for event in stream.events]
        assert 0 == await asyncio.to_thread(bus_client.depth, url, FEED)
        hub.assert_clean_log("+4930901820")
    finally:
        hub.stop()
    assert [json.loads(body)["orderNumber"] for body in good] == orders
    assert ids == list(dict.fromkeys(message.properties.message_id for message in sent))
    bad = {body for body, _ in messages}.difference(good)
    assert set() == bad.symmetric_difference(letter.body for letter in dead)
