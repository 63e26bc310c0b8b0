"""A feed's queue: a legacy system's messages taken in their order, and acknowledged once they are durable."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from hub.bus.amqp import AmqpChannel, AmqpConnection, Delivery
from hub.bus.parameters import broker_parameters
from hub.bus.queue_message import attempts_of, inbound_message
from hub.bus.reception import SMALL_BYTES, STORED_TOGETHER, Reception
from hub.bus.supervisor import Ready, Supervisor
from hub.bus.topology import DEAD_QUEUE, Topology
from hub.config.inbound import InboundFeed
from hub.config.model import BusSection
from hub.domain.inbound import InboundMessage, Receipt
from hub.domain.ports import StoreError

PREFETCH: Final = 1_000
MAX_BATCH: Final = 256
"""Messages that are stored together."""
MAX_BATCHES: Final = 3
"""Batches on their way to the store: the next is understood while the last is written."""
STORE_LOOK_S: Final = 0.25
GONE_LOOK_S: Final = 0.05
GONE_WAIT_S: Final = 5.0
CANCELLED_WAIT_S: Final = 2.0


class QueueFeed:
    """Has a connection of its own, so that no feed holds up another.

    After an unclean end the messages that had been delivered come again. As long as they do they are taken one at a
    time: if one of them is what ended the hub, its count of deliveries grows, and not that of those behind it.
    """

    def __init__(
        self,
        name: str,
        feed: InboundFeed,
        bus: BusSection,
        *,
        reception: Reception,
        store_problem: Callable[[], str | None],
        dead_queue: str = DEAD_QUEUE,
        retry_min_s: float = 0.5,
        retry_max_s: float = 30.0,
    ) -> None:
        self._name = name
        self._queue = feed.queue_of(name) or ""
        self._broker_user = feed.broker_user
        self._reception = reception
        self._store_problem = store_problem
        self._topology = Topology(dead_queue=dead_queue)
        self._supervisor = Supervisor(
            f"feed {name}",
            broker_parameters(bus, f"feed {name}"),
            self._session,
            retry_min_s=retry_min_s,
            retry_max_s=retry_max_s,
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def connected(self) -> bool:
        return self._supervisor.connected

    def start(self) -> None:
        """Begin to take messages; returns at once whether or not the broker is there."""
        self._supervisor.start()

    async def stop(self) -> None:
        """Take no more messages; those not acknowledged are delivered again another time."""
        await self._supervisor.stop()

    async def _session(self, connection: AmqpConnection, ready: Ready) -> None:
        await self._store_writes()
        await self._topology.inbound(connection, self._queue)
        channel = await connection.channel()
        await self._last_one_is_gone(channel)
        arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        one_at_a_time = await channel.consume(self._queue, 1, arrived.put_nowait)
        ready()
        under_way = _UnderWay(channel, connection.give_up)
        try:
            first = await self._what_comes_again(arrived, under_way)
            await channel.cancel(one_at_a_time)
            await channel.consume(self._queue, PREFETCH, arrived.put_nowait)
            await self._take_in(arrived, first, under_way)
        finally:
            await under_way.end()

    async def _store_writes(self) -> None:
        """Wait until the store takes something: what is delivered before counts as one more attempt for nothing."""
        while self._store_problem() is not None:  # noqa: ASYNC110 - the journal tells nobody when it is well again
            await asyncio.sleep(STORE_LOOK_S)

    async def _last_one_is_gone(self, channel: AmqpChannel) -> None:
        """Wait until the broker knows that the last connection has ended, or for a while if somebody else takes, too.

        Before that only new messages come, and what comes again comes in their midst: if one of those ends the hub the
        others are counted with it.
        """
        until = time.monotonic() + GONE_WAIT_S
        while await channel.consumers_of(self._queue) and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(GONE_LOOK_S)

    async def _what_comes_again(self, arrived: asyncio.Queue[Delivery], under_way: _UnderWay) -> Delivery:
        """Take what was delivered before, one at a time; return the first that was not."""
        while attempts_of(delivery := await arrived.get()):
            under_way.add(delivery.tag, partial(self._reception.take_all, self._name, (self._message(delivery),)))
            await under_way.room(1)
        return delivery

    async def _take_in(self, arrived: asyncio.Queue[Delivery], first: Delivery, under_way: _UnderWay) -> None:
        batch = [first]
        while True:
            while len(batch) < MAX_BATCH and not arrived.empty():
                batch.append(arrived.get_nowait())
            await self._begin(batch, under_way)
            batch = [await arrived.get()]

    async def _begin(self, batch: Sequence[Delivery], under_way: _UnderWay) -> None:
        """Understand a batch and have it stored behind the one before, so that all keep their order."""
        messages = [self._message(delivery) for delivery in batch]
        if any(len(message.body) > SMALL_BYTES for message in messages):
            # A large one is understood piece by piece, between which it is stored: nothing may overtake it.
            await under_way.room(1)
            under_way.add(batch[-1].tag, partial(self._reception.take_all, self._name, messages))
            await under_way.room(1)
            return
        understood = await self._reception.understand(self._name, messages)
        await under_way.room(MAX_BATCHES)
        under_way.add(batch[-1].tag, partial(self._reception.keep, understood))
        if len(understood.parts) > STORED_TOGETHER:
            await under_way.room(1)

    def _message(self, delivery: Delivery) -> InboundMessage:
        message = inbound_message(delivery)
        if self._broker_user is None or delivery.properties.user_id == self._broker_user:
            return message
        # RabbitMQ itself sees to it that a user id is the publisher's own, or none.
        reason = (
            f"only {self._broker_user} may publish to this feed (broker_user), and the message's user_id is not that"
        )
        return msgspec.structs.replace(message, refused=reason)


Keep = Callable[[], Awaitable[list[Receipt]]]


class _UnderWay:
    """Batches on their way to the store; each is acknowledged when it and all before it are there.

    Behind one that the store did not take none is begun: it would overtake what comes again.
    """

    def __init__(self, channel: AmqpChannel, give_up: Callable[[BaseException], None]) -> None:
        self._channel = channel
        self._give_up = give_up
        self._batches: deque[tuple[int, asyncio.Task[None]]] = deque()
        self._has_failed = False

    def add(self, last_tag: int, keep: Keep) -> None:
        task = asyncio.create_task(self._in_turn(keep))
        self._batches.append((last_tag, task))
        task.add_done_callback(self._settled)

    async def room(self, batches: int) -> None:
        """Wait until fewer than that many are under way."""
        while len(self._batches) >= batches:
            await asyncio.wait({self._batches[0][1]})

    async def end(self) -> None:
        """Let what was begun come to its end, so that a hub that stops tells while there is somebody to hear it."""
        tasks = {task for _, task in self._batches}
        if tasks:
            await asyncio.wait(tasks, timeout=CANCELLED_WAIT_S)
        for task in tasks:
            task.cancel()

    async def _in_turn(self, keep: Keep) -> None:
        if self._has_failed:
            raise StoreError("what came before it could not be stored")
        try:
            await keep()
        except BaseException:
            self._has_failed = True
            raise

    def _settled(self, settled: asyncio.Task[None]) -> None:
        if not settled.cancelled():
            settled.exception()  # of those behind one that failed nobody else asks
        while self._batches and self._batches[0][1].done():
            last_tag, task = self._batches.popleft()
            error = None if task.cancelled() else task.exception()
            if task.cancelled() or error is not None:
                # Nothing from here on is acknowledged, which would acknowledge this one, too; all of it comes again.
                self._batches.clear()
                if error is not None:
                    self._give_up(error)
                return
            self._channel.ack_up_to(last_tag)
