"""The HTTP API described in OpenAPI 3.1, made from the table of routes and the types themselves."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from hub.desk.access import Access
from hub.desk.replies import ErrorReply
from hub.desk.route import OneOf, Route
from hub.domain.data_schema import components as schema_components
from hub.domain.data_schema import event_schema
from hub.domain.event import SCHEMA_VERSIONS, Event

_REF = "#/components/schemas/{name}"

_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.PUBLIC: [],
    Access.AGENT: [{"session": []}],
    Access.MACHINE: [{"bearer": []}],
    Access.AGENT_OR_MACHINE: [{"session": []}, {"bearer": []}],
    Access.AGENT_OR_CONTROLLER: [{"session": []}, {"bearer": []}],
    Access.CALLER: [{"bearer": []}],
    Access.CONFIGURER: [{"bearer": []}],
    Access.OPERATOR: [{"bearer": []}],
    Access.RECORDER: [{"bearer": []}],
    Access.AGENT_OR_AUDITOR: [{"session": []}, {"bearer": []}],
    Access.SENDER: [{"bearer": []}, {"basic": []}, {"signature": []}],
    Access.VISITOR: [{"visitor": []}],
}


def openapi(routes: Iterable[Route], *, version: str, cookie_name: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    table = tuple(routes)
    bodies = [kind for route in table for kind in (route.body, route.reply) if kind not in (None, Event)]
    named = [kind for body in bodies for kind in (body.kinds if isinstance(body, OneOf) else (body,))]
    types = list(dict.fromkeys((*named, ErrorReply, *SCHEMA_VERSIONS)))
    schemas, components = schema_components(types, _REF)
    schema_of = dict(zip(types, schemas, strict=True))
    for body in bodies:
        if isinstance(body, OneOf):
            one = {"anyOf": [schema_of[kind] for kind in body.kinds]}
            schema_of[body] = {"anyOf": [*one["anyOf"], {"type": "array", "items": one}]}
    schema_of[Event] = {"$ref": _REF.format(name="Event")}
    components["Event"] = event_schema({kind: schema_of[kind] for kind in SCHEMA_VERSIONS})
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ctihub",
            "version": version,
            "description": "CTI middleware hub: calls, who is calling, and what happened.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie_name},
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "A feed's own login."},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Signature",
                    "description": "A feed's own HMAC signature; the header is the one that the feed names.",
                },
                "visitor": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Who the visitor is, signed by the site's server (HS256): sub, aud (the feed), exp.",
                },
            },
        },
    }


def _operation(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.reply is not None:
        done["content"] = {route.media: {"schema": schema_of[route.reply]}}
    statuses = {*route.errors, *(() if route.access is Access.PUBLIC else (401,))}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "security": _SECURITY[route.access],
        "responses": {
            str(route.status): done,
            **{str(status): _with_reply(status, route, schema_of) for status in route.results},
            **{str(status): {"description": HTTPStatus(status).phrase} for status in route.empty},
            **{str(status): _error(status, schema_of) for status in sorted(statuses)},
        },
    }
    if route.parameters:
        operation["parameters"] = [
            {
                "name": p.name,
                "in": p.place,
                "description": p.description,
                "required": p.place == "path",
                "schema": p.schema,
            }
            for p in route.parameters
        ]
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[route.body]}},
        }
    if route.body_media:
        operation["requestBody"] = {"required": True, "content": {route.body_media: {}}}
    return operation


def _with_reply(status: int, route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content = {route.media: {"schema": schema_of[route.reply]}}
    return {"description": HTTPStatus(status).phrase, "content": content}


def _error(status: int, schema_of: dict[Any, Any]) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": schema_of[ErrorReply]}},
    }
