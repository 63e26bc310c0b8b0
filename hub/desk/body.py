"""The JSON body of a request, as the struct that it has to be."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from aiohttp import web

from hub.desk.replies import ApiError

_BODY_TIMEOUT_S = 10.0

T = TypeVar("T")


async def json_body(request: web.Request, decoder: msgspec.json.Decoder[T], what: str, example: str) -> T:
    """Return the decoded body. Raises ApiError 400, 408 or 415, which names `what` it is none of; quotes no value."""
    body = await json_text(request, what)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # Says which field does not fit and how.
        raise ApiError(400, "bad_request", f"This is no {what}: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError(400, "bad_request", f"Send a {what} in JSON, {example}.") from None


async def json_text(request: web.Request, what: str) -> bytes:
    """Return the body as it is. Raises ApiError 408 or 415, which names `what` is expected."""
    # A body in a form's media type could come from another site's form without the browser asking first.
    if request.content_type != "application/json":
        raise ApiError(415, "not_json", f"Send the {what} as application/json.")
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            return await request.read()
    except TimeoutError:
        raise ApiError(408, "too_slow", "The request did not arrive in time.") from None
