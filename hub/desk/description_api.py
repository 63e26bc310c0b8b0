"""The API's own descriptions. They say what anyone can read in the source, so anyone may read them here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from hub.desk.access import Access, Caller
from hub.desk.asyncapi import asyncapi
from hub.desk.openapi import openapi
from hub.desk.replies import json_reply
from hub.desk.route import Route


class DescriptionApi:
    def __init__(self, *, version: str, cookie_name: str) -> None:
        self._version = version
        self._cookie_name = cookie_name
        self._openapi: dict[str, Any] = {}
        self._asyncapi: dict[str, Any] = {}

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/api/v1/openapi.json",
                access=Access.PUBLIC,
                handler=self._show_openapi,
                summary="This description of the HTTP API (OpenAPI 3.1).",
                reply=dict[str, Any],
            ),
            Route(
                method="GET",
                path="/api/v1/asyncapi.json",
                access=Access.PUBLIC,
                handler=self._show_asyncapi,
                summary="The description of the WebSocket, the stream of events and the broker (AsyncAPI 3).",
                reply=dict[str, Any],
            ),
        )

    def describe(self, routes: Iterable[Route]) -> None:
        """Make the descriptions from the whole table of routes."""
        self._openapi = openapi(routes, version=self._version, cookie_name=self._cookie_name)
        self._asyncapi = asyncapi(version=self._version, cookie_name=self._cookie_name)

    async def _show_openapi(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        return json_reply(self._openapi)

    async def _show_asyncapi(self, _request: web.Request, _caller: Caller) -> web.StreamResponse:
        return json_reply(self._asyncapi)
