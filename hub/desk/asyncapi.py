"""All that is sent without being asked for, described in AsyncAPI 3: the desk's WebSocket, the broker, the stream.

Made from the types themselves. Nothing of a site is in it, so that anyone may read it.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from hub.desk import asyncapi_bus, frames
from hub.desk.sockets import (
    CLOSE_GOING_AWAY,
    CLOSE_NOTHING_EXPECTED,
    CLOSE_SIGNED_OUT,
    CLOSE_TOO_SLOW,
)
from hub.domain.data_schema import components

_CLOSE_CODES = (
    f"Close codes: {CLOSE_GOING_AWAY} the hub stops, {CLOSE_NOTHING_EXPECTED} the page sent something,"
    f" {CLOSE_SIGNED_OUT} signed out or expired, {CLOSE_TOO_SLOW} the page read too slowly."
)


def asyncapi(*, version: str, cookie_name: str) -> dict[str, Any]:
    """Return the AsyncAPI document."""
    kinds: tuple[type[msgspec.Struct], ...] = get_args(frames.Frame)
    payloads, definitions = components(kinds, "#/components/schemas/{name}")
    on_the_desk = {
        kind.__name__: {
            "name": str(kind.__struct_config__.tag),
            "summary": (kind.__doc__ or "").strip().partition("\n")[0],
            "contentType": "application/json",
            "payload": payload,
        }
        for kind, payload in zip(kinds, payloads, strict=True)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "ctihub", "version": version, "description": (frames.__doc__ or "").strip()},
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {"desk": _desk(on_the_desk), **asyncapi_bus.channels()},
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/desk"},
                "messages": [{"$ref": f"#/channels/desk/messages/{name}"} for name in on_the_desk],
                "security": [{"$ref": "#/components/securitySchemes/session"}],
            },
            **asyncapi_bus.operations(),
        },
        "components": {
            "messages": {**on_the_desk, **asyncapi_bus.messages()},
            "schemas": {**definitions, **asyncapi_bus.schemas()},
            "securitySchemes": {
                "session": {"type": "httpApiKey", "in": "cookie", "name": cookie_name},
                "bearer": {"type": "http", "scheme": "bearer"},
                "broker": {"type": "userPassword", "description": "A user of the broker."},
            },
        },
    }


def _servers() -> dict[str, Any]:
    """Describe where both are; only a site knows the addresses."""
    return {
        "desk": {
            "host": "{host}",
            "protocol": "wss",
            "description": "The hub, for the agents' pages.",
            "variables": {"host": {"default": "localhost:8080"}},
        },
        "hub": {
            "host": "{host}",
            "protocol": "https",
            "description": "The hub, for machines.",
            "variables": {"host": {"default": "localhost:8080"}},
        },
        "broker": {
            "host": "{host}",
            "protocol": "amqp",
            "protocolVersion": "0-9-1",
            "description": "The broker that bus.url names; there need be none.",
            "variables": {"host": {"default": "localhost:5672"}},
            "security": [{"$ref": "#/components/securitySchemes/broker"}],
        },
    }


def _desk(messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": "/api/v1/desk",
        "description": _CLOSE_CODES,
        "servers": [{"$ref": "#/servers/desk"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }
