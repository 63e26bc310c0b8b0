"""`/api/v1/rpc`: request and reply for systems that have no broker; the same as over its queue."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.body import json_text
from hub.desk.replies import ApiError
from hub.desk.route import OneOf, Route
from hub.domain.rpc import REPLIES, REQUESTS, RequestReply, RpcCaller

AT_ONCE = 100


class RpcApi:
    """Hands requests on; each method says what a token must be allowed for it."""

    def __init__(self, *, requests: RequestReply) -> None:
        self._requests = requests
        self._running = 0

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="POST",
                path="/api/v1/rpc",
                access=Access.CALLER,
                handler=self._answer,
                summary=(
                    "JSON-RPC 2.0: a request or a batch. Whatever becomes of a request is in the reply, with status"
                    " 200; 204 where there is nothing but notifications."
                ),
                body=OneOf(REQUESTS),
                reply=OneOf(REPLIES),
                empty=(204,),
                errors=(408, 413, 415, 429),
            ),
        )

    async def _answer(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        message = await json_text(request, "request")
        if self._running >= AT_ONCE:
            reason = f"{AT_ONCE} requests are being answered at the moment. Try again soon."
            raise ApiError(429, "too_many_requests", reason, {"Retry-After": "1"})
        self._running += 1
        try:
            reply = await self._requests.answer(message, RpcCaller(token=caller.token or "", may=caller.may))
        finally:
            self._running -= 1
        if reply is None:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        return web.Response(body=reply, content_type="application/json", charset="utf-8")
