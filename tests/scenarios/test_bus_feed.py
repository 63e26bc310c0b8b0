"""A legacy system's queue on a real RabbitMQ: what it says is journaled once, what makes no sense is kept."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pika
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from hub.bus import amqp
from hub.bus import feed as feed_module
from hub.bus.amqp import AmqpConnection, Delivery
from hub.bus.dead_letter_copies import DeadLetterCopies
from hub.bus.feed import QueueFeed
from hub.bus.feed_replay import FeedReplay
from hub.bus.feeds import Feeds
from hub.bus.parameters import broker_parameters
from hub.bus.reception import Reception
from hub.bus.replay import Replayer
from hub.bus.tally import FeedCount
from hub.config.inbound import InboundFeed
from hub.config.model import BusSection, Config, HubSection
from hub.config.pbx import PbxSection
from hub.domain.event import Event
from hub.domain.inbound import DeadLetterState
from hub.domain.interaction import Channel
from hub.journal.journal import Journal
from tests.scenarios import bus_client
from tests.servers.rabbitmq import RabbitMQ
from tests.waiting import eventually as eventually_within

eventually = partial(eventually_within, within=60.0)  # a broker on a busy machine takes its time

MAPPING = """\
source: JSON
version: 3
target: interaction
fields:
  id: ticket
  channel: {const: case}
  at: opened
  subject: title
  customer.phones: {from: tel, phone: true}
"""


class Feed:
    """One feed of a test: its names, what was told of it, and the means to put messages in."""

    def __init__(
        self,
        url: str,
        folder: Path,
        journal: Journal,
        on_event: Callable[[Event], None] = lambda _: None,
        *,
        name: str = "",
        **section: Any,
    ) -> None:
        self.url = url
        self.name = name or f"desk-{uuid.uuid4().hex[:8]}"
        self.queue = f"ctihub.inbound.{self.name}"
        self.dead_queue = f"{self.name}.dead"
        (folder / "feeds").mkdir(exist_ok=True)
        (folder / "feeds" / "ticket.yaml").write_text(MAPPING)
        bus = BusSection(url=SecretStr(url))
        self.config = Config(
            hub=HubSection(region="DE", mappings=(str(folder),)),
            pbx={"main": PbxSection(host="127.0.0.1", username="hub", secret=SecretStr("x"))},
            inbound={self.name: InboundFeed(**{"mapping": "feeds/ticket", "max_bytes": 10_000, **section})},
        )
        self.copies = DeadLetterCopies(bus, journal, dead_queue=self.dead_queue, retry_min_s=0.05, retry_max_s=0.3)
        self.feeds = Feeds(self.config)
        self.reception = Reception(self.feeds, journal, on_event=on_event, on_dead=self.copies.arrived)
        self.consumer = QueueFeed(
            self.name,
            self.config.inbound[self.name],
            bus,
            reception=self.reception,
            store_problem=journal.problem,
            dead_queue=self.dead_queue,
            retry_min_s=0.05,
            retry_max_s=0.3,
        )

    @property
    def count(self) -> FeedCount:
        return self.reception.count(self.name)

    async def start(self) -> None:
        await self.copies.start()
        self.consumer.start()

    async def stop(self) -> None:
        await self.consumer.stop()
        await self.copies.stop()

    async def publish(self, *messages: tuple[bytes, pika.BasicProperties]) -> None:
        """Put messages into the feed's queue."""
        await asyncio.to_thread(bus_client.publish, self.url, self.queue, *messages)

    async def dead(self, count: int) -> list[bus_client.Message]:
        """Take that many dead letters."""
        return await asyncio.to_thread(bus_client.collect, self.url, self.dead_queue, count)

    async def depth(self) -> int:
        """Return how many messages still wait."""
        return await asyncio.to_thread(bus_client.depth, self.url, self.queue)


def _ticket(number: int, **changes: object) -> tuple[bytes, pika.BasicProperties]:
    record = {
        "ticket": f"T{number}",
        "opened": "2026-03-01T10:00:00Z",
        "title": f"Ticket {number}",
        "tel": "030 901820",
    }
    return json.dumps({**record, **changes}).encode(), pika.BasicProperties(message_id=f"m{number}", delivery_mode=2)


@asynccontextmanager
async def _running(
    rabbitmq: RabbitMQ, folder: Path, on_event: Callable[[Event], None] = lambda _: None, **section: Any
) -> AsyncIterator[tuple[Feed, Journal]]:
    journal = await Journal.open(folder / "journal.db")
    feed = Feed(rabbitmq.url, folder, journal, on_event, **section)
    await feed.start()
    try:
        await eventually(lambda: feed.consumer.connected)
        yield feed, journal
    finally:
        await feed.stop()
        await journal.close()


async def test_a_message_becomes_an_interaction_of_the_customer(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Journaled as an event, found by the customer's number, told to the listener, and gone from the queue."""
    told: list[Event] = []
    async with _running(rabbitmq, tmp_path, told.append) as (feed, journal):
        await feed.publish(_ticket(1))
        await eventually(lambda: feed.count.recorded == 1)
        (found,) = (await journal.timeline(["tel:+4930901820"], limit=10)).interactions
        (stored,) = await journal.read(0, 10)
        assert await feed.depth() == 0
    assert ("T1", Channel.CASE, "Ticket 1", feed.name) == (found.id, found.channel, found.subject, found.source)
    assert [found] == [event.data for event in told]
    assert ("cti.interaction.recorded", f"/feed/{feed.name}", "tel:+4930901820") == (
        stored.type,
        stored.source,
        stored.partitionkey,
    )


async def test_a_message_that_comes_twice_is_one_event(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The same message id again, at once or later, and the same body without any id: each one event."""
    nameless = (_ticket(2)[0], pika.BasicProperties())
    async with _running(rabbitmq, tmp_path) as (feed, journal):
        await feed.publish(_ticket(1), _ticket(1), nameless, nameless)
        await eventually(lambda: feed.count.recorded + feed.count.duplicates == 4)
        await feed.publish(_ticket(1), nameless)
        await eventually(lambda: feed.count.recorded + feed.count.duplicates == 6)
        assert await journal.last_position() == 2
    assert (2, 4, 0) == (feed.count.recorded, feed.count.duplicates, feed.count.dead)


async def test_an_id_used_again_for_something_else_loses_nothing(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """A sender that counts its ids from 1 after each start: the other message is kept as a dead letter, and told."""
    again = (_ticket(2)[0], pika.BasicProperties(message_id="m1"))
    async with _running(rabbitmq, tmp_path) as (feed, journal):
        await feed.publish(_ticket(1), again)
        (letter,) = await feed.dead(1)
        await feed.publish(_ticket(1))
        await eventually(lambda: feed.count.duplicates == 1)
        assert await journal.last_position() == 1
        assert await feed.depth() == 0
    assert again[0] == letter.body
    assert "had the same message id and said something else" in letter.properties.headers["x-reason"]


class _NoTime(pika.BasicProperties):  # type: ignore[misc]
    """Properties with a header that is a time in the year 292277026596."""

    def encode(self) -> list[bytes]:
        plain = b"".join(super().encode())
        late = b"\x00\x00\x00\x0d" + b"\x03day" + b"T" + b"\x80" + bytes(7)
        return [plain.replace(bytes(4), late, 1)]


async def test_headers_that_can_not_be_read_hold_up_nobody(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The client would end the connection over them, each time anew; the message is taken without, as those behind."""
    async with _running(rabbitmq, tmp_path) as (feed, journal):
        (first, _), second = _ticket(1), _ticket(2)
        await feed.publish((first, _NoTime(headers={}, message_id="m1")), second)
        await eventually(lambda: feed.count.recorded == 2)
        assert await feed.depth() == 0
        assert feed.consumer.connected
        assert [1, 2] == [stored.position for stored in await journal.read(0, 10)]


async def test_what_makes_no_sense_is_kept_whole_and_holds_up_nobody(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Each bad message is in the dead letters with feed, reason, mapping and field; the good ones around it arrive."""
    bad = {
        "cut": (b'{"ticket": "T', "not JSON", ""),
        "latin": ('{"ticket": "Bücher"}'.encode("latin-1"), "not utf-8", ""),
        "list": (b"[1, 2]", "no object", "@"),
        "deep": (b"[" * 5000 + b"]" * 5000, "nested deeper", ""),
        "nested": (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper", ""),
        "large": (b'"' + b"x" * 20_000 + b'"', "the limit is 10000", ""),
        "nobody": (_ticket(9, tel="")[0], "names no customer", "customer"),
        "undated": (_ticket(9, opened="soon")[0], "", "at"),
        "empty": (b"", "the message is empty", ""),
    }
    async with _running(rabbitmq, tmp_path) as (feed, journal):
        messages = [(body, pika.BasicProperties(message_id=name)) for name, (body, _, _) in bad.items()]
        await feed.publish(_ticket(1), *messages, _ticket(2))
        letters = {letter.properties.message_id: letter for letter in await feed.dead(len(bad))}
        await eventually(lambda: feed.count.recorded == 2)
        assert ["T2", "T1"] == [one.id for one in (await journal.timeline(["tel:+4930901820"], limit=10)).interactions]
        assert await feed.depth() == 0
    for name, (body, reason, field) in bad.items():
        headers = letters[name].properties.headers
        assert body == letters[name].body
        assert reason in headers["x-reason"]
        assert (feed.name, "ticket@3", field) == (
            headers["x-feed"],
            headers["x-mapping"].rpartition("/")[2],
            headers["x-field"],
        )
    assert len(bad) == feed.count.dead


async def test_a_dead_letter_keeps_its_properties_but_none_that_act(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Id, type and headers stay; one that expires, or is addressed to others too, does neither as a dead letter."""
    async with _running(rabbitmq, tmp_path) as (feed, _):
        properties = pika.BasicProperties(
            message_id="m1",
            correlation_id="c1",
            content_type="application/json",
            content_encoding="none",
            type="ticket",
            expiration="60000",
            priority=3,
            headers={"shop": "north", "x-reason": "forged", "BCC": [feed.queue]},
        )
        await feed.publish((b"?", properties))
        (letter,) = await feed.dead(1)
    kept = letter.properties
    assert ("m1", "c1", "application/json", "none", "ticket", 2) == (
        kept.message_id,
        kept.correlation_id,
        kept.content_type,
        kept.content_encoding,
        kept.type,
        kept.delivery_mode,
    )
    assert (None, "60000", "3") == (
        kept.expiration,
        kept.headers["x-original-expiration"],
        kept.headers["x-original-priority"],
    )
    assert "north" == kept.headers["shop"]
    assert kept.headers["x-reason"].startswith("the message is not JSON")
    assert "BCC" not in kept.headers


async def test_a_listener_that_fails_costs_nothing(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The interaction is recorded and acknowledged, whatever the listener does."""

    def fail(_event: Event) -> None:
        raise RuntimeError("listener")

    async with _running(rabbitmq, tmp_path, fail) as (feed, journal):
        await feed.publish(_ticket(1), _ticket(2))
        await eventually(lambda: feed.count.recorded == 2)
        assert await journal.last_position() == 2
        assert await feed.depth() == 0


@pytest.mark.parametrize("victim", ["queue", "dead_queue"])
async def test_a_queue_deleted_under_us_is_declared_again(rabbitmq: RabbitMQ, tmp_path: Path, victim: str) -> None:
    """Whether the feed's or that of the dead letters: the feed is back by itself and both kinds of message pass."""
    async with _running(rabbitmq, tmp_path) as (feed, _):
        await asyncio.to_thread(bus_client.delete_queue, rabbitmq.url, getattr(feed, victim))
        await _publish_when_there(feed, _ticket(1), (b"?", pika.BasicProperties(message_id="bad")))
        await eventually(lambda: feed.count.recorded == 1 and feed.count.dead == 1)
        await eventually(lambda: feed.copies.copied_total == 1)
        (letter,) = await feed.dead(1)
    assert b"?" == letter.body


async def test_a_queue_that_answers_nobody_is_told_and_taken_up_again(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose process is held up, as one is that has no leader: the hub does not wait for ever on its question."""
    monkeypatch.setattr(amqp, "ANSWER_WAIT_S", 0.5)
    async with _running(rabbitmq, tmp_path) as (feed, _):
        await feed.consumer.stop()
        await asyncio.to_thread(rabbitmq.control, "eval", f"sys:suspend('%2F_{feed.queue}').")
        with capture_logs() as logs:
            feed.consumer.start()
            told = f"the broker has not answered the wish to take from queue {feed.queue} for 0.5 s"
            await eventually(lambda: any(told in entry.get("reason", "") for entry in logs))
            assert not feed.consumer.connected
            await asyncio.to_thread(rabbitmq.control, "eval", f"sys:resume('%2F_{feed.queue}').")
            await eventually(lambda: feed.consumer.connected)
        await feed.publish(_ticket(1))
        await eventually(lambda: feed.count.recorded == 1)


async def test_what_is_acknowledged_too_late_comes_again(rabbitmq: RabbitMQ) -> None:
    """A channel is lost while a message is stored: that is no error, and the broker delivers it once more."""
    queue = f"late-{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(bus_client.declare_queue, rabbitmq.url, queue)
    await asyncio.to_thread(bus_client.publish, rabbitmq.url, queue, _ticket(1))
    connection = await AmqpConnection.open(broker_parameters(BusSection(url=SecretStr(rabbitmq.url)), "test"))
    arrived: asyncio.Queue[Delivery] = asyncio.Queue()
    channel = await connection.channel()
    await channel.consume(queue, 1, arrived.put_nowait)
    delivery = await arrived.get()
    await connection.close()
    channel.ack(delivery.tag)
    channel.ack_up_to(delivery.tag)
    (again,) = await asyncio.to_thread(bus_client.collect, rabbitmq.url, queue, 1)
    assert _ticket(1)[0] == again.body


async def _publish_when_there(feed: Feed, *messages: tuple[bytes, pika.BasicProperties]) -> None:
    for _ in range(100):
        try:
            await feed.publish(*messages)
        except pika.exceptions.UnroutableError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError(f"queue {feed.queue} was not declared again")


async def test_a_queue_of_another_type_is_used_as_it_is(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The legacy side may have declared its queue its own way (here with a length limit); the hub takes from it."""
    journal = await Journal.open(tmp_path / "journal.db")
    feed = Feed(rabbitmq.url, tmp_path, journal)
    await asyncio.to_thread(_declare_limited, rabbitmq.url, feed.queue)
    await feed.start()
    await feed.publish(_ticket(1))
    await eventually(lambda: feed.count.recorded == 1)
    await feed.stop()
    await journal.close()


def _declare_limited(url: str, queue: str) -> None:
    connection = bus_client.connect(url)
    connection.channel().queue_declare(queue, durable=True, arguments={"x-max-length": 1000})
    connection.close()


async def test_a_killed_broker_loses_no_message_of_a_feed(fresh_rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Killed while messages are taken: after its return each of them is one event, in the order they were sent."""
    async with _running(fresh_rabbitmq, tmp_path) as (feed, journal):
        await asyncio.to_thread(fresh_rabbitmq.note_queues)
        for first in (0, 300):
            await feed.publish(*(_ticket(number) for number in range(first, first + 300)))
            await asyncio.to_thread(fresh_rabbitmq.kill)
            await eventually(lambda: not feed.consumer.connected)
            await asyncio.to_thread(fresh_rabbitmq.start)
            await eventually(lambda: feed.consumer.connected)
        await eventually(lambda: feed.count.recorded == 600)
        stored = await journal.read(0, 1000)
    assert [f"T{number}" for number in range(600)] == [json.loads(one.body)["data"]["id"] for one in stored]


async def test_a_hub_that_ends_in_the_middle_takes_each_message_once(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer is stopped at any moment and started again: nothing is lost, nothing is there twice."""
    monkeypatch.setattr(feed_module, "PREFETCH", 60)
    monkeypatch.setattr(feed_module, "MAX_BATCH", 20)
    journal = await Journal.open(tmp_path / "journal.db")
    feed = Feed(rabbitmq.url, tmp_path, journal)
    await asyncio.to_thread(bus_client.declare_queue, rabbitmq.url, feed.queue)
    await feed.publish(*(_ticket(number) for number in range(400)))
    for _ in range(5):
        await feed.start()
        recorded = feed.count.recorded
        await eventually(lambda: feed.count.recorded in {400, *range(recorded + 1, 400)})  # noqa: B023
        await feed.stop()
    await feed.start()
    await eventually(lambda: feed.count.recorded == 400)
    await feed.stop()
    assert await journal.last_position() == 400
    assert await feed.depth() == 0
    await journal.close()


async def test_a_full_disk_leaves_the_messages_where_they_are(
    rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the journal can't take is not acknowledged: it comes again, and is there once when the disk has room.

    Each is told once, too, also those that the journal held while the connection that brought them ended.
    """
    told: list[Event] = []
    monkeypatch.setattr(feed_module, "MAX_BATCH", 20)
    journal = await Journal.open(tmp_path / "journal.db", backlog=120)
    feed = Feed(rabbitmq.url, tmp_path, journal, told.append)
    disk = journal._writer._connection
    disk.execute(f"PRAGMA max_page_count = {disk.rows('PRAGMA page_count')[0][0]}")
    await feed.start()
    await eventually(lambda: feed.consumer.connected)
    await feed.publish(*(_ticket(number) for number in range(200)))
    await eventually(lambda: "disk is full" in (journal.problem() or ""))
    assert feed.count.recorded < 200
    disk.execute("PRAGMA max_page_count = 1000000")
    await eventually(lambda: journal.position == 200)
    await eventually(lambda: feed.count.recorded == 200)
    assert [f"Ticket {number}" for number in range(200)] == [getattr(event.data, "subject", "") for event in told]
    assert (0, 0) == (feed.count.dead, journal.dropped_total)
    await feed.stop()
    assert await feed.depth() == 0
    await journal.close()


async def test_only_the_user_of_the_feed_may_publish_to_it(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The broker vouches for a user id; a message with another's, or with none, is a dead letter that says so."""
    async with _running(rabbitmq, tmp_path, broker_user=rabbitmq.username) as (feed, journal):
        body, named = _ticket(1)
        vouched = pika.BasicProperties(message_id=named.message_id, user_id=rabbitmq.username)
        await feed.publish((body, vouched), _ticket(2))
        await eventually(lambda: feed.count.recorded == 1 and feed.count.dead == 1)
        (letter,) = await feed.dead(1)
        assert 1 == await journal.last_position()
    assert "m2" == letter.properties.message_id
    assert f"only {rabbitmq.username} may publish" in letter.properties.headers["x-reason"]


async def test_a_feed_full_of_poison_holds_up_no_other(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Two feeds: many messages that make no sense in the one, the other's arrive; all of both are kept."""
    async with _running(rabbitmq, tmp_path) as (poisoned, journal):
        well = Feed(rabbitmq.url, tmp_path, journal)
        await well.start()
        await eventually(lambda: well.consumer.connected)
        poison = [(b"?" * (number + 1), pika.BasicProperties(message_id=f"p{number}")) for number in range(100)]
        await asyncio.gather(
            poisoned.publish(*poison, _ticket(999)), well.publish(*(_ticket(number) for number in range(60)))
        )
        await eventually(lambda: well.count.recorded == 60)
        await eventually(lambda: poisoned.count.dead == 100 and poisoned.count.recorded == 1)
        await well.stop()
        assert 100 == await journal.count_dead(origin=f"/feed/{poisoned.name}")
        assert 100 == len({letter.properties.message_id for letter in await poisoned.dead(100)})
        assert 0 == await poisoned.depth()


async def test_a_mapping_repaired_meanwhile_takes_the_dead_letters_in(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Sent to the queue, refused, replayed: an event of the customer, as if it had been understood at once."""
    async with _running(rabbitmq, tmp_path) as (feed, journal):
        await feed.publish(_ticket(1, opened="01.03.2026"))
        await eventually(lambda: feed.count.dead == 1)
        (letter,) = await journal.dead_letters()
        mapping = tmp_path / "feeds" / "ticket.yaml"
        mapping.write_text(MAPPING.replace("at: opened", 'at: {from: opened, date: {formats: ["%d.%m.%Y"]}}'))
        replayer = Replayer(journal, attempts=lambda _: 5)
        replayer.on_replay("/feed/", FeedReplay(feed.feeds, feed.reception).replay)
        await journal.settle_dead([letter.id], DeadLetterState.REPLAYING)
        await replayer.look()
        (found,) = (await journal.timeline(["tel:+4930901820"], limit=10)).interactions
        assert "T1" == found.id
        await feed.publish(_ticket(1, opened="01.03.2026"))
        await eventually(lambda: feed.count.duplicates == 1)
