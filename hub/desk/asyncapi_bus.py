"""The broker and the stream of events, described in AsyncAPI 3: what the hub sends, and what it takes."""

from __future__ import annotations

from typing import Any, Final

from hub.domain.bus_names import DEAD_QUEUE, EVENTS_EXCHANGE, INBOUND_PREFIX, RPC_QUEUE
from hub.domain.data_schema import components, event_schema
from hub.domain.event import SCHEMA_VERSIONS, EventType, data_type_of, dataschema
from hub.domain.rpc import REPLIES, REQUESTS

Part = dict[str, Any]

_SCHEMA: Final = "#/components/schemas/{name}"
_AMQP: Final = "0.3.0"
_CLOUD_EVENT: Final = "application/cloudevents+json"
_TEXT: Final[Part] = {"type": "string"}

_EVENTS: Final = (
    f"The topic exchange {EVENTS_EXCHANGE}; the routing key is the event's type, so that a queue of your own, bound"
    " with a pattern, gets what you want. Each event comes at least once: drop by message_id what you have had."
    " In order within a partitionkey. With bus.content_mode: binary the body is the data alone, its content type"
    " application/json, and each attribute is a header cloudEvents:NAME."
)
_INBOUND: Final = (
    f"The queue of the feed of that name, and an exchange called the same that leads there: publish to the exchange"
    " with a user who may write to nothing else. The body is in the feed's format and encoding. Set message_id: by it"
    f" a message that comes again is known. What can't be understood goes to {DEAD_QUEUE}."
)
_DEAD: Final = (
    "Copies of what could not be understood, with the reason. Those that the broker itself gave up have the header"
    " x-death instead. The hub keeps the originals: ctihub dlq list."
)
_RPC: Final = (
    "JSON-RPC 2.0. Set reply_to (RabbitMQ's amq.rabbitmq.reply-to will do) and correlation_id, which the reply has too;"
    " the header authorization has a bearer token of the hub's."
)
_DEAD_HEADERS: Final = {
    "x-dead-letter-id": "Its id for ctihub dlq and the API; one that is copied again has the same",
    "x-origin": "/feed/NAME, or /connector/NAME for what a backend did not take",
    "x-feed": "The feed's name; empty where it is of none",
    "x-reason": "Why, for a person",
    "x-mapping": "The mapping that it was read with",
    "x-field": "The field that the mapping failed at; empty where it was none",
    "x-part": "The place within a message of several, as record 17",
    "x-file": "Where the original lies that is too large for a message",
    "x-body-left-out": "How large a body is that was left out of the copy",
}


def schemas() -> dict[str, Part]:
    """Return what all events, requests and replies are made of, by the names that the messages refer to."""
    types = (*SCHEMA_VERSIONS, *REQUESTS, *REPLIES)
    references, definitions = components(types, _SCHEMA)
    by_type = dict(zip(types, references, strict=True))
    return {**definitions, "Event": event_schema({kind: by_type[kind] for kind in SCHEMA_VERSIONS})}


def messages() -> dict[str, Part]:
    """Return every message but the desk's, by name; an event's is its type."""
    return {
        **{str(kind): _event(kind) for kind in sorted(EventType)},
        "inbound": {
            "name": "inbound",
            "summary": "A message of a legacy system, in the feed's own format.",
            "contentType": "application/octet-stream",
            "payload": {
                "description": "Whatever the feed's format says: JSON, XML, CSV, fixed width, IDoc, CloudEvents"
            },
        },
        "dead": {
            "name": "dead",
            "summary": "What could not be understood, untouched, with the reason.",
            "contentType": "application/octet-stream",
            "headers": {
                "type": "object",
                "properties": {name: {**_TEXT, "description": text} for name, text in _DEAD_HEADERS.items()},
            },
            "payload": {"description": "The original, byte for byte"},
        },
        **{kind.__name__: _rpc(kind) for kind in (*REQUESTS, *REPLIES)},
    }


def channels() -> dict[str, Part]:
    """Return the channels but the desk's."""
    events = _named(*sorted(EventType))
    types: Part = {"enum": sorted(EventType), "description": "The event's type"}
    return {
        "events": {
            "address": "{eventType}",
            "description": _EVENTS,
            "servers": [{"$ref": "#/servers/broker"}],
            "parameters": {"eventType": types},
            "messages": events,
            "bindings": {
                "amqp": {
                    "is": "routingKey",
                    "exchange": {"name": EVENTS_EXCHANGE, "type": "topic", "durable": True, "autoDelete": False},
                    "bindingVersion": _AMQP,
                }
            },
        },
        "eventStream": {
            "address": "/api/v1/events",
            "description": "Server-sent events, one CloudEvent in JSON each; resumable by Last-Event-ID.",
            "servers": [{"$ref": "#/servers/hub"}],
            "messages": events,
        },
        "inbound": {
            "address": f"{INBOUND_PREFIX}{{feed}}",
            "description": _INBOUND,
            "servers": [{"$ref": "#/servers/broker"}],
            "parameters": {"feed": {"description": "The feed's name below inbound: in ctihub.yaml"}},
            "messages": _named("inbound"),
            "bindings": _queue(f"{INBOUND_PREFIX}{{feed}}"),
        },
        "dead": {
            "address": DEAD_QUEUE,
            "description": _DEAD,
            "servers": [{"$ref": "#/servers/broker"}],
            "messages": _named("dead"),
            "bindings": _queue(DEAD_QUEUE),
        },
        "rpc": {
            "address": RPC_QUEUE,
            "description": _RPC,
            "servers": [{"$ref": "#/servers/broker"}],
            "messages": _named(*(kind.__name__ for kind in REQUESTS)),
            "bindings": _queue(RPC_QUEUE),
        },
        "rpcReply": {
            "address": None,
            "description": "The queue that the request names in reply_to.",
            "messages": _named(*(kind.__name__ for kind in REPLIES)),
        },
    }


def operations() -> dict[str, Part]:
    """Return what the hub does with them: `send` is the hub to others, `receive` others to the hub."""
    return {
        "publishEvents": {
            **_operation("send", "events", "Every event, confirmed by the broker."),
            "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "timestamp": True, "bindingVersion": _AMQP}},
        },
        "streamEvents": {
            **_operation("send", "eventStream", "Every event as it becomes durable."),
            "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
            "security": [{"$ref": "#/components/securitySchemes/bearer"}],
        },
        "takeIn": {
            **_operation("receive", "inbound", "Messages of legacy systems; acknowledged once they are durable."),
            "bindings": {"amqp": {"ack": True, "bindingVersion": _AMQP}},
        },
        "copyDeadLetters": _operation("send", "dead", "What could not be understood."),
        "answer": {
            **_operation("receive", "rpc", "Questions and commands."),
            "reply": {
                "address": {"location": "$message.header#/replyTo", "description": "The property reply_to"},
                "channel": {"$ref": "#/channels/rpcReply"},
            },
        },
    }


def _event(kind: EventType) -> Part:
    data_type = data_type_of(kind)
    return {
        "name": str(kind),
        "summary": (data_type.__doc__ or "").strip().partition("\n")[0],
        "description": f"Data: {dataschema(data_type)}",
        "contentType": _CLOUD_EVENT,
        "payload": {"allOf": [{"$ref": _SCHEMA.format(name="Event")}, {"properties": {"type": {"const": str(kind)}}}]},
        "bindings": {"amqp": {"messageType": str(kind), "bindingVersion": _AMQP}},
    }


def _rpc(kind: type[Any]) -> Part:
    return {
        "name": kind.__name__,
        "summary": (kind.__doc__ or "").strip().partition("\n")[0],
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/correlationId", "description": "The property correlation_id"},
        "payload": {"$ref": _SCHEMA.format(name=kind.__name__)},
    }


def _named(*names: str) -> Part:
    return {str(name): {"$ref": f"#/components/messages/{name}"} for name in names}


def _queue(name: str) -> Part:
    return {
        "amqp": {
            "is": "queue",
            "queue": {"name": name, "durable": True, "exclusive": False, "autoDelete": False},
            "bindingVersion": _AMQP,
        }
    }


def _operation(action: str, channel: str, summary: str) -> Part:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
