"""A CRM on a port of its own, in a thread, for tests that run the command line beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

from aiohttp import web

TOKEN = "tok-4711-abcdefgh"
SESSION = "sess-99-ijklmnop"
CUSTOMER = {
    "no": "0042",
    "name": "Petra Vogt",
    "numbers": [{"value": "0351 5550123", "kind": "work"}],
    "since": "someday",
}


class Crm:
    """Says what it was asked; `sent` are the bodies of what was posted, `files` what else it has, by path."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.asked: list[str] = []
        self.sent: list[Any] = []
        self.port = 0

    async def _customers(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        found = [CUSTOMER] if request.query.get("phone") in {"+493515550123", "0042"} else []
        answer = web.json_response({"data": found, "session_id": SESSION, "next": None})
        answer.set_cookie("SID", "cookie-77-qrstuvwx")
        return answer

    async def _orders(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        return web.json_response([{"id": 7, "customer": "0042", "total": 12.10}])

    async def _notes(self, request: web.Request) -> web.Response:
        self.sent.append(await request.json())
        return web.json_response({"id": "n1"}, status=201)

    async def _broken(self, _request: web.Request) -> web.Response:
        return web.Response(status=500, text=json.dumps({"message": f"token {TOKEN} is not known"}))

    async def _file(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        if request.path not in self.files:
            return web.Response(status=404)
        return web.Response(text=self.files[request.path], content_type="application/xml")

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/customers", self._customers)
        application.router.add_get("/customers/{no}/orders", self._orders)
        application.router.add_put("/notes/{id}", self._notes)
        application.router.add_get("/broken", self._broken)
        application.router.add_get("/{path:.*}", self._file)
        application.router.add_post("/{path:.*}", self._file)
        return application


async def _serve(crm: Crm, started: threading.Event, ended: asyncio.Event) -> None:
    runner = web.AppRunner(crm._application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    crm.port = runner.addresses[0][1]
    started.set()
    await ended.wait()
    await runner.cleanup()


@contextlib.contextmanager
def running_crm() -> Iterator[Crm]:
    """Serve a CRM from a thread until the end of the block."""
    crm = Crm()
    loop = asyncio.new_event_loop()
    started, ended = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_serve(crm, started, ended)))
    thread.start()
    try:
        assert started.wait(10)
        yield crm
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
