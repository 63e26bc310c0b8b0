"""An HTTP server whose answers a test writes down; it keeps the requests as they came."""

import dataclasses
from collections.abc import Callable
from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy


@dataclasses.dataclass(frozen=True)
class Asked:
    """One request: `target` is path and query as sent."""

    method: str
    target: str
    headers: CIMultiDictProxy[str]
    body: bytes


class ScriptedServer:
    """`answer` gets each request, and returns what is sent."""

    def __init__(self, answer: Callable[[Asked], web.StreamResponse]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def config(self, *steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Return a `rest` connector's configuration whose lookup by phone has these steps."""
        operations = {"by_phone": {"key": "phone", "steps": list(steps)}}
        return {"kind": "rest", "url": self.url + "/api", "mapping": "customer", "operations": operations, **changes}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.method, request.raw_path, request.headers, await request.read())
        self.asked.append(asked)
        return self.answer(asked)
