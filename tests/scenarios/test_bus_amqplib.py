"""Systems on a client of another make (npm's amqplib): they read events, hand in, ask, and may no more than that."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.bus.amqp import AmqpConnection
from hub.bus.parameters import broker_parameters
from hub.bus.topology import Topology
from hub.config.model import BusSection
from tests.scenarios import bus_client
from tests.scenarios.hub_process import HubProcess
from tests.servers.amqplib import AmqplibClient
from tests.servers.ports import free_tcp_port
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.requirements import place_of
from tests.waiting import eventually

README = Path(__file__).parents[2] / "hub/bus/README.md"
SHIPPED = {
    "orderNumber": "4711",
    "shippedAt": "2026-03-01T10:00:00Z",
    "tracking": "1Z",
    "customer": {"number": "C-9", "phone": "030 901820"},
}


class Users:
    """Makes users with the permissions that the README gives to those of their kind."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._rabbitmq = rabbitmq

    def add(self, kind: str, name: str) -> str:
        """Return where `name` signs in, who may do with its own names what the README's user `kind` may."""
        (rights,) = re.findall(rf"^rabbitmqctl set_permissions {kind} (.*)$", README.read_text("utf-8"), re.MULTILINE)
        password = uuid.uuid4().hex
        self._rabbitmq.control("add_user", name, password)
        of_its_own = [pattern.replace(kind, name) if kind != "ctihub" else pattern for pattern in rights.split("' '")]
        self._rabbitmq.control("set_permissions", name, *(pattern.strip("'") for pattern in of_its_own))
        return f"amqp://{name}:{password}@{self._rabbitmq.host}:{self._rabbitmq.port}/"


@pytest.fixture
def users(each_rabbitmq: RabbitMQ) -> Users:
    """Make users; they go with the broker."""
    return Users(each_rabbitmq)


@pytest.fixture
def mode(each_rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> str:
    """Give each broker another content mode: what either does with one it does with the other (test_bus_relay.py)."""
    return "structured" if each_rabbitmq is request.getfixturevalue("rabbitmq") else "binary"


class Systems:
    """Clients of amqplib, one for each address."""

    def __init__(self) -> None:
        self._packages = Path(place_of("amqplib"))
        self._clients: list[AmqplibClient] = []

    def at(self, url: str) -> AmqplibClient:
        """Return a client that signs in there."""
        self._clients.append(AmqplibClient(self._packages, url))
        return self._clients[-1]

    def remove(self) -> None:
        """Delete what they wrote."""
        for client in self._clients:
            client.remove()


@pytest.fixture
def systems() -> Iterator[Systems]:
    """Give clients, removed afterwards."""
    made = Systems()
    yield made
    made.remove()


@asynccontextmanager
async def _running_hub(folder: Path, url: str, feed: str, mode: str) -> AsyncIterator[HubProcess]:
    sections: dict[str, Any] = {
        "bus": {"url": "${BROKER}", "content_mode": mode},
        "inbound": {feed: {"mapping": "feeds/order_shipped"}},
        "pbx": {"main": {"host": "127.0.0.1", "port": free_tcp_port(), "username": "hub", "secret": "${AMI_SECRET}"}},
        "agents": {"alice": {"name": "Alice", "devices": ["PJSIP/1001"]}},
    }
    hub = HubProcess(folder, sections, {"BROKER": url, "AMI_SECRET": "secret-of-the-test"})
    try:
        await hub.start(until="/livez")
        yield hub
    finally:
        hub.stop()


def _handed_in(number: str) -> dict[str, Any]:
    return {
        "body": json.dumps({**SHIPPED, "orderNumber": number}),
        "messageId": f"order-{number}",
        "persistent": True,
        "contentType": "application/json",
    }


async def test_one_system_hands_in_and_another_reads(users: Users, systems: Systems, tmp_path: Path, mode: str) -> None:
    """With the rights of the README alone: what one hands in, twice by mistake, another reads once as an event."""
    suffix = uuid.uuid4().hex[:8]
    feed, reading = f"orders{suffix}", f"billing{suffix}"
    hub_url = await asyncio.to_thread(users.add, "ctihub", f"hub{suffix}")
    sender = systems.at(await asyncio.to_thread(users.add, "orders", feed))
    reader = systems.at(await asyncio.to_thread(users.add, "billing", reading))
    async with _running_hub(tmp_path, hub_url, feed, mode) as hub:
        await eventually(lambda: {"relay", f"feed {feed}"} <= _connected(hub), "the hub at the broker", 30)
        await asyncio.to_thread(reader.bind, f"{reading}.events", "ctihub.events", "cti.interaction.*")
        exchange = f"ctihub.inbound.{feed}"
        twice = [_handed_in("1"), _handed_in("1"), _handed_in("2")]
        assert {"returned": []} == await asyncio.to_thread(sender.publish, exchange, "", *twice)
        read = await asyncio.to_thread(reader.read, f"{reading}.events", 2)
    assert ["cti.interaction.recorded"] * 2 == [message["routing_key"] for message in read]
    assert ["1", "2"] == [_data(message, mode)["reference"] for message in read]
    first, second = (_attributes(message, mode) for message in read)
    assert first["sequence"] < second["sequence"]
    assert {"urn:ctihub:schema:interaction:1"} == {first["dataschema"], second["dataschema"]}
    assert [message["properties"]["messageId"] for message in read] == [first["id"], second["id"]]


async def test_a_system_asks_and_is_answered(users: Users, systems: Systems, tmp_path: Path) -> None:
    """By direct reply-to, with the right to publish to one exchange; the reply has the request's correlation id."""
    suffix = uuid.uuid4().hex[:8]
    hub_url = await asyncio.to_thread(users.add, "ctihub", f"hub{suffix}")
    asker = systems.at(await asyncio.to_thread(users.add, "asking", f"asking{suffix}"))
    async with _running_hub(tmp_path, hub_url, f"orders{suffix}", "structured") as hub:
        await eventually(lambda: "rpc" in _connected(hub), "the hub taking requests", 30)
        answer = await asyncio.to_thread(
            asker.ask,
            "ctihub.rpc",
            json.dumps({"jsonrpc": "2.0", "id": 7, "method": "agent", "params": {"id": "alice"}}),
            correlation_id="q-1",
            headers={"authorization": f"Bearer {hub.token}"},
        )
    assert "q-1" == answer["properties"]["correlationId"]
    reply = json.loads(answer["body"])
    assert (7, "alice") == (reply["id"], reply["result"]["agent"])


def _connected(hub: HubProcess) -> set[str]:
    """Return which parts of the hub have been at the broker."""
    return {line["connection"] for line in hub.log_lines() if line["event"] == "broker_connected"}


def _data(message: dict[str, Any], mode: str) -> Any:
    body = json.loads(message["body"])
    return body if mode == "binary" else body["data"]


def _attributes(message: dict[str, Any], mode: str) -> dict[str, Any]:
    if mode == "structured":
        assert message["properties"]["contentType"].startswith("application/cloudevents+json")
        return dict(json.loads(message["body"]))
    assert "application/json" == message["properties"]["contentType"]
    headers = message["properties"]["headers"]
    return {name.removeprefix("cloudEvents:"): value for name, value in headers.items()}


async def test_a_feeds_user_can_write_to_no_other(each_rabbitmq: RabbitMQ, users: Users, systems: Systems) -> None:
    """Not to another feed's exchange or queue, not among the events, requests and dead letters; nor read anything."""
    suffix = uuid.uuid4().hex[:8]
    own, other = f"orders{suffix}", f"tickets{suffix}"
    connection = await AmqpConnection.open(
        broker_parameters(BusSection.model_validate({"url": each_rabbitmq.url}), "test")
    )
    for feed in (own, other):
        await Topology().inbound(connection, f"ctihub.inbound.{feed}")
    await Topology().rpc(connection)
    await Topology().dead_letters(connection)
    await Topology().events(connection, "ctihub.events")
    await connection.close()
    sender = systems.at(await asyncio.to_thread(users.add, "orders", own))

    assert {"returned": []} == await asyncio.to_thread(
        sender.publish, f"ctihub.inbound.{own}", "", _handed_in("1"), _handed_in("2")
    )
    for exchange, key in (
        (f"ctihub.inbound.{other}", ""),
        ("", f"ctihub.inbound.{other}"),
        ("", f"ctihub.inbound.{own}"),
        ("ctihub.events", "cti.interaction.recorded"),
        ("ctihub.rpc", ""),
        ("ctihub.dead", ""),
    ):
        refused = await asyncio.to_thread(sender.publish, exchange, key, _handed_in("3"))
        assert "ACCESS_REFUSED" in refused["refused"], (exchange, key)
    for queue in (f"ctihub.inbound.{own}", f"ctihub.inbound.{other}", "ctihub.dead"):
        assert "ACCESS_REFUSED" in (await asyncio.to_thread(sender.read, queue, 1))["refused"]
    bound = await asyncio.to_thread(sender.bind, f"ctihub.inbound.{own}", "ctihub.events", "#")
    assert "ACCESS_REFUSED" in bound["refused"]
    assert [2, 0] == [
        await asyncio.to_thread(bus_client.depth, each_rabbitmq.url, f"ctihub.inbound.{feed}") for feed in (own, other)
    ]
