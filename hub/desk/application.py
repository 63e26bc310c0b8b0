"""The aiohttp application made from the table of routes: gate before each, errors in words, headers on all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from hub.desk.access import Gate
from hub.desk.feed_body import expects_later
from hub.desk.pages import CROSS_ORIGIN_RESOURCE, SECURITY_HEADERS, STRICT_TRANSPORT, Pages
from hub.desk.replies import ApiError, error_reply
from hub.desk.route import Route
from hub.desk.user_store import UserStoreError
from hub.domain.ports import StoreError

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 16 * 1024

_MESSAGES: dict[int, str] = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: f"The request is too large: at most {MAX_BODY_BYTES} bytes.",
}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_application(routes: Iterable[Route], *, gate: Gate, pages: Pages) -> web.Application:
    application = web.Application(middlewares=[_errors_in_words], client_max_size=MAX_BODY_BYTES)
    for route in routes:
        expects = expects_later if route.body_media else None
        application.router.add_route(route.method, route.path, _guarded(route, gate), expect_handler=expects)
    pages.add_to(application)
    headers = dict(SECURITY_HEADERS)
    if gate.secure:
        headers[hdrs.STRICT_TRANSPORT_SECURITY] = STRICT_TRANSPORT

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            return  # a WebSocket shows nothing, and would carry these for as long as it lives
        shared = response.headers.get(CROSS_ORIGIN_RESOURCE)
        response.headers.update(headers)
        if shared is not None:
            response.headers[CROSS_ORIGIN_RESOURCE] = shared
        if hdrs.CACHE_CONTROL not in response.headers:
            response.headers[hdrs.CACHE_CONTROL] = "no-store"

    application.on_response_prepare.append(add_headers)
    return application


def _guarded(route: Route, gate: Gate) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await route.handler(request, await gate.admit(request, route.access))

    return handle


@web.middleware
async def _errors_in_words(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return error_reply(error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        status = HTTPStatus(error.status)
        headers: dict[str, str] = {}
        if hdrs.ALLOW in error.headers:
            headers["Allow"] = error.headers[hdrs.ALLOW]
        return error_reply(
            ApiError(
                error.status,
                status.name.lower(),
                _MESSAGES.get(error.status) or f"The request can't be served: {status.phrase}.",
                headers,
            )
        )
    except UserStoreError as error:
        log.error("users_unavailable", reason=str(error))  # noqa: TRY400 - the reason says it all
        return error_reply(ApiError(503, "users_unavailable", "Sign-ins can't be checked now. Try again soon."))
    except StoreError as error:
        log.error("store_unavailable", path=request.path[:200], reason=str(error))  # noqa: TRY400 - as above
        return error_reply(ApiError(503, "store_unavailable", "What was stored can't be read now. Try again soon."))
    except ConnectionError:
        raise  # the other side went away; there is no one to tell
    except Exception:
        log.exception("request_failed", method=request.method, path=request.path[:200])
        return error_reply(ApiError(500, "internal", "The hub made a mistake. It is in the hub's log."))
