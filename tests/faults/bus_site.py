"""A hub between a broker and legacy systems that hand in by every way, and what must hold of them in the end."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from hub.domain.event import decode_event
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import Interaction
from hub.domain.ports import StoredEvent
from hub.journal.journal import Journal
from tests.faults.legacy_senders import MAPPING, FolderSender, Handed, PushSender, QueueSender, Sender
from tests.scenarios import bus_client
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.waiting import eventually_asked


class Site:
    """The hub's folder and configuration, those who hand in, and the queue of one who listens to everything.

    `broker` is the address that the tests use, `hubs_broker` the hub's own, where that is another.
    """

    def __init__(self, folder: Path, broker: str, hubs_broker: str = "") -> None:
        self.name = f"site-{uuid.uuid4().hex[:8]}"
        self.exchange = f"{self.name}.events"
        self.queue = f"{self.name}.inbound"
        self.url = f"http://{LOOPBACK}:{free_tcp_port()}"
        self.inbox = folder / "inbox"
        self.environment = {"API_TOKEN": secrets.token_urlsafe(16), "PUSH_TOKEN": secrets.token_urlsafe(16)}
        self.senders: Sequence[Sender] = ()
        self._store = folder / "ctihub.db"
        self._everything = f"{self.name}.everything"
        self._broker = broker
        self.inbox.mkdir()
        (folder / "legacy").mkdir()
        (folder / "legacy" / "order.yaml").write_text(MAPPING)
        self.configuration = folder / "ctihub.yaml"
        # What is JSON is YAML too.
        self.configuration.write_text(json.dumps(self._document(hubs_broker or broker)))

    def _document(self, broker: str) -> dict[str, object]:
        # Who is killed from outside again and again does not give up what was at hand each time.
        feed = {"mapping": "legacy/order", "attempts": 100}
        watch = {"path": str(self.inbox), "settle_s": 0, "every_s": 0.1}
        pbx = {"host": LOOPBACK, "port": free_tcp_port(), "username": "hub", "secret": "${API_TOKEN}"}
        publisher = {"token": "${PUSH_TOKEN}", "may": ["publish"], "feeds": ["pushed"]}
        return {
            "hub": {"listen": self.url.removeprefix("http://"), "region": "DE", "mappings": ["."]},
            "store": {"url": "sqlite:///ctihub.db"},
            "bus": {"url": broker, "exchange": self.exchange},
            "pbx": {"main": pbx},
            "inbound": {
                "queued": {**feed, "queue": self.queue},
                "pushed": {**feed, "queue": f"{self.name}.unused"},
                "dropped": {**feed, "records": "orders", "folder": watch},
            },
            "auth": {"tokens": {"tests": "${API_TOKEN}", "sender": publisher}},
        }

    async def listen(self) -> None:
        """Have a queue that gets all events; the hub need not be there yet."""
        await asyncio.to_thread(bus_client.bind, self._broker, self.exchange, self._everything)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Have one sender for each way in hand in while the block lasts, once the hub takes messages."""
        await eventually_asked(self.takes_from_the_queue, "the hub at the queue", 60)
        address = self.url.removeprefix("http://")
        self.senders = (
            QueueSender("queued", self._broker, self.queue, per_second=150),
            FolderSender("dropped", self.inbox, per_second=4, orders_each=25),
            PushSender("pushed", address, self.environment["PUSH_TOKEN"], per_second=50),
        )
        with ExitStack() as stack:
            for sender in self.senders:
                stack.enter_context(sender)
            try:
                yield
            finally:
                await asyncio.to_thread(stack.close)

    async def until_all_is_taken(self) -> None:
        """Return when nothing waits any more: in the queue, in the folder, and for the broker."""
        await eventually_asked(self._nothing_waits, "everything taken and sent", 120)

    async def takes_from_the_queue(self) -> bool:
        """Whether the hub has its feed's queue."""
        return await self.figure('ctihub_feed_connected{feed="queued"}') == 1.0

    async def figure(self, name: str) -> float | None:
        """Return a metric of the hub; None if the hub does not answer, or has none of that name."""
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self.url}/metrics") as reply:
                lines = (await reply.text()).splitlines()
        except aiohttp.ClientError:
            return None
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), None)

    async def assert_nothing_lost(self) -> None:
        """With the hub gone: each order is one event or one dead letter; each event arrived, in order of its key."""
        events, dead = await _stored(self._store)
        received = await asyncio.to_thread(bus_client.collect, self._broker, self._everything, len(events), 60.0)
        handed = [order for sender in self.senders for order in sender.handed]
        _one_event_each(handed, events)
        assert sorted(order.order for order in handed if not order.is_good) == sorted(
            order for body in dead for order in re.findall(r"(?:queued|dropped|pushed)-[0-9]+", body.decode())
        )
        _all_arrived(events, received)

    async def _nothing_waits(self) -> bool:
        if list(self.inbox.glob("*.json")) or list((self.inbox / ".ctihub").glob("*/*")):
            return False
        if await asyncio.to_thread(bus_client.depth, self._broker, self.queue):
            return False
        return await self.figure("ctihub_bus_lag_events") == 0.0


async def _stored(path: Path) -> tuple[list[StoredEvent], list[bytes]]:
    """Return all events, and the originals of all dead letters."""
    journal = await Journal.open(path)
    events: list[StoredEvent] = []
    while batch := await journal.read(len(events), 1000):
        events += batch
    letters: list[DeadLetter] = []
    while page := await journal.dead_letters(before=letters[-1].id if letters else None, limit=500):
        letters += page
    whole = [await journal.dead_letter(letter.id) for letter in letters]
    await journal.close()
    return events, [letter.body for letter in whole if letter is not None]


def _one_event_each(handed: Sequence[Handed], events: Sequence[StoredEvent]) -> None:
    """Each order that makes sense is one event, and there are no others."""
    data = [decode_event(one.body).data for one in events]
    told = Counter(one.reference for one in data if isinstance(one, Interaction))
    assert Counter(order.order for order in handed if order.is_good) == told


def _all_arrived(events: Sequence[StoredEvent], received: Sequence[bus_client.Message]) -> None:
    """Each journaled event is there, in the order of its key by `sequence`; one that is there again is the same."""
    assert {one.id: one.body for one in events} == {one.properties.message_id: one.body for one in received}
    arrived: dict[str, dict[str, None]] = defaultdict(dict)
    for message in received:
        event = msgspec.json.decode(message.body)
        arrived[event["partitionkey"]].setdefault(event["sequence"])
    assert len(arrived) > 1
    for sequences in arrived.values():
        assert sorted(sequences) == list(sequences)
