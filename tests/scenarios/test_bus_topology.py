"""What the hub makes at a real RabbitMQ, old and new, and what it does with what is there already."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pika
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from hub.bus.amqp import AmqpConnection
from hub.bus.errors import BrokerError
from hub.bus.parameters import broker_parameters
from hub.bus.topology import Found, Queue, State, Topology, events_exchange, inbound_queue, look, make, rpc_queue
from hub.config.model import BusSection
from tests.scenarios import bus_client
from tests.servers.rabbitmq import RabbitMQ

QUORUM = {"x-queue-type": "quorum"}
MESSAGE = pika.BasicProperties(message_id="42", delivery_mode=2)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AmqpConnection]:
    connection = await AmqpConnection.open(broker_parameters(BusSection(url=SecretStr(url)), "test"))
    try:
        yield connection
        assert not connection.broken.done()
    finally:
        await connection.close()


def _declare(url: str, queue: str, arguments: dict[str, Any] | None = None) -> None:
    with closing(bus_client.connect(url)) as connection:
        connection.channel().queue_declare(queue, durable=True, arguments=arguments)


@pytest.fixture
def name() -> str:
    """Make a name that no other test has."""
    return f"test-{uuid.uuid4().hex[:8]}"


def _reasons(logs: list[Any]) -> list[str]:
    return [entry["reason"] for entry in logs if entry["event"] == "broker_differs"]


async def test_a_feeds_queue_is_made_once(each_rabbitmq: RabbitMQ, name: str) -> None:
    """Made at the first connection, found as wanted at the second: nothing to remark, and it is a quorum queue."""
    topology = Topology(dead_queue=f"{name}-dead")
    with capture_logs() as logs:
        async with _connected(each_rabbitmq.url) as connection:
            assert Found(State.MISSING) == await look(connection, inbound_queue(name, f"{name}-dead"))
            for _ in range(2):
                await topology.dead_letters(connection)
                await topology.inbound(connection, name)
                await topology.rpc(connection, f"{name}-rpc")
                await topology.events(connection, f"{name}-events")
            for wanted in (
                inbound_queue(name, f"{name}-dead"),
                rpc_queue(f"{name}-rpc"),
                events_exchange(f"{name}-events"),
            ):
                assert Found(State.AS_WANTED) == await look(connection, wanted)
    assert [] == _reasons(logs)
    classic = {**inbound_queue(name, f"{name}-dead").arguments, "x-queue-type": "classic"}
    async with _connected(each_rabbitmq.url) as connection:
        found = await look(connection, Queue(name, classic))
    assert Found(State.DIFFERENT, f"queue {name} is of type quorum, not classic; used as it is") == found


@pytest.mark.parametrize("how", ["rejected", "expired"])
async def test_what_the_broker_gives_up_is_a_dead_letter(each_rabbitmq: RabbitMQ, name: str, how: str) -> None:
    """A message that another consumer rejects, or that expires, is found in the queue of dead letters, as it was."""
    url, dead = each_rabbitmq.url, f"{name}-dead"
    topology = Topology(dead_queue=dead)
    async with _connected(url) as connection:
        await topology.dead_letters(connection)
        await topology.inbound(connection, name)
    expiration = "1" if how == "expired" else None
    message = pika.BasicProperties(message_id="42", delivery_mode=2, expiration=expiration)
    await asyncio.to_thread(bus_client.publish, url, name, (b"untouched", message))
    if how == "rejected":
        await asyncio.to_thread(bus_client.reject, url, name)
    (letter,) = await asyncio.to_thread(bus_client.collect, url, dead, 1)
    (death,) = letter.properties.headers["x-death"]
    assert (b"untouched", "42", name, how) == (
        letter.body,
        letter.properties.message_id,
        death["queue"],
        death["reason"],
    )
    assert 0 == await asyncio.to_thread(bus_client.depth, url, name)


async def test_a_senders_exchange_leads_to_its_queue(each_rabbitmq: RabbitMQ, name: str) -> None:
    """What is published to the exchange of the queue's name is in the queue, whatever the routing key."""
    async with _connected(each_rabbitmq.url) as connection:
        await Topology(dead_queue=f"{name}-dead").inbound(connection, name)
    await asyncio.to_thread(bus_client.publish, each_rabbitmq.url, "any key", (b"handed in", MESSAGE), exchange=name)
    (message,) = await asyncio.to_thread(bus_client.collect, each_rabbitmq.url, name, 1)
    assert b"handed in" == message.body


_CLASSIC = "is of type classic, not quorum, which keeps what it holds when a node of the broker fails"
_DEAD = "has no x-dead-letter-exchange (DEAD); has no x-dead-letter-strategy (at-least-once)"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            None,
            f"{_CLASSIC}; has no x-dead-letter-exchange (DEAD); has no x-overflow (reject-publish)",
        ),
        (
            {**QUORUM, "x-delivery-limit": 3, "x-overflow": "reject-publish", "x-max-length": 7},
            f"{_DEAD}; has x-delivery-limit 3, not 100000; has x-max-length 7, which the hub does not need",
        ),
    ],
)
async def test_a_queue_of_another_kind_is_used_and_told_once(
    each_rabbitmq: RabbitMQ, name: str, arguments: dict[str, Any] | None, told: str
) -> None:
    """A queue that an older version or a legacy system made stays as it is, and each difference is said."""
    url = each_rabbitmq.url
    await asyncio.to_thread(_declare, url, name, arguments)
    await asyncio.to_thread(bus_client.publish, url, name, (b"waiting", MESSAGE))
    topology = Topology(dead_queue=f"{name}-dead")
    with capture_logs() as logs:
        for _ in range(2):
            async with _connected(url) as connection:
                await topology.inbound(connection, name)
    (reason,) = _reasons(logs)
    assert f"queue {name} {told.replace('DEAD', f'{name}-dead')}; used as it is" == reason
    assert 1 == await asyncio.to_thread(bus_client.depth, url, name)
    await asyncio.to_thread(_declare, url, name, arguments)


async def test_an_exchange_of_another_type_cant_serve(each_rabbitmq: RabbitMQ, name: str) -> None:
    """It is somebody's: said in plain words with both types, and still there afterwards."""
    url = each_rabbitmq.url
    await asyncio.to_thread(bus_client.declare_exchange, url, name, "fanout")
    async with _connected(url) as connection:
        with pytest.raises(BrokerError, match=rf"exchange {name} exists with other .* type topic; .*rename") as refused:
            await make(connection, events_exchange(name))
    assert "fanout" in str(refused.value)
    await asyncio.to_thread(bus_client.declare_exchange, url, name, "fanout")


async def test_a_topic_exchange_with_other_properties_serves(each_rabbitmq: RabbitMQ, name: str) -> None:
    """One that routes as the hub needs it is used, with a remark."""

    def declare() -> None:
        with closing(bus_client.connect(each_rabbitmq.url)) as connection:
            connection.channel().exchange_declare(
                name, "topic", durable=True, arguments={"alternate-exchange": "other"}
            )

    await asyncio.to_thread(declare)
    async with _connected(each_rabbitmq.url) as connection:
        found = await make(connection, events_exchange(name))
    assert (State.DIFFERENT, True) == (found.state, "alternate-exchange" in found.remark)


async def test_a_sender_without_an_exchange_costs_nothing(each_rabbitmq: RabbitMQ, name: str) -> None:
    """Somebody else's exchange of the queue's name is told; the queue itself is made and used."""
    await asyncio.to_thread(bus_client.declare_exchange, each_rabbitmq.url, name, "headers")
    with capture_logs() as logs:
        async with _connected(each_rabbitmq.url) as connection:
            await Topology(dead_queue=f"{name}-dead").inbound(connection, name)
    (reason,) = _reasons(logs)
    assert f"exchange {name} exists with other properties" in reason
    assert 0 == await asyncio.to_thread(bus_client.depth, each_rabbitmq.url, name)


async def test_a_user_who_may_not_declare_uses_what_is_there(each_rabbitmq: RabbitMQ, name: str) -> None:
    """With everything made by an administrator, the hub's user needs no right to configure; without it, it is told."""
    control = each_rabbitmq.control
    async with _connected(each_rabbitmq.url) as connection:
        await Topology(dead_queue=f"{name}-dead").inbound(connection, name)
    password = uuid.uuid4().hex
    await asyncio.to_thread(control, "add_user", name, password)
    try:
        await asyncio.to_thread(control, "set_permissions", name, "^$", ".*", ".*")
        async with _connected(f"amqp://{name}:{password}@{each_rabbitmq.host}:{each_rabbitmq.port}/") as connection:
            with capture_logs() as logs:
                await Topology(dead_queue=f"{name}-dead").inbound(connection, name)
            assert [] == _reasons(logs)
            with pytest.raises(pika.exceptions.ChannelClosedByBroker, match=f"{name}-unmade"):
                await make(connection, inbound_queue(f"{name}-unmade"))
    finally:
        await asyncio.to_thread(control, "delete_user", name)
