"""The whole with a real RabbitMQ: every event goes out, what legacy systems say comes in, a broker may die."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pika
import pytest
from playwright.async_api import Browser, expect

from hub.domain.call import CallEventKind
from hub.domain.event import EventType
from tests.scenarios import bus_client
from tests.scenarios.backends import MARIA, MARIA_NAME_IN_SERVICE_CLOUD
from tests.scenarios.simulated_site import SimulatedSite, simulated_site
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import eventually, eventually_asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXCHANGE = "ctihub.events"
FEED = "ctihub.inbound.shipping"
LEGACY = "legacy.all"
CALL_STEPS = ["queued", "delivered", "established", "cleared"]


@asynccontextmanager
async def site_with_broker(rabbitmq: RabbitMQ, folder: Path, browser: Browser) -> AsyncIterator[SimulatedSite]:
    """Run a hub with that broker and the shipped feed of shipped orders; a legacy system listens to everything."""
    await asyncio.to_thread(bus_client.bind, rabbitmq.url, EXCHANGE, LEGACY)
    sections = {"bus": {"url": rabbitmq.url}, "inbound": {"shipping": {"mapping": "feeds/order_shipped"}}}
    async with simulated_site(folder, browser, sections=sections) as simulated:
        yield simulated


def shipped(order: str, phone: str) -> tuple[bytes, pika.BasicProperties]:
    """Return the message by which a warehouse says that an order has left, later the higher its number is."""
    left_at = datetime.now(UTC) - timedelta(hours=1) + timedelta(minutes=int(order) - 4711)
    record = {
        "orderNumber": order,
        "shippedAt": left_at.isoformat(timespec="seconds"),
        "carrier": "DHL",
        "tracking": f"00340{order}",
        "customer": {"number": "C-9", "phone": phone},
    }
    properties = pika.BasicProperties(delivery_mode=2, content_type="application/json", message_id=f"m-{order}")
    return json.dumps(record).encode(), properties


async def put(url: str, order: str, phone: str) -> None:
    """Put a message into the feed's queue, which the hub has declared."""

    async def is_put() -> bool:
        try:
            await asyncio.to_thread(bus_client.publish, url, FEED, shipped(order, phone))
        except (pika.exceptions.UnroutableError, pika.exceptions.AMQPError):
            return False
        return True

    await eventually_asked(is_put, f"order {order} in {FEED}", 30)


async def test_a_legacy_systems_message_is_in_the_pop_and_all_events_go_out(
    rabbitmq: RabbitMQ, tmp_path: Path, shared_browser: Browser
) -> None:
    """A shipped order shows in the next pop, another in the pop under way; each step of the call is on the exchange."""
    async with (
        site_with_broker(rabbitmq, tmp_path, shared_browser) as simulated,
        simulated.site.api.events() as stream,
        simulated.site.desk("alice") as desk,
    ):
        # As a warehouse would write it; the site's region makes it the number that calls.
        await put(rabbitmq.url, "4711", MARIA.number.replace("+49", "0"))
        recorded = await stream.until_type(EventType.INTERACTION_RECORDED, within=20)
        assert "/feed/shipping" == recorded.source

        call = simulated.rings(MARIA.number)
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        contacts = desk.testid("interaction")
        await expect(contacts).to_have_count(1)
        await expect(contacts).to_contain_text("Order 4711 shipped")
        await put(rabbitmq.url, "4712", MARIA.number)
        await expect(contacts).to_have_count(2, timeout=20_000)
        await expect(contacts.first).to_contain_text("Order 4712 shipped")
        # What concerns somebody else does not show.
        await put(rabbitmq.url, "4713", "+4940123456")
        await eventually(lambda: 3 == sum(one.type == EventType.INTERACTION_RECORDED for one in stream.events), "it")
        await expect(contacts).to_have_count(2)

        simulated.exchange.answer(*call)
        simulated.exchange.ends(*call)
        call_id = (await stream.until_type(EventType.CALL_QUEUED)).subject
        await stream.until(call_id, CallEventKind.CLEARED)
        # The agents' news goes on meanwhile.
        told = list(stream.events)
        messages = await asyncio.to_thread(bus_client.collect, rabbitmq.url, LEGACY, len(told))
        assert [event.id for event in told] == [message.properties.message_id for message in messages]
        assert [event.type for event in told] == [message.routing_key for message in messages]
        bodies = [json.loads(message.body) for message in messages]
        assert [f"cti.call.{step}" for step in CALL_STEPS] == [
            body["type"] for body in bodies if body["subject"] == call_id and body["type"].startswith("cti.call.")
        ]
        assert {"1.0"} == {body["specversion"] for body in bodies}


async def test_a_dead_broker_delays_and_loses_nothing(
    fresh_rabbitmq: RabbitMQ, tmp_path: Path, shared_browser: Browser
) -> None:
    """Killed between two calls: pops go on as ever, and after its return all events arrive, and the feed works."""
    async with (
        site_with_broker(fresh_rabbitmq, tmp_path, shared_browser) as simulated,
        simulated.site.api.events() as stream,
        simulated.site.desk("alice") as desk,
    ):

        async def a_call() -> None:
            over = sum(one.type == EventType.CALL_CLEARED for one in stream.events)
            call = simulated.rings(MARIA.number)
            await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
            simulated.exchange.answer(*call)
            await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
            simulated.exchange.ends(*call)
            await expect(desk.testid("pop")).to_have_count(0)
            await eventually(lambda: sum(one.type == EventType.CALL_CLEARED for one in stream.events) > over, "its end")

        await a_call()
        await asyncio.to_thread(fresh_rabbitmq.kill)
        await a_call()
        await a_call()
        assert [] == await simulated.site.api.problems()
        await asyncio.to_thread(fresh_rabbitmq.start)
        await put(fresh_rabbitmq.url, "4714", MARIA.number)
        await stream.until_type(EventType.INTERACTION_RECORDED, within=30)
        await a_call()
        expected = [event.id for event in stream.events]
        messages = await asyncio.to_thread(bus_client.collect, fresh_rabbitmq.url, LEGACY, len(expected), 30.0)
        # A message whose confirm was lost with the broker comes twice, with the same id.
        assert expected == list(dict.fromkeys(message.properties.message_id for message in messages))
