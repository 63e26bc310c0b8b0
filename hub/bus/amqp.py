"""Awaitable AMQP 0-9-1 over pika's callbacks: one connection, its channels, and how either is lost."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from hub.bus.deliveries import WholeMessageConnection
from hub.bus.errors import BrokerError

# pika logs each failure several times with tracebacks; the hub says it once, in plain words.
logging.getLogger("pika").setLevel(logging.CRITICAL)

CLOSE_WAIT_S: Final = 2.0
ANSWER_WAIT_S = 30.0
"""How long the broker may take over one question; a queue without a leader lets it hang for ever."""
_consumers = itertools.count(1)

Confirm = Callable[[int, bool, bool], None]
"""Called with delivery tag, multiple (all up to the tag), and whether the broker took the message."""


class Delivery(NamedTuple):
    """A message from a queue, not acknowledged yet."""

    tag: int
    properties: Any
    body: bytes
    redelivered: bool = False


async def first_of(*futures: asyncio.Future[Any], timeout_s: float | None = None) -> None:
    """Wait until one of several is done, whatever its outcome."""
    await asyncio.wait(futures, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


def _no_answer(question: str) -> BrokerError:
    return BrokerError(
        f"the broker has not answered {question} for {ANSWER_WAIT_S:g} s, though its connection lives: its log says "
        "why; a quorum queue answers nobody while it has no leader (rabbitmq-queues quorum_status tells)"
    )


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class AmqpConnection:
    """One connection, used for one session. `broken` gets the reason when it, or a channel in use, is lost."""

    def __init__(self, connection: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self.broken: asyncio.Future[BaseException] = self._loop.create_future()
        self.blocked = False
        self._blocked_changed: Callable[[bool], None] = lambda _: None
        self._pika = connection
        connection.add_on_close_callback(self._on_close)
        connection.add_on_connection_blocked_callback(lambda *_: self._note_blocked(True))
        connection.add_on_connection_unblocked_callback(lambda *_: self._note_blocked(False))

    @classmethod
    async def open(cls, parameters: Any) -> AmqpConnection:
        """Connect and sign in. Raises an AMQPConnectorException of pika."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        workflow = WholeMessageConnection.create_connection([parameters], done.set_result, custom_ioloop=loop)
        try:
            outcome = await asyncio.shield(done)
        except asyncio.CancelledError:
            try:
                workflow.abort()
            except (AMQPConnectorException, AssertionError):
                # The attempt is just ending by itself, which pika can't abort: `done` is or will be set either way.
                await asyncio.sleep(0)
            await asyncio.wait({done}, timeout=CLOSE_WAIT_S)
            if done.done() and not isinstance(done.result(), AMQPConnectorException):
                await cls(done.result()).close()
            raise
        if isinstance(outcome, AMQPConnectorException):
            raise outcome
        return cls(outcome)

    def on_blocked(self, changed: Callable[[bool], None]) -> None:
        """Call `changed` with True when the broker takes no more messages, with False when it does again."""
        self._blocked_changed = changed

    async def channel(self) -> AmqpChannel:
        """Open a channel; when the broker closes it the connection counts as broken."""
        return await self._channel(self.give_up)

    @asynccontextmanager
    async def probe(self) -> AsyncIterator[AmqpChannel]:
        """Give a channel for a question that it may be closed for (ChannelClosedByBroker); the connection goes on."""
        channel = await self._channel(lambda _: None)
        try:
            yield channel
        finally:
            channel.close()

    async def close(self) -> None:
        """Say goodbye and wait for the answer, but not for long: a dead peer has none."""
        if not (self._pika.is_closed or self._pika.is_closing):
            self._pika.close()
        await asyncio.wait({self._closed}, timeout=CLOSE_WAIT_S)

    async def _channel(self, on_lost: Callable[[BaseException], None]) -> AmqpChannel:
        opened: asyncio.Future[None] = self._loop.create_future()
        channel = self._pika.channel(on_open_callback=lambda _: _settle(opened))
        wrapped = AmqpChannel(channel, self._loop, on_lost)
        await first_of(opened, wrapped.lost, self.broken, timeout_s=ANSWER_WAIT_S)
        for lost in (wrapped.lost, self.broken):
            if lost.done():
                raise lost.result()
        if not opened.done():
            raise _no_answer("opening a channel")
        return wrapped

    def give_up(self, reason: BaseException) -> None:
        """Have the supervisor begin again with a new connection, for `reason`."""
        if not self.broken.done():
            self.broken.set_result(reason)

    def _note_blocked(self, blocked: bool) -> None:
        self.blocked = blocked
        self._blocked_changed(blocked)

    def _on_close(self, _connection: Any, reason: BaseException) -> None:
        _settle(self._closed)
        self.give_up(reason)


class AmqpChannel:
    """One channel. `lost` gets the reason when it is closed by the broker or with its connection."""

    def __init__(self, channel: Any, loop: asyncio.AbstractEventLoop, on_lost: Callable[[BaseException], None]) -> None:
        self._channel = channel
        self._loop = loop
        self._on_lost = on_lost
        self.lost: asyncio.Future[BaseException] = loop.create_future()
        channel.add_on_close_callback(self._closed)

    async def declare_exchange(self, exchange: str, kind: str = "topic") -> None:
        """Declare a durable exchange; the broker refuses (406) when it exists as something else."""
        await self._answer(
            f"the declaration of exchange {exchange}",
            lambda done: self._channel.exchange_declare(exchange, exchange_type=kind, durable=True, callback=done),
        )

    async def look_for_exchange(self, exchange: str) -> None:
        """Ask for an exchange without declaring it; one that is not there costs the channel (404)."""
        await self._answer(
            f"whether exchange {exchange} exists",
            lambda done: self._channel.exchange_declare(exchange, passive=True, callback=done),
        )

    async def declare_queue(self, queue: str, arguments: dict[str, Any] | None = None) -> None:
        """Declare a durable queue; the broker refuses (406) when it exists as something else."""
        await self._answer(
            f"the declaration of queue {queue}",
            lambda done: self._channel.queue_declare(queue, durable=True, arguments=arguments, callback=done),
        )

    async def bind(self, queue: str, exchange: str, pattern: str = "") -> None:
        """Have the queue get what is published to the exchange with a routing key that fits."""
        await self._answer(
            f"the binding of queue {queue} to exchange {exchange}",
            lambda done: self._channel.queue_bind(queue, exchange, pattern, callback=done),
        )

    async def look_for_queue(self, queue: str) -> None:
        """Ask for a queue without declaring it; one that is not there costs the channel (404)."""
        await self._look_for_queue(queue)

    async def consumers_of(self, queue: str) -> int:
        """Return how many take messages from a queue; one that is not there costs the channel (404)."""
        answer = await self._look_for_queue(queue)
        count: int = answer.method.consumer_count
        return count

    async def confirm(self, on_confirm: Confirm) -> None:
        """Have the broker confirm what is published; tags count from 1."""

        def confirmed(frame: Any) -> None:
            took = isinstance(frame.method, pika.spec.Basic.Ack)
            on_confirm(frame.method.delivery_tag, frame.method.multiple, took)

        await self._answer(
            "the request for confirms", lambda done: self._channel.confirm_delivery(confirmed, callback=done)
        )

    def on_return(self, returned: Callable[[str], None]) -> None:
        """Call `returned` with the routing key of each message that no queue took."""
        self._channel.add_on_return_callback(lambda _channel, method, _properties, _body: returned(method.routing_key))

    def publish(self, exchange: str, routing_key: str, properties: Any, body: bytes) -> None:
        """Send one message, mandatory: one that no queue takes comes back."""
        self._channel.basic_publish(exchange, routing_key, body, properties, mandatory=True)

    async def consume(self, queue: str, prefetch: int, arrived: Callable[[Delivery], None]) -> str:
        """Have at most `prefetch` unacknowledged messages delivered; `arrived` must neither wait nor raise.

        Returns the tag by which it is cancelled.
        """
        consumer = f"{self._channel.channel_number}.{next(_consumers)}"

        def cancelled(_frame: Any) -> None:
            self._on_lost(BrokerError(f"the broker took queue {queue} away (deleted, or its node failed)"))

        def delivered(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
            arrived(Delivery(method.delivery_tag, properties, body, method.redelivered))

        await self._answer(
            "how many messages may be under way",
            lambda done: self._channel.basic_qos(prefetch_count=prefetch, callback=done),
        )
        self._channel.add_on_cancel_callback(cancelled)
        await self._answer(
            f"the wish to take from queue {queue}",
            lambda done: self._channel.basic_consume(queue, delivered, consumer_tag=consumer, callback=done),
        )
        return consumer

    async def cancel(self, consumer: str) -> None:
        """Have nothing more delivered; what was delivered is still to be acknowledged."""
        await self._answer(
            "the wish to take no more from a queue", lambda done: self._channel.basic_cancel(consumer, callback=done)
        )

    def ack(self, tag: int) -> None:
        """Acknowledge one delivery. On a channel that is lost nothing is said: what was delivered comes again."""
        if self._channel.is_open:
            self._channel.basic_ack(tag)

    def ack_up_to(self, tag: int) -> None:
        """Acknowledge all deliveries up to `tag`; else as `ack`."""
        if self._channel.is_open:
            self._channel.basic_ack(tag, multiple=True)

    def close(self) -> None:
        """Close without waiting for the answer."""
        if self._channel.is_open:
            self._channel.close()

    async def _look_for_queue(self, queue: str) -> Any:
        return await self._answer(
            f"whether queue {queue} exists",
            lambda done: self._channel.queue_declare(queue, passive=True, callback=done),
        )

    async def _answer(self, question: str, ask: Callable[[Callable[[Any], None]], object]) -> Any:
        """Return the broker's answer. A channel that is closed never gives one, hence the second future."""
        done: asyncio.Future[Any] = self._loop.create_future()
        ask(lambda frame: None if done.done() else done.set_result(frame))
        await first_of(done, self.lost, timeout_s=ANSWER_WAIT_S)
        if done.done():
            return done.result()
        if self.lost.done():
            raise self.lost.result()
        raise _no_answer(question)

    def _closed(self, _channel: Any, reason: BaseException) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)
        if not isinstance(reason, pika.exceptions.ChannelClosedByClient):
            self._on_lost(reason)
