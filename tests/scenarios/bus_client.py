"""What legacy systems do with the broker: bind, read, publish. Blocking, each call with a connection of its own."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any, NamedTuple

import pika
import pika.exceptions


class Message(NamedTuple):
    """A message as a consumer gets it."""

    routing_key: str
    properties: Any
    body: bytes


def connect(url: str) -> Any:
    """Connect as the legacy system does."""
    return pika.BlockingConnection(pika.URLParameters(url))


def declare_exchange(url: str, exchange: str, kind: str = "topic") -> None:
    """Declare a durable exchange."""
    with closing(connect(url)) as connection:
        connection.channel().exchange_declare(exchange, kind, durable=True)


def bind(url: str, exchange: str, queue: str, pattern: str = "#") -> None:
    """Declare a durable queue and have it get what fits the pattern."""
    with closing(connect(url)) as connection:
        channel = connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True)
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, exchange, pattern)


def publish(url: str, routing_key: str, *messages: tuple[bytes, Any], exchange: str = "") -> None:
    """Publish, confirmed, by default into the queue that the key names; each message is a body and its properties."""
    with closing(connect(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for body, properties in messages:
            channel.basic_publish(exchange, routing_key, body, properties, mandatory=True)


def collect(url: str, queue: str, count: int, within_s: float = 20.0) -> list[Message]:
    """Take messages from a queue until `count` different message ids were seen.

    A broker that was just started may end a consumer of a queue that has no leader yet: as long as nothing came, it
    is asked again.
    """
    found: list[Message] = []
    deadline = time.monotonic() + within_s
    while True:
        connection = connect(url)
        try:
            _take(connection.channel(), queue, count, found, deadline)
        except pika.exceptions.AMQPError:
            if found or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return found
        finally:
            if connection.is_open:
                connection.close()


def _take(channel: Any, queue: str, count: int, found: list[Message], deadline: float) -> None:
    ids: set[str] = set()
    for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=0.2):
        if method is not None:
            found.append(Message(method.routing_key, properties, body))
            ids.add(properties.message_id)
        if len(ids) >= count:
            break
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(ids)} of {count} messages in time in {queue}")
    channel.cancel()


def reject(url: str, queue: str) -> None:
    """Take one message from a queue and refuse it, not to be delivered again."""
    with closing(connect(url)) as connection:
        channel = connection.channel()
        (method, _properties, _body) = next(channel.consume(queue, inactivity_timeout=20))
        channel.basic_reject(method.delivery_tag, requeue=False)


def depth(url: str, queue: str) -> int:
    """Return how many messages wait in a queue."""
    with closing(connect(url)) as connection:
        count: int = connection.channel().queue_declare(queue, passive=True).method.message_count
        return count


def delete_queue(url: str, queue: str) -> None:
    """Delete a queue, used or not."""
    with closing(connect(url)) as connection:
        connection.channel().queue_delete(queue)


def delete_exchange(url: str, exchange: str) -> None:
    """Delete an exchange, used or not."""
    with closing(connect(url)) as connection:
        connection.channel().exchange_delete(exchange)


def declare_queue(url: str, queue: str) -> None:
    """Declare a durable queue."""
    with closing(connect(url)) as connection:
        connection.channel().queue_declare(queue, durable=True)
