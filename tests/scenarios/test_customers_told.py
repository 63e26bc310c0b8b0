"""A shop that only pushes: its customers ring up and are shown, are searched for, and are known after a restart."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.domain.customer import Customer, CustomerContext
from hub.domain.event import EventType
from hub.domain.interaction import TimelinePage
from hub.domain.ports import CallLogEntry
from hub.domain.search import CustomerSearch, CustomerView, FoundBy
from tests.scenarios.call_site import agents_section, pbx_section
from tests.scenarios.hub_api import EventStream, HubApi
from tests.scenarios.hub_process import HubProcess
from tests.waiting import eventually, eventually_asked

PUBLISHER = "token-of-the-shop"
NUMBER = "+498912345678"
CUSTOMER_MAPPING = """\
source: the shop's customers
version: 3
target: customer
fields:
  id: no
  name.full: name
  phones:
    each: phones
    fields:
      number: {from: "@", phone: true}
  emails:
    each: mails
    fields:
      address: "@"
"""
ORDER_MAPPING = """\
source: the shop's orders
version: 1
target: order
fields:
  order.id: number
  order.status: state
  customer.ids.shop: customer
"""


@pytest.fixture
async def exchange() -> AsyncIterator[tuple[Exchange, ManagerServer, str]]:
    secret = secrets.token_urlsafe(12)
    exchange = Exchange(queue="support", members={"PJSIP/1001": "alice"})
    manager = ManagerServer(exchange, username="hub", secret=secret)
    await manager.start()
    yield exchange, manager, secret
    await manager.stop()


@pytest.fixture
async def hub(tmp_path: Path, exchange: tuple[Exchange, ManagerServer, str]) -> AsyncIterator[HubProcess]:
    """Run a hub with two feeds of one system, and no connector at all."""
    folder = tmp_path / "mappings" / "shop"
    folder.mkdir(parents=True)
    (folder / "customer.yaml").write_text(CUSTOMER_MAPPING)
    (folder / "order.yaml").write_text(ORDER_MAPPING)
    _, manager, secret = exchange
    sections = {
        "agents": agents_section(),
        "pbx": pbx_section(manager.port),
        "inbound": {
            "shop": {"mapping": "shop/customer", "title": "Web shop"},
            "orders": {"mapping": "shop/order", "system": "shop"},
        },
        "auth": {
            "tokens": {
                "tests": "${API_TOKEN}",
                "shop": {"token": "${PUBLISHER}", "may": ["publish"], "feeds": ["shop", "orders"]},
            }
        },
    }
    process = HubProcess(tmp_path, sections, {"AMI_SECRET": secret, "PUBLISHER": PUBLISHER})
    await process.start()
    try:
        yield process
    finally:
        process.stop()


async def test_who_rings_is_known_from_what_the_shop_pushed(
    hub: HubProcess, exchange: tuple[Exchange, ManagerServer, str]
) -> None:
    """The customer with orders at the call, what is pushed meanwhile at once; by search and id, after a crash too."""
    pbx, _, _ = exchange
    await push(hub, "shop", {"no": "42", "name": "王小明", "phones": ["089 12345678"], "mails": ["wang@example.com"]})
    await push(hub, "orders", {"number": "B-4711", "state": "open", "customer": "42"})
    async with HubApi(hub.url, hub.token).events() as stream:
        pbx.join_queue(pbx.call_arrives(number=NUMBER, name="", dialled="493023125100"))
        await eventually(lambda: known(stream) == ("王小明", {"B-4711": "open"}), "the customer with the order")
        context = contexts(stream)[-1]
        (answer,) = context.answers
        assert ("shop", "Web shop") == (answer.connector, answer.title)
        assert context.customer is not None
        assert context.customer.name is not None
        assert ("shop", "42", "shop/customer@3") == (
            context.customer.name.system,
            context.customer.name.record,
            context.customer.name.mapping,
        )
        assert context.customer.name.at is not None
        await push(hub, "orders", {"number": "B-4711", "state": "shipped", "customer": "42"})
        await push(hub, "orders", {"number": "B-4712", "state": "open", "customer": "42"})
        now = ("王小明", {"B-4711": "shipped", "B-4712": "open"})
        await eventually(lambda: known(stream) == now, "what was pushed during the call")
    hub.kill()
    await hub.start()
    for text, by in (
        ("345678", FoundBy.PHONE_END),
        ("+49 89 12345678", FoundBy.PHONE),
        ("xiaoming wang", FoundBy.PINYIN),
        ("wxm", FoundBy.INITIALS),
        ("王小", FoundBy.NAME),
        ("wang@example", FoundBy.EMAIL),
        ("b-4712", FoundBy.ORDER),
    ):
        found = msgspec.json.decode(await got(hub, f"/api/v1/customers?q={quote(text)}"), type=CustomerSearch)
        assert [("王小明", by)] == [(hit.customer.display_name, hit.why[0].by) for hit in found.hits], text
    asked = msgspec.json.decode(await got(hub, "/api/v1/customers/shop/42?backends=1"), type=CustomerView)
    assert {"B-4711", "B-4712"} == {order.value.id for order in asked.customer.orders}
    status, _ = await HubApi(hub.url, hub.token).get("/api/v1/customers/shop/43")
    assert 404 == status
    hub.assert_clean_log(NUMBER, "wang@example.com")


async def test_who_is_still_in_the_menu_is_known(
    hub: HubProcess, exchange: tuple[Exchange, ManagerServer, str]
) -> None:
    """The lookup starts as the call arrives: the dialplan talks to the caller, there is no queue and no phone yet."""
    pbx, _, _ = exchange
    await push(hub, "shop", {"no": "42", "name": "王小明", "phones": ["089 12345678"], "mails": []})
    async with HubApi(hub.url, hub.token).events() as stream:
        pbx.call_arrives(number=NUMBER, name="", dialled="493023125100")
        await eventually(lambda: known(stream) == ("王小明", {}), "the customer")
        assert [] == [event.type for event in stream.events if event.type.startswith("cti.call.")]


async def test_who_gives_up_at_once_is_on_the_customers_timeline(
    hub: HubProcess, exchange: tuple[Exchange, ManagerServer, str]
) -> None:
    """Gone before anything was looked up: that they tried is known under their id, and in the call log."""
    pbx, _, _ = exchange
    await push(hub, "shop", {"no": "42", "name": "王小明", "phones": ["089 12345678"], "mails": []})
    caller = pbx.call_arrives(number=NUMBER, name="", dialled="493023125100")
    pbx.join_queue(caller)
    pbx.gives_up(caller)

    async def is_filed() -> bool:
        page = msgspec.json.decode(await got(hub, "/api/v1/customers/shop/42/timeline"), type=TimelinePage)
        log = msgspec.json.decode(await got(hub, "/api/v1/calls/log"), type=list[CallLogEntry])
        return (["abandoned"], ["王小明"]) == (
            [line.status for line in page.interactions],
            [entry.customer for entry in log],
        )

    await eventually_asked(is_filed, "the call that was lost, as this customer's")


async def push(hub: HubProcess, feed: str, message: dict[str, Any]) -> None:
    """Hand a message in as the shop does."""
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {PUBLISHER}"}) as client,
        client.post(f"{hub.url}/api/v1/inbound/{feed}", json=message) as reply,
    ):
        assert 202 == reply.status, await reply.text()


async def got(hub: HubProcess, path: str) -> bytes:
    status, body = await HubApi(hub.url, hub.token).get(path)
    assert 200 == status, body
    return body


def contexts(stream: EventStream) -> list[CustomerContext]:
    of_type = EventType.CUSTOMER_CONTEXT_UPDATED
    return [one.data for one in stream.events if one.type == of_type and isinstance(one.data, CustomerContext)]


def known(stream: EventStream) -> tuple[str, dict[str, str]] | None:
    """Return the caller's name and orders as the newest context has them."""
    told = contexts(stream)
    customer: Customer | None = told[-1].customer if told else None
    if customer is None:
        return None
    return customer.display_name, {order.value.id: order.value.status for order in customer.orders}
