"""What those who run the hub ask: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import hdrs, web

from hub.desk.access import Access, Caller
from hub.desk.replies import json_reply
from hub.desk.route import Route
from hub.domain.ports import StatusSource


class Liveness(msgspec.Struct, frozen=True):
    alive: bool


class Readiness(msgspec.Struct, frozen=True):
    """`problems` are in words for the person who runs the hub; there are none when it is ready."""

    ready: bool
    problems: tuple[str, ...]


MetricsRenderer = Callable[[], tuple[bytes, str]]
"""Returns all metrics in an exposition format, and the format's content type."""


class OperationsApi:
    def __init__(self, *, status: StatusSource, metrics: MetricsRenderer) -> None:
        self._status = status
        self._metrics = metrics

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/livez",
                access=Access.PUBLIC,
                handler=self._livez,
                summary="Whether the process answers.",
                reply=Liveness,
            ),
            Route(
                method="GET",
                path="/readyz",
                access=Access.PUBLIC,
                handler=self._readyz,
                summary="Whether the hub does its work; 503 with the reasons when it does not.",
                reply=Readiness,
            ),
            Route(
                method="GET",
                path="/metrics",
                access=Access.PUBLIC,
                handler=self._render,
                summary="Prometheus metrics. No personal data.",
                reply=str,
                media="text/plain",
            ),
        )

    async def _livez(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        return json_reply(Liveness(alive=True))

    async def _readyz(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        problems = tuple(self._status.problems())
        return json_reply(Readiness(ready=not problems, problems=problems), status=503 if problems else 200)

    async def _render(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        body, content_type = self._metrics()
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})
