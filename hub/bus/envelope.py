"""A stored event as an AMQP 0-9-1 message: CloudEvents 1.0, after the AMQP protocol binding (1.0.2).

Structured mode has the whole event in the body. In binary mode the body is the data alone, and each attribute is a
header `cloudEvents:NAME`, which RabbitMQ 4 shows to AMQP 1.0 clients as an application property.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec
import pika

from hub.domain.ports import StoredEvent

STRUCTURED: Final = "application/cloudevents+json; charset=UTF-8"
PERSISTENT: Final = 2


class Message(NamedTuple):
    """What is published: pika's properties and the body."""

    properties: Any
    body: bytes


Pack = Callable[[StoredEvent], Message]


class _Body(msgspec.Struct):
    """The parts of the stored body that nothing else has."""

    data: msgspec.Raw
    sequence: str = ""
    dataschema: str = ""
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


_body_decoder = msgspec.json.Decoder(_Body)


def packing(mode: Literal["structured", "binary"]) -> Pack:
    """Return what makes a stored event a message. `message_id` is the event's id, by which duplicates are dropped."""
    return structured if mode == "structured" else binary


def structured(stored: StoredEvent) -> Message:
    properties = pika.BasicProperties(
        content_type=STRUCTURED,
        delivery_mode=PERSISTENT,
        message_id=stored.id,
        type=stored.type,
        timestamp=_seconds(stored),
        app_id="ctihub",
        headers={"partitionkey": stored.partitionkey},
    )
    return Message(properties, stored.body)


def binary(stored: StoredEvent) -> Message:
    body = _body_decoder.decode(stored.body)
    headers = {
        "cloudEvents:specversion": body.specversion,
        "cloudEvents:id": stored.id,
        "cloudEvents:type": stored.type,
        "cloudEvents:source": stored.source,
        "cloudEvents:subject": stored.subject,
        "cloudEvents:time": stored.time,
        "cloudEvents:partitionkey": stored.partitionkey,
        "cloudEvents:sequence": body.sequence,
    }
    if body.dataschema:
        headers["cloudEvents:dataschema"] = body.dataschema
    properties = pika.BasicProperties(
        content_type=body.datacontenttype,
        delivery_mode=PERSISTENT,
        message_id=stored.id,
        type=stored.type,
        timestamp=_seconds(stored),
        app_id="ctihub",
        headers=headers,
    )
    return Message(properties, bytes(body.data))


def _seconds(stored: StoredEvent) -> int:
    return int(datetime.fromisoformat(stored.time).timestamp())
