"""Requests from a queue and replies to where they ask for them (RabbitMQ's direct reply-to included)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any, Final

import pika
import pika.exceptions
import structlog

from hub.bus.amqp import AmqpChannel, AmqpConnection, Delivery, first_of
from hub.bus.parameters import broker_parameters
from hub.bus.supervisor import Ready, Supervisor
from hub.bus.topology import RPC_QUEUE, Topology
from hub.config.model import BusSection
from hub.config.tokens import Tokens, UnknownTokenError
from hub.domain.rpc import MAX_DEADLINE_MS, RequestReply, RpcCaller

log = structlog.get_logger(__name__)

AT_ONCE: Final = 100
"""Requests that are carried out side by side; the broker holds the others back."""

DRAIN_S: Final = 2.0
OWN_QUEUES: Final = "ctihub."
"""Nobody has the hub write into its own queues: who may ask could hand in as a feed then."""

_TRANSIENT: Final = 1
_NOBODY: Final = "Send a bearer token of the hub's auth.tokens in the AMQP header authorization, as in Bearer TOKEN."
_STRANGER: Final = "This bearer token is not known here."


class RpcQueue:
    """Takes requests from the queue `ctihub.rpc`; each is acknowledged with its reply, so none is lost unanswered.

    Requests in hand when the broker goes are delivered again; what that means for a call is `Methods`' business.
    `own_queues` are queues of the hub's besides those whose name begins with `ctihub.`: no reply goes there.
    """

    def __init__(
        self,
        section: BusSection,
        requests: RequestReply,
        tokens: Tokens,
        *,
        own_queues: Collection[str] = (),
        queue: str = RPC_QUEUE,
        retry_min_s: float = 0.5,
        retry_max_s: float = 30.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._requests = requests
        self._tokens = tokens
        self._own_queues = frozenset(own_queues)
        self._queue = queue
        self._now = now
        self._topology = Topology()
        self._undeliverable = 0
        self._supervisor = Supervisor(
            "rpc", broker_parameters(section, "rpc"), self._session, retry_min_s=retry_min_s, retry_max_s=retry_max_s
        )

    @property
    def connected(self) -> bool:
        return self._supervisor.connected

    def problem(self) -> str | None:
        """Why no requests are taken, in plain words; None when they are."""
        return self._supervisor.problem

    @property
    def undeliverable_total(self) -> int:
        """Replies for which there was nobody any more, or no queue that may have them."""
        return self._undeliverable

    def start(self) -> None:
        """Begin to take requests; returns at once whether or not the broker is there."""
        self._supervisor.start()

    async def stop(self) -> None:
        """Answer what is in hand, for a moment; what is not answered by then is delivered again another time."""
        await self._supervisor.stop()

    async def _session(self, connection: AmqpConnection, ready: Ready) -> None:
        await self._topology.rpc(connection, self._queue)
        channel = await connection.channel()
        channel.on_return(self._returned)
        serving: set[asyncio.Task[None]] = set()

        def arrived(delivery: Delivery) -> None:
            task = asyncio.get_running_loop().create_task(self._serve(channel, delivery), name="rpc")
            serving.add(task)
            task.add_done_callback(serving.discard)

        consumer = await channel.consume(self._queue, AT_ONCE, arrived)
        ready()
        try:
            await first_of(connection.broken)
        finally:
            if not connection.broken.done():
                await self._drain(channel, consumer, serving)
            for task in serving:
                task.cancel()
            if serving:
                await asyncio.wait(serving)

    async def _drain(self, channel: AmqpChannel, consumer: str, serving: set[asyncio.Task[None]]) -> None:
        cancelling = asyncio.ensure_future(channel.cancel(consumer))
        await asyncio.wait({cancelling, *serving}, timeout=DRAIN_S)
        cancelling.cancel()
        await asyncio.wait({cancelling})
        if not cancelling.cancelled() and (error := cancelling.exception()) is not None:
            log.debug("rpc_not_cancelled", reason=str(error))

    async def _serve(self, channel: AmqpChannel, delivery: Delivery) -> None:
        """Answer one message. A defect costs its reply, not the others' and not the connection."""
        try:
            properties = delivery.properties
            reply = await self._requests.answer(
                delivery.body,
                self._caller(properties),
                waited_s=waited_s(properties, self._now()),
                lasts_s=lasts_s(properties),
                may_be_second=delivery.redelivered,
            )
            if reply is not None:
                self._send(channel, properties, reply)
        except Exception:
            log.exception("rpc_not_answered")
        try:
            channel.ack(delivery.tag)
        except pika.exceptions.AMQPError as error:
            # The connection goes: the request is delivered again, with the next one.
            log.debug("rpc_not_acknowledged", reason=str(error))

    def _caller(self, properties: Any) -> RpcCaller:
        authorization = (properties.headers or {}).get("authorization")
        if not isinstance(authorization, str):
            return RpcCaller(why_not=_NOBODY)
        try:
            holder = self._tokens.holder(authorization)
        except UnknownTokenError:
            return RpcCaller(why_not=_STRANGER)
        return RpcCaller(why_not=_NOBODY) if holder is None else RpcCaller(token=holder.name, may=holder.may)

    def _send(self, channel: AmqpChannel, asked: Any, reply: bytes) -> None:
        """Send a reply to where the request says; it is of no use to anybody for longer than a request may take."""
        to = asked.reply_to
        if not isinstance(to, str) or not to or to.startswith(OWN_QUEUES) or to in self._own_queues:
            self._undeliverable += 1
            return
        properties = pika.BasicProperties(
            content_type="application/json",
            correlation_id=asked.correlation_id,
            delivery_mode=_TRANSIENT,
            expiration=str(MAX_DEADLINE_MS),
        )
        try:
            channel.publish("", to, properties, reply)
        except pika.exceptions.AMQPError as error:
            log.debug("rpc_reply_not_sent", reason=str(error))

    def _returned(self, _routing_key: str) -> None:
        self._undeliverable += 1


def lasts_s(properties: Any) -> float | None:
    """Return for how long a message is of use, by its `expiration`, which is milliseconds in digits (AMQP 0-9-1)."""
    text = properties.expiration
    return int(text[:15]) / 1_000 if isinstance(text, str) and text.isascii() and text.isdigit() else None


def waited_s(properties: Any, now: float) -> float:
    """Return how long ago a message was sent, by its `timestamp`, which is whole seconds since 1970.

    It may have been sent up to a second after that. Without one, or with one in the future, it was sent just now:
    whoever has no clock says `expiration`, by which the broker lets go what has waited for longer.
    """
    sent = properties.timestamp
    return max(0.0, now - sent - 1.0) if isinstance(sent, int) else 0.0
