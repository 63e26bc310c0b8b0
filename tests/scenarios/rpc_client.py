"""A legacy system that asks over the broker and waits for the answers, as with any RPC library."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any, NamedTuple

import pika

from tests.scenarios.bus_client import connect

DIRECT = "amq.rabbitmq.reply-to"
"""RabbitMQ's direct reply-to: no queue is declared for the answers."""


class Answer(NamedTuple):
    """A reply; `correlation_id` is the one that was sent."""

    correlation_id: Any
    content_type: str
    body: Any


class Ask(NamedTuple):
    """A message to the queue of requests; `properties` go over those that an asker sets."""

    body: bytes
    properties: dict[str, Any] = {}


def request(method: str, params: Any = None, **members: Any) -> bytes:
    """Return a JSON-RPC request, with id 1 unless another is given."""
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}, "id": 1, **members}).encode()


def ask(
    url: str, queue: str, *asked: Ask, token: str = "", answers: int | None = None, within_s: float = 30.0
) -> list[Answer]:
    """Send all, each with its number as correlation id; return that many answers (as many as were asked), as they come.

    Fails when they are not there in time.
    """
    wanted = len(asked) if answers is None else answers
    found: list[Answer] = []
    with closing(connect(url)) as connection:
        channel = connection.channel()

        def answered(_channel: Any, _method: Any, properties: Any, body: bytes) -> None:
            found.append(Answer(properties.correlation_id, properties.content_type, json.loads(body)))

        channel.basic_consume(DIRECT, answered, auto_ack=True)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        for number, one in enumerate(asked):
            given = {"reply_to": DIRECT, "correlation_id": str(number), "headers": headers, **one.properties}
            channel.basic_publish("", queue, one.body, pika.BasicProperties(**given))
        deadline = time.monotonic() + within_s
        while len(found) < wanted:
            assert time.monotonic() < deadline, f"{len(found)} of {wanted} answers: {found}"
            connection.process_data_events(time_limit=0.05)
    return found
