"""Messages that can't be understood, kept whole in `ctihub.dead` with the reason beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import pika

from hub.bus.amqp import AmqpChannel, AmqpConnection, Delivery, first_of
from hub.bus.envelope import PERSISTENT
from hub.bus.errors import BrokerError
from hub.bus.intake import RefusedError
from hub.bus.window import ConfirmWindow

DEAD_QUEUE: Final = "ctihub.dead"
MAX_REASON: Final = 500
MAX_UNCONFIRMED: Final = 100
_KEPT: Final = ("content_type", "content_encoding", "correlation_id", "message_id", "timestamp", "type", "app_id")
_ROUTING_HEADERS: Final = frozenset({"CC", "BCC"})
"""RabbitMQ would deliver the dead letter to the queues that these headers name."""


def dead_letter_properties(original: Any, refusal: RefusedError, *, feed: str, mapping: str) -> Any:
    """Return the properties of a dead letter: the original's, and why it is here.

    Left out of the original's are those that would act again: expiration (the letter would vanish), user id
    (the broker would refuse it), reply-to and priority; their values stand in headers `x-original-...`.
    """
    headers: dict[str, Any] = {}
    for name, value in (original.headers or {}).items():
        headers[f"x-original-{name}" if name in _ROUTING_HEADERS else name] = value
    for name in ("expiration", "user_id", "reply_to", "priority"):
        if (value := getattr(original, name)) is not None:
            headers[f"x-original-{name.replace('_', '-')}"] = value
    headers |= {
        "x-feed": feed,
        "x-reason": refusal.reason[:MAX_REASON],
        "x-mapping": mapping,
        "x-field": refusal.field[:MAX_REASON],
    }
    kept = {name: getattr(original, name) for name in _KEPT}
    return pika.BasicProperties(**kept, headers=headers, delivery_mode=PERSISTENT)


class DeadLetters:
    """Sends dead letters over one channel, those of a batch together."""

    def __init__(self, channel: AmqpChannel, queue: str) -> None:
        self._channel = channel
        self._queue = queue
        self._unconfirmed = ConfirmWindow(0, max_messages=MAX_UNCONFIRMED)
        self._not_taken = False

    @classmethod
    async def open(cls, connection: AmqpConnection, queue: str = DEAD_QUEUE) -> DeadLetters:
        """Make sure of the queue, whatever its type if it is there already."""
        if not await connection.queue_exists(queue):
            await (await connection.channel()).declare_queue(queue)
        channel = await connection.channel()
        self = cls(channel, queue)
        channel.on_return(self._on_return)
        await channel.confirm(self._on_confirm)
        return self

    async def send(self, letters: Sequence[tuple[Delivery, RefusedError]], *, feed: str, mapping: str) -> None:
        """Return when all are safe in the queue. Raises BrokerError when the broker does not take one of them."""
        for number, (delivery, refusal) in enumerate(letters):
            await self._until(self._unconfirmed.room)
            properties = dead_letter_properties(delivery.properties, refusal, feed=feed, mapping=mapping)
            self._channel.publish("", self._queue, properties, delivery.body)
            self._unconfirmed.sent(number, len(delivery.body))
        await self._until(self._unconfirmed.drained)
        if self._not_taken:
            raise BrokerError(f"queue {self._queue} did not take a dead letter; the message stays where it was")

    async def _until(self, condition: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Wait for the window's condition, or raise why the channel was lost."""
        met = asyncio.ensure_future(condition())
        try:
            await first_of(met, self._channel.lost)
        finally:
            met.cancel()
        if self._channel.lost.done():
            raise self._channel.lost.result()

    def _on_confirm(self, tag: int, multiple: bool, took: bool) -> None:
        self._not_taken = self._not_taken or not took
        self._unconfirmed.confirmed(tag, multiple=multiple)

    def _on_return(self, _routing_key: str) -> None:
        self._not_taken = True
