"""A simulated system's socket and its weather; what it says is its own."""

from __future__ import annotations

import abc
import asyncio
import base64
from typing import Any

from aiohttp import web

from tests.conformance.systems.system import Person, Weather, Written


class Served(abc.ABC):
    """Subclasses answer requests, and say no in their system's own ways."""

    known: Person
    shared: tuple[Person, ...]
    username = "ctihub"
    password = "gehe!m<&>"

    def __init__(self) -> None:
        self.weather = Weather.FINE
        self.asked = 0
        self.signed_in = 0
        self.port = 0
        self._written: dict[str, Written] = {}
        self._writes = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def written(self) -> list[Written]:
        return list(self._written.values())

    def keep(self, key: str, written: Written) -> None:
        """Keep what was written under a key of the system's own."""
        self._writes += 1
        self._written[key] = written

    @property
    def people(self) -> tuple[Person, ...]:
        return (self.known, *self.shared)

    async def start(self) -> None:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.is_contract(request):
            return await self.answer(request)
        self.asked += 1
        bad = {
            Weather.REFUSING: self.refused,
            Weather.FORBIDDING: self.forbidden,
            Weather.THROTTLING: self.throttled,
            Weather.FAULTY: self.fault,
        }
        if self.weather in bad:
            return bad[self.weather](await request.text())
        before = self._writes
        response = await self.answer(request)
        if self.weather is Weather.SILENT_WRITER and self._writes > before:
            if request.transport is not None:
                request.transport.abort()
            await asyncio.sleep(0)
        return response

    def is_contract(self, request: web.Request) -> bool:
        """Whether the request asks for a contract, which is given in any weather and isn't counted."""
        return request.method == "CONTRACT"

    def is_basic(self, request: web.Request) -> bool:
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {pair}"

    @abc.abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request as the system does."""

    @abc.abstractmethod
    def refused(self, asked: str) -> web.StreamResponse:
        """Answer one who may not sign in."""

    @abc.abstractmethod
    def forbidden(self, asked: str) -> web.StreamResponse:
        """Answer one who may not read this."""

    @abc.abstractmethod
    def fault(self, asked: str) -> web.StreamResponse:
        """Fail, and quote what was asked."""

    def throttled(self, _asked: str) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "17"}, text="Too Many Requests")

    @property
    @abc.abstractmethod
    def place(self) -> dict[str, Any]:
        """Lead a documented configuration here."""
