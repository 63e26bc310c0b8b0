"""Events reach a real RabbitMQ: as CloudEvents, in order, through its death and return."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.amqp import AMQPMessage, from_amqp_event
from pydantic import SecretStr
from structlog.testing import capture_logs

from hub.bus.amqp import AmqpChannel
from hub.bus.relay import YIELD_EVERY, BusRelay
from hub.config.model import BusSection
from hub.domain.call import CallEventKind
from hub.domain.event import decode_event
from hub.domain.ports import StoredEvent
from hub.journal.journal import Journal
from tests.scenarios import bus_client
from tests.servers.rabbitmq import RabbitMQ
from tests.unit.journal import samples
from tests.waiting import eventually as eventually_within

eventually = partial(eventually_within, within=60.0)  # a broker on a busy machine takes its time

STEPS = (CallEventKind.QUEUED, CallEventKind.DELIVERED, CallEventKind.ESTABLISHED)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """Give an empty journal that is closed afterwards."""
    opened = await Journal.open(tmp_path / "journal.db")
    yield opened
    await opened.close()


def _section(url: str, **changes: str | int) -> BusSection:
    return BusSection.model_validate({"url": SecretStr(url), "exchange": f"events-{uuid.uuid4().hex[:8]}", **changes})


def _relay(section: BusSection, journal: Journal) -> BusRelay:
    return BusRelay(section, journal, retry_min_s=0.05, retry_max_s=0.3)


def _bind(section: BusSection, pattern: str = "#") -> str:
    queue = f"{section.exchange}-queue"
    bus_client.bind(section.url.get_secret_value(), section.exchange, queue, pattern)
    return queue


async def _wait_for_problem(relay: BusRelay, words: str) -> None:
    await eventually(lambda: words in (relay.problem() or ""), what=words)


async def test_events_arrive_as_cloudevents(each_rabbitmq: RabbitMQ, journal: Journal) -> None:
    """What was journaled before and after the start arrives; the CloudEvents SDK reads it; the cursor is saved."""
    section = _section(each_rabbitmq.url)
    queue = await asyncio.to_thread(_bind, section)
    early, late = samples.step(samples.call(1)), samples.cleared(samples.call(1))
    await journal.append(early)
    relay = _relay(section, journal)
    await relay.start()
    await journal.append(late)
    first, second = await asyncio.to_thread(bus_client.collect, each_rabbitmq.url, queue, 2)
    await eventually(lambda: relay.lag == 0)
    assert (2, 0, None, True) == (relay.published_total, relay.unroutable_total, relay.problem(), relay.connected)
    await relay.stop()

    assert ["cti.call.queued", "cti.call.cleared"] == [first.routing_key, second.routing_key]
    properties = first.properties
    assert ("application/cloudevents+json; charset=UTF-8", 2, early.id) == (
        properties.content_type,
        properties.delivery_mode,
        properties.message_id,
    )
    assert {"partitionkey": "main-1"} == properties.headers
    read = from_amqp_event(
        AMQPMessage(
            properties={"content-type": properties.content_type},
            application_properties={},
            application_data=first.body,
        )
    )
    assert (early.id, "cti.call.queued", "/pbx/main", "main-1", early.time) == (
        read.get_id(),
        read.get_type(),
        read.get_source(),
        read.get_subject(),
        read.get_time(),
    )
    assert ("main-1", "00000000000000000001") == (read.get_extension("partitionkey"), read.get_extension("sequence"))
    assert late.data == decode_event(second.body).data
    assert await journal.cursor("bus") == 2


async def test_events_arrive_in_binary_mode(each_rabbitmq: RabbitMQ, journal: Journal) -> None:
    """The attributes are headers, the body is the data alone; the CloudEvents SDK reads the same event."""
    section = _section(each_rabbitmq.url, content_mode="binary")
    queue = await asyncio.to_thread(_bind, section)
    event = samples.step(samples.call(1))
    await journal.append(event)
    relay = _relay(section, journal)
    await relay.start()
    (received,) = await asyncio.to_thread(bus_client.collect, each_rabbitmq.url, queue, 1)
    await relay.stop()
    read = from_amqp_event(
        AMQPMessage(
            properties={"content-type": received.properties.content_type},
            application_properties=received.properties.headers,
            application_data=received.body,
        )
    )
    (stored,) = await journal.read(0, 1)
    structured = json.loads(stored.body)
    assert structured.pop("data") == read.get_data()
    assert structured == {**read.get_attributes(), "time": structured["time"]}
    assert event.time == read.get_time()


async def test_a_second_start_sends_nothing_again(rabbitmq: RabbitMQ, journal: Journal) -> None:
    """After an orderly stop the relay goes on where it was."""
    section = _section(rabbitmq.url)
    queue = await asyncio.to_thread(_bind, section)
    for number in range(5):
        relay = _relay(section, journal)
        await relay.start()
        await journal.append(samples.step(samples.call(number)))
        await eventually(lambda: relay.published_total == 1)  # noqa: B023 - awaited within its own round
        await relay.stop()
    received = await asyncio.to_thread(bus_client.collect, rabbitmq.url, queue, 5)
    assert [f"main-{number}" for number in range(5)] == [decode_event(one.body).subject for one in received]


async def test_consumers_choose_by_type(rabbitmq: RabbitMQ, journal: Journal) -> None:
    """A binding by pattern gets just those; what nobody is bound for counts as delivered and is counted."""
    section = _section(rabbitmq.url)
    queue = await asyncio.to_thread(_bind, section, "cti.call.cleared")
    relay = _relay(section, journal)
    await relay.start()
    for number in range(10):
        journal.publish(samples.step(samples.call(number)))
    await journal.append(samples.cleared(samples.call(1)))
    (received,) = await asyncio.to_thread(bus_client.collect, rabbitmq.url, queue, 1)
    await eventually(lambda: relay.lag == 0)
    assert "cti.call.cleared" == received.routing_key
    assert (11, 10) == (relay.published_total, relay.unroutable_total)
    await relay.stop()


async def test_a_killed_broker_delays_and_loses_nothing(fresh_rabbitmq: RabbitMQ, journal: Journal) -> None:
    """Killed twice while calls come: the hub works on, all arrives in order, a message twice only with one id."""
    section = _section(fresh_rabbitmq.url, window=50)
    queue = await asyncio.to_thread(_bind, section)
    relay = _relay(section, journal)
    await relay.start()
    calls = 0

    async def keep_calling() -> None:
        nonlocal calls
        while True:
            for kind in STEPS:
                journal.publish(samples.step(samples.call(calls), kind))
            journal.publish(samples.cleared(samples.call(calls)))
            calls += 1
            await asyncio.sleep(0.02)

    calling = asyncio.create_task(keep_calling())
    for _ in range(2):
        confirmed = relay.published_total
        await eventually(lambda: relay.published_total > confirmed + 100)  # noqa: B023 - awaited in its round
        await asyncio.to_thread(fresh_rabbitmq.kill)
        await eventually(lambda: not relay.connected and relay.problem() is not None)
        before = journal.position
        await eventually(lambda: journal.position > before + 100)  # noqa: B023 - awaited in its round
        assert relay.lag > 0
        await asyncio.to_thread(fresh_rabbitmq.start)
    calling.cancel()
    last = await journal.append(samples.cleared(samples.call(calls)))
    await eventually(lambda: relay.lag == 0)
    await relay.stop()

    received = await asyncio.to_thread(bus_client.collect, fresh_rabbitmq.url, queue, last, 60.0)
    journaled: list[StoredEvent] = []
    while batch := await journal.read(len(journaled), 1000):
        journaled += batch
    first_seen = list(dict.fromkeys(message.properties.message_id for message in received))
    assert [stored.id for stored in journaled] == first_seen
    assert {stored.id: stored.body for stored in journaled} == {
        message.properties.message_id: message.body for message in received
    }


async def test_an_event_larger_than_the_broker_takes_holds_up_none(rabbitmq_4: RabbitMQ, journal: Journal) -> None:
    """It is passed over and told, stays in the journal, and those behind it arrive."""
    section = _section(rabbitmq_4.url)
    queue = await asyncio.to_thread(_bind, section)
    before, after = samples.step(samples.call(1)), samples.cleared(samples.call(1))
    huge = msgspec.structs.replace(samples.call(2), variables={"NOTE": "x" * (16 * 1024 * 1024)})
    await journal.append(before)
    large = samples.step(huge)
    await journal.append(large)
    await journal.append(after)
    relay = _relay(section, journal)
    with capture_logs() as logs:
        await relay.start()
        await eventually(lambda: relay.lag == 0)
    (told,) = [entry for entry in logs if entry["event"] == "bus_event_too_large"]
    assert (large.id, 16 * 1024 * 1024) == (told["event_id"], told["broker_takes"])
    assert (1, None) == (relay.too_large_total, relay.problem())
    await relay.stop()
    received = await asyncio.to_thread(bus_client.collect, rabbitmq_4.url, queue, 2)
    assert [before.id, after.id] == list(dict.fromkeys(message.properties.message_id for message in received))
    assert 3 == await journal.cursor("bus")


async def test_catching_up_lets_others_have_their_turn(
    rabbitmq: RabbitMQ, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much lies in the journal, between two turns of a call's task only a few messages go out."""
    sent = 0
    publish = AmqpChannel.publish

    def counted(channel: AmqpChannel, *message: Any) -> None:
        nonlocal sent
        sent += 1
        publish(channel, *message)

    monkeypatch.setattr(AmqpChannel, "publish", counted)
    for number in range(2_000):
        journal.publish(samples.step(samples.call(number)))
    await journal.append(samples.cleared(samples.call(1)))
    relay = _relay(_section(rabbitmq.url), journal)
    await relay.start()
    most = 0
    while relay.lag:
        before = sent
        await asyncio.sleep(0)
        most = max(most, sent - before)
    await relay.stop()
    assert 2_001 == sent
    assert 1 <= most <= YIELD_EVERY


async def test_an_exchange_deleted_under_us_is_declared_again(rabbitmq: RabbitMQ, journal: Journal) -> None:
    """The channel that the broker closes for it is replaced, and what was on its way is sent again."""
    section = _section(rabbitmq.url)
    relay = _relay(section, journal)
    await relay.start()
    await eventually(lambda: relay.connected)
    await asyncio.to_thread(bus_client.delete_exchange, rabbitmq.url, section.exchange)
    await journal.append(samples.step(samples.call(1)))
    await eventually(lambda: relay.lag == 0 and relay.connected)
    assert relay.published_total == 1
    await relay.stop()


async def test_another_kind_of_exchange_is_told_and_left_alone(rabbitmq: RabbitMQ, journal: Journal) -> None:
    """An exchange of that name with other properties is somebody's: said in plain words, not destroyed."""
    section = _section(rabbitmq.url)
    await asyncio.to_thread(bus_client.declare_exchange, rabbitmq.url, section.exchange, "fanout")
    relay = _relay(section, journal)
    await relay.start()
    await _wait_for_problem(relay, "exists with other properties")
    assert section.exchange in (relay.problem() or "")
    assert not relay.connected
    await relay.stop()
    await asyncio.to_thread(bus_client.declare_exchange, rabbitmq.url, section.exchange, "fanout")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.replace("ctihub:", "ctihub:wrong"), "login was refused"),
        (lambda url: f"{url}no-such-vhost", "virtual host"),
        (lambda url: url.replace("127.0.0.1", "no-such-host.invalid"), "host name is unknown"),
    ],
)
async def test_a_wrong_url_is_told_in_plain_words(
    rabbitmq: RabbitMQ, journal: Journal, change: object, words: str
) -> None:
    """Password, virtual host, host: each named, without the password."""
    assert callable(change)
    relay = _relay(_section(change(rabbitmq.url)), journal)
    await relay.start()
    await _wait_for_problem(relay, words)
    assert rabbitmq.password not in (relay.problem() or "")
    await relay.stop()
