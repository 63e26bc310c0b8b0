"""`/api/v1/desk`: the WebSocket of an agent's page."""

from __future__ import annotations

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.desk import Desk
from hub.desk.replies import ApiError
from hub.desk.route import Route
from hub.desk.sockets import DeskSocket


class DeskApi:
    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/desk",
                access=Access.AGENT,
                handler=self._connect,
                summary="The agent's desk: a WebSocket, described in /api/v1/asyncapi.json.",
                status=101,
                errors=(400, 403, 429),
            ),
        )

    async def _connect(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        session = caller.signed_in
        if not self._desk.has_room(session.agent):
            raise ApiError(429, "too_many_pages", "You have too many pages open. Close some.", {"Retry-After": "10"})
        socket = DeskSocket(session.agent, session.id)
        response = await socket.open(request)
        self._desk.join(socket)
        try:
            await socket.until_closed()
        finally:
            self._desk.leave(socket)
        return response
