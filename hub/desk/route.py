"""One row of the table of routes: what the router, the gate and the API's description are all made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from hub.desk.access import Access, Caller

Handler = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A query parameter, a header or a part of the path, as `place` says; `schema` is JSON Schema."""

    name: str
    description: str
    schema: dict[str, Any]
    place: str = "query"


class OneOf(msgspec.Struct, frozen=True):
    """A body or reply that is one of these types, or a list of them."""

    kinds: tuple[Any, ...]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`body` and `reply` are msgspec types, or `OneOf` them; `reply` None means that the reply has no JSON body.

    `body_media` is the media type of a body that is taken as it is; what sends one waits to be asked for it.
    `results` are further statuses with which `reply` comes, `empty` those that come with no body; those in `errors`
    come with an `ErrorReply`.
    """

    method: str
    path: str
    access: Access
    handler: Handler
    summary: str
    status: int = 200
    body: Any = None
    body_media: str = ""
    reply: Any = None
    media: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    results: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
