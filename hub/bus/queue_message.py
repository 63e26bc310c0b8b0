"""A message of an AMQP queue as any other message of a feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from hub.bus.amqp import Delivery
from hub.domain.inbound import InboundMessage, Transport

AS_PROPERTIES: Final = {
    "content-encoding": "content_encoding",
    "correlation-id": "correlation_id",
    "type": "type",
    "app-id": "app_id",
}
"""Properties that stand among the message's headers, and are properties again in a copy: the names of both."""
_KEPT_AS_HEADERS: Final = {
    "x-original-expiration": "expiration",
    "x-original-user-id": "user_id",
    "x-original-reply-to": "reply_to",
    "x-original-priority": "priority",
    "x-original-timestamp": "timestamp",
}
_HEADER_OF: Final = {attribute: name for name, attribute in (AS_PROPERTIES | _KEPT_AS_HEADERS).items()}
_DELIVERY_COUNT: Final = "x-delivery-count"
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
"""Headers that are kept nowhere: some programs send theirs with everything."""
_NOT_KEPT: Final = _CREDENTIALS | {_DELIVERY_COUNT, "x-acquired-count"}
MAX_HEADERS: Final = 200
MAX_VALUE: Final = 8 * 1024


def inbound_message(delivery: Delivery) -> InboundMessage:
    """Return what a delivery says. Nothing in it is trusted; what is no text is told as text."""
    properties = delivery.properties
    return InboundMessage(
        body=delivery.body,
        transport=Transport.QUEUE,
        id=_text(properties.message_id or ""),
        content_type=_text(properties.content_type or ""),
        headers=_headers(properties),
        attempts=attempts_of(delivery),
    )


def attempts_of(delivery: Delivery) -> int:
    """Return how often it was delivered before: a quorum queue counts, any other says that it was at least once."""
    headers = delivery.properties.headers
    count = headers.get(_DELIVERY_COUNT) if headers else None
    if isinstance(count, int) and count > 0:
        return count
    return int(delivery.redelivered)


def _headers(properties: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    if properties.headers:
        for name, value in list(properties.headers.items())[:MAX_HEADERS]:
            lowered = _text(name).lower()
            if lowered not in _NOT_KEPT:
                headers[lowered] = _text(value)
    for attribute, value in vars(properties).items():
        if value is not None and (known_as := _HEADER_OF.get(attribute)) is not None:
            headers[known_as] = _text(value)
    return headers


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value[:MAX_VALUE].decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)[:MAX_VALUE]
