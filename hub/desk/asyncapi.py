"""The WebSocket `/api/v1/desk` described in AsyncAPI 3, made from the frames themselves."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from hub.desk import frames
from hub.desk.sockets import (
    CLOSE_GOING_AWAY,
    CLOSE_NOTHING_EXPECTED,
    CLOSE_SIGNED_OUT,
    CLOSE_TOO_SLOW,
)

_CLOSE_CODES = (
    f"Close codes: {CLOSE_GOING_AWAY} the hub stops, {CLOSE_NOTHING_EXPECTED} the page sent something,"
    f" {CLOSE_SIGNED_OUT} signed out or expired, {CLOSE_TOO_SLOW} the page read too slowly."
)


def asyncapi(*, version: str, cookie_name: str) -> dict[str, Any]:
    """Return the AsyncAPI document."""
    kinds: tuple[type[msgspec.Struct], ...] = get_args(frames.Frame)
    payloads, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    messages = {
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
        "info": {"title": "ctihub desk", "version": version, "description": (frames.__doc__ or "").strip()},
        "defaultContentType": "application/json",
        "channels": {
            "desk": {
                "address": "/api/v1/desk",
                "description": _CLOSE_CODES,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/desk"},
                "messages": [{"$ref": f"#/channels/desk/messages/{name}"} for name in messages],
                "security": [{"$ref": "#/components/securitySchemes/session"}],
            }
        },
        "components": {
            "messages": messages,
            "schemas": components,
            "securitySchemes": {"session": {"type": "httpApiKey", "in": "cookie", "name": cookie_name}},
        },
    }
