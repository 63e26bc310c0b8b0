"""The demo's one address: it signs the visitor in as the demo's agent and sends the browser to the desk.

Cookies belong to a host, not to a port (RFC 6265, 8.5), so the session that the hub gives here holds at the hub.
"""

from __future__ import annotations

import aiohttp
from aiohttp import web


class Entrance:
    def __init__(self, *, desk_url: str, user: str, password: str) -> None:
        self._desk_url = desk_url
        self._credentials = {"user": user, "password": password}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._enter)
        return app

    async def _enter(self, request: web.Request) -> web.Response:
        if request.url.host != "127.0.0.1":
            raise web.HTTPForbidden(text="The demo answers at 127.0.0.1 only.")
        # No cookie jar: every visitor gets a session of their own.
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
            client.post(
                f"{self._desk_url}/api/v1/session",
                json=self._credentials,
                headers={"Origin": self._desk_url},
            ) as reply,
        ):
            if not reply.ok:
                raise web.HTTPBadGateway(text=f"The hub refused to sign the demo's agent in (HTTP {reply.status}).")
            cookies = reply.headers.getall("Set-Cookie", [])
        response = web.Response(status=302, headers={"Location": f"{self._desk_url}/", "Cache-Control": "no-store"})
        for cookie in cookies:
            response.headers.add("Set-Cookie", cookie)
        return response
