"""Copies of dead letters on a real RabbitMQ that is away while the letters are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pika

from hub.bus.topology import DEAD_QUEUE
from hub.domain.inbound import DeadLetterState, InboundMessage, Transport
from hub.journal.journal import Journal
from hub.outbound.dead import dead_letter
from tests.relay import Relay, refuse
from tests.scenarios import bus_client
from tests.scenarios.test_bus_feed import Feed, eventually
from tests.scenarios.test_outbound import Site
from tests.servers.rabbitmq import RabbitMQ
from tests.unit.journal import samples
from tests.waiting import eventually_asked


class Away:
    """A feed on a real broker that can be reached, or not; its letters come in by HTTP all the while."""

    def __init__(self, rabbitmq: RabbitMQ, wire: Relay, journal: Journal, folder: Path) -> None:
        self._rabbitmq = rabbitmq
        self._wire = wire
        self._journal = journal
        self._folder = folder
        self._number = 0
        self.feed = self._made()

    def _made(self, name: str = "") -> Feed:
        url = self._rabbitmq.url.replace(f":{self._rabbitmq.port}/", f":{self._wire.port}/")
        return Feed(url, self._folder, self._journal, name=name)

    def goes(self) -> None:
        """Have nobody reach the broker from now on."""
        self._wire.instead = refuse
        self._wire.cut()

    def returns(self) -> None:
        self._wire.instead = None

    async def restart(self) -> None:
        """End what copies and begin with what a hub has that is started again."""
        await self.feed.stop()
        self.feed = self._made(self.feed.name)
        await self.feed.start()

    async def letters(self, count: int) -> list[str]:
        """Have that many messages refused; return the ids of their letters."""
        numbers = range(self._number, self._number + count)
        self._number += count
        messages = [
            InboundMessage(body=f"? {number}".encode(), transport=Transport.HTTP, id=f"m{number}") for number in numbers
        ]
        receipts = await self.feed.reception.take_all(self.feed.name, messages)
        return [refused.dead_letter for receipt in receipts for refused in receipt.refused]

    async def copies(self, count: int) -> Sequence[bus_client.Message]:
        """Take that many different copies from the broker."""
        return await asyncio.to_thread(bus_client.collect, self._rabbitmq.url, self.feed.dead_queue, count)

    async def depth(self) -> int:
        return await asyncio.to_thread(bus_client.depth, self._rabbitmq.url, self.feed.dead_queue)


def letters_of(copies: Sequence[bus_client.Message]) -> list[str]:
    """Return the ids of the letters, each once, in the order in which their copies came."""
    return list(dict.fromkeys(copy.properties.headers["x-dead-letter-id"] for copy in copies))


@asynccontextmanager
async def _away(rabbitmq: RabbitMQ, folder: Path) -> AsyncIterator[tuple[Away, Journal]]:
    """Start with the broker there, and go away."""
    journal = await Journal.open(folder / "journal.db")
    async with Relay(rabbitmq.port) as wire:
        away = Away(rabbitmq, wire, journal, folder)
        await away.feed.start()
        try:
            await eventually(lambda: away.feed.copies.connected)
            away.goes()
            await eventually(lambda: not away.feed.copies.connected)
            yield away, journal
        finally:
            await away.feed.stop()
            await journal.close()


async def test_letters_written_while_the_broker_was_away_are_copied(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Of feeds and of what a backend did not take, with the reason, in their order, once there is a broker again."""
    async with _away(rabbitmq, tmp_path) as (away, journal):
        written = await away.letters(3)
        await journal.append(samples.step(samples.call(1)))
        (stored,) = await journal.read(0, 1)
        refused = dead_letter(
            "crm", stored, "note", "crm: too long", at=samples.NOON, mapping="crm/note@2", field="text", attempts=5
        )
        await journal.keep_dead([refused])
        away.feed.copies.arrived([refused])
        assert (4, 0) == (away.feed.copies.waiting, away.feed.copies.copied_total)
        away.returns()
        await eventually(lambda: away.feed.copies.copied_total == 4)
        copies = await away.copies(4)
        assert 0 == away.feed.copies.waiting
    assert [*written, refused.id] == letters_of(copies)
    assert [b"? 0", b"? 1", b"? 2", stored.body] == [copy.body for copy in copies]
    assert all("not JSON" in copy.properties.headers["x-reason"] for copy in copies[:3])
    outbound = copies[3].properties
    assert ("application/cloudevents+json", stored.id) == (outbound.content_type, outbound.message_id)
    assert {
        "x-dead-letter-id": refused.id,
        "x-origin": "/connector/crm",
        "x-feed": "",
        "x-reason": "crm: too long",
        "x-mapping": "crm/note@2",
        "x-field": "text",
        "x-part": "note",
    } == outbound.headers


async def test_a_hub_started_again_meanwhile_copies_them(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """It finds them in its store; what somebody has dropped by then is nobody's concern any more."""
    async with _away(rabbitmq, tmp_path) as (away, journal):
        first, dropped, last = await away.letters(3)
        await away.restart()
        await journal.settle_dead([dropped], DeadLetterState.DROPPED)
        await away.restart()
        (later,) = await away.letters(1)
        assert 3 == away.feed.copies.waiting
        away.returns()
        await eventually(lambda: away.feed.copies.waiting == 0 and away.feed.copies.copied_total == 3)
        assert {first, last, later} == set(letters_of(await away.copies(3)))
        assert 0 == await away.depth()


async def test_a_connection_lost_among_the_copies_loses_none(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The broker goes again while it gets them: those it had not confirmed go out once more, each is there."""
    async with _away(rabbitmq, tmp_path) as (away, _):
        written = await away.letters(450)
        away.returns()
        await eventually(lambda: away.feed.copies.copied_total >= 100)
        away.goes()
        await eventually(lambda: not away.feed.copies.connected)
        written += await away.letters(1)
        away.returns()
        await eventually(lambda: away.feed.copies.waiting == 0)
        copies = await away.copies(451)
    assert set(written) == set(letters_of(copies))


async def test_what_a_backend_refuses_is_copied_and_dropped(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The whole hub: who listens at `ctihub.dead` is told of it; dropped it is never written, and can't be replayed."""
    for queue in (DEAD_QUEUE, "ctihub.inbound.shop"):
        await asyncio.to_thread(bus_client.delete_queue, rabbitmq.url, queue)
    async with AsyncExitStack() as stack:
        site = Site(tmp_path)
        site.crm.refuses = {"shop:shipped-4711-1Z"}
        await site.start(stack, bus={"url": rabbitmq.url, "exchange": "refused.events"})
        refused = await site.ship("4711")
        assert {refused} == site.crm.refuses
        behind = await site.ship("4712")
        await eventually(lambda: site.crm.order == [behind], "the order behind it")
        await eventually_asked(lambda: _is_copied(rabbitmq.url), "the copy", 60)
        [copy] = await asyncio.to_thread(bus_client.collect, rabbitmq.url, DEAD_QUEUE, 1)
        headers = copy.properties.headers
        assert ("/connector/crm", "activity", "") == (headers["x-origin"], headers["x-part"], headers["x-feed"])
        assert "this account is closed" in headers["x-reason"]
        assert "4711" == json.loads(copy.body)["data"]["reference"], copy.body
        assert (0, "1 dropped\n") == await site.hub.command("dlq", "drop", headers["x-dead-letter-id"])
        site.crm.refuses = set()
        status, _ = await site.hub.command("dlq", "replay", headers["x-dead-letter-id"])
        assert 1 == status
        last = await site.ship("4713")
        await eventually(lambda: site.crm.order == [behind, last], "the last order alone")
        site.hub.assert_clean_log()


async def _is_copied(url: str) -> bool:
    """Whether something is in the queue of dead letters, which the hub declares once it is connected."""
    try:
        return await asyncio.to_thread(bus_client.depth, url, DEAD_QUEUE) > 0
    except pika.exceptions.ChannelClosedByBroker:
        return False
