"""The whole hub without a broker: what is pushed over HTTP and SOAP is on the stream of events, or a dead letter."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.domain.change import CustomerChange, OrderChange
from hub.domain.event import EventType
from tests.conformance.push_site import LOGIN, PASSWORD
from tests.conformance.shop_schema import MAPPING
from tests.conformance.soap_messages import CUSTOMER, TYPE_11, envelope, username_token
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess

SECRET = "shared secret of the shop"
PUBLISHER = "token-of-the-publisher"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    (tmp_path / "mappings" / "shop").mkdir(parents=True)
    (tmp_path / "mappings" / "shop" / "order.yaml").write_text(MAPPING)
    (tmp_path / "mappings" / "shop" / "list.yaml").write_text(MAPPING.replace("buyer.number", "buyer"))
    sections = {
        "pbx": {"main": {"host": "127.0.0.1", "port": 9, "username": "hub", "secret": "unused-here"}},
        "inbound": {
            "shop": {"mapping": "shop/order", "http": {"hmac": {"secret": "${SHOP_SECRET}"}}},
            "lists": {"mapping": "shop/list", "format": "csv", "encoding": "gb18030"},
            "erp": {"soap": {"login": {**LOGIN, "password": "${ERP_PASSWORD}"}}},
        },
        "auth": {
            "tokens": {
                "tests": {"token": "${API_TOKEN}", "may": ["read", "operate"]},
                "publisher": {"token": "${PUBLISHER}", "may": ["publish"], "feeds": ["lists"]},
            }
        },
    }
    environment = {"SHOP_SECRET": SECRET, "ERP_PASSWORD": PASSWORD, "PUBLISHER": PUBLISHER}
    process = HubProcess(tmp_path, sections, environment)
    await process.start(until="/livez")
    try:
        yield process
    finally:
        process.stop()


def signed(body: bytes) -> dict[str, str]:
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Timestamp": at, "X-Signature": signature}


async def test_what_is_pushed_is_an_event_or_a_dead_letter(hub: HubProcess) -> None:
    """Each way brings its event to a subscriber, resumable as ever; what makes no sense is in the dead letters."""
    api = HubApi(hub.url, hub.token)
    order = b'{"no": "4711", "state": "open", "buyer": {"number": "B-1"}, "item": {"text": "Chair"}}'
    async with aiohttp.ClientSession(f"{hub.url}/api/v1/inbound/") as session, api.events() as stream:
        headers = signed(order)
        async with session.post("shop", data=order, headers=headers) as reply:
            assert 202 == reply.status
            (event_id,) = (await reply.json())["events"]
        async with session.post("shop", data=order, headers=headers) as reply:
            assert 409 == reply.status
        event = await stream.until_type(EventType.ORDER_CHANGED, id=event_id)
        assert isinstance(event.data, OrderChange)
        assert ("/feed/shop", "4711", "Chair") == (event.source, event.data.order.id, event.data.order.description)

        lines = "no,state,buyer\n17,open,李\n18,gone,\n".encode("gb18030")
        bearer = {"Authorization": f"Bearer {PUBLISHER}", "Idempotency-Key": "list-1"}
        async with session.post("lists", data=lines, headers=bearer) as reply:
            receipt = await reply.json()
            assert (202, 1, 1) == (reply.status, receipt["recorded"], receipt["dead"])
            assert ("customer", "line 3") == (receipt["refused"][0]["field"], receipt["refused"][0]["part"])
        event = await stream.until_type(EventType.ORDER_CHANGED, id=receipt["events"][0])
        assert isinstance(event.data, OrderChange)
        assert ({"shop": "李"}, "17") == (event.data.customer.ids, event.data.order.id)

        body = envelope(CUSTOMER, username_token())
        async with session.post("erp", data=body, headers={"Content-Type": TYPE_11, "SOAPAction": '""'}) as reply:
            assert 200 == reply.status
        event = await stream.until_type(EventType.CUSTOMER_CHANGED)
        assert isinstance(event.data, CustomerChange)
        assert ("erp", "0042") == (event.data.customer.system, event.data.customer.id)

        broken = b'{"no": "4711"}'
        async with session.post("shop", data=broken, headers=signed(broken)) as reply:
            assert 422 == reply.status
            (refused,) = (await reply.json())["refused"]
        async with session.get("erp?wsdl") as reply:
            assert (200, "text/xml") == (reply.status, reply.content_type)
    status, listed = await api.get("/api/v1/dead-letters?origin=/feed/shop")
    assert (200, True) == (status, refused["dead_letter"].encode() in listed)
    hub.assert_clean_log("+493515550123", "03515550123")


async def test_a_signature_from_before_a_restart_has_no_second_effect(hub: HubProcess) -> None:
    """A hub that was killed knows the message when it comes again: the journal does."""
    order = b'{"no": "4712", "buyer": {"number": "B-1"}}'
    headers = signed(order)
    async with aiohttp.ClientSession(f"{hub.url}/api/v1/inbound/") as session:
        async with session.post("shop", data=order, headers=headers) as reply:
            first = await reply.json()
        hub.kill()
        await hub.start(until="/livez")
        async with session.post("shop", data=order, headers=headers) as reply:
            assert (202, {"duplicates": 1, "events": first["events"]}) == (reply.status, await reply.json())
        headers = headers | {"Idempotency-Key": "another"}
        async with session.post("shop", data=order, headers=headers) as reply:
            assert 409 == reply.status


async def test_a_repaired_mapping_takes_the_dead_letters_in(hub: HubProcess, tmp_path: Path) -> None:
    """By `ctihub dlq` beside the running hub: listed, replayed to its event, another one dropped; the API says so."""
    mapping = tmp_path / "mappings" / "shop" / "order.yaml"
    usual = mapping.read_text()
    orders = [json.dumps({"no": number, "kunde": {"number": "B-1"}}).encode() for number in ("4713", "4714")]
    async with (
        aiohttp.ClientSession(f"{hub.url}/api/v1/inbound/") as session,
        HubApi(hub.url, hub.token).events() as stream,
    ):
        for order in orders:
            async with session.post("shop", data=order, headers=signed(order)) as reply:
                assert 422 == reply.status
        letters = await dlq(hub, "list", "--feed", "shop", "--json")
        wanted, unwanted = (letter["id"] for letter in reversed(letters))
        assert {("/feed/shop", "customer", "shop/order@1")} == {
            (letter["origin"], letter["field"], letter["mapping"]) for letter in letters
        }
        api = HubApi(hub.url, hub.token)
        assert (200, orders[0]) == await api.get(f"/api/v1/dead-letters/{wanted}/original")
        mapping.write_text(usual.replace("buyer.number", "kunde.number"))
        status, output = await hub.command("dlq", "replay", wanted)
        assert (0, True) == (status, output.endswith("1 of 1 replayed\n"))
        event = await stream.until_type(EventType.ORDER_CHANGED)
        assert isinstance(event.data, OrderChange)
        assert ("4713", {"shop": "B-1"}) == (event.data.order.id, event.data.customer.ids)
        async with session.post("shop", data=orders[0], headers=signed(orders[0])) as reply:
            assert {"duplicates": 1, "events": [event.id]} == await reply.json()

    status, _ = await hub.command("dlq", "drop", unwanted)
    assert 0 == status
    for letter, state in ((wanted, "replayed"), (unwanted, "dropped")):
        status, told = await api.get(f"/api/v1/dead-letters/{letter}")
        assert (200, state) == (status, json.loads(told)["state"])


async def dlq(hub: HubProcess, *words: str) -> list[dict[str, Any]]:
    """Run `ctihub dlq` beside the hub; return the letters that it prints."""
    status, output = await hub.command("dlq", *words)
    assert 0 == status, output
    return [json.loads(line) for line in output.splitlines()]
