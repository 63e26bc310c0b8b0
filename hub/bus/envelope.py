"""A stored event as an AMQP message: CloudEvents 1.0, AMQP binding, structured content mode."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pika

from hub.domain.ports import StoredEvent

CONTENT_TYPE: Final = "application/cloudevents+json; charset=UTF-8"
PERSISTENT: Final = 2


def message_properties(stored: StoredEvent) -> Any:
    """Return the properties beside the body. `message_id` is the event's id, by which a consumer drops duplicates."""
    return pika.BasicProperties(
        content_type=CONTENT_TYPE,
        delivery_mode=PERSISTENT,
        message_id=stored.id,
        type=stored.type,
        timestamp=int(datetime.fromisoformat(stored.time).timestamp()),
        app_id="ctihub",
        headers={"partitionkey": stored.partitionkey},
    )
