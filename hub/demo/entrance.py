"""The demo's one address: it signs the visitor in as one of the demo's agents and sends the browser to the desk.

Cookies belong to a host, not to a port (RFC 6265, 8.5), so the session that the hub gives here holds at the hub.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from aiohttp import web

from hub.demo.web_shop import PATH, WebShop


class Entrance:
    """`users` are those who are signed in at each path, `shop` is at a path of its own."""

    def __init__(self, *, desk_url: str, users: Mapping[str, str], passwords: Mapping[str, str], shop: WebShop) -> None:
        self._shop = shop
        self._desk_url = desk_url
        self._users = users
        self._passwords = passwords

    def app(self) -> web.Application:
        app = web.Application()
        for path in self._users:
            app.router.add_get(path, self._enter)
        app.router.add_get(PATH, self._shop.page)
        return app

    async def _enter(self, request: web.Request) -> web.Response:
        if request.url.host != "127.0.0.1":
            raise web.HTTPForbidden(text="The demo answers at 127.0.0.1 only.")
        user = self._users[request.path]
        # No cookie jar: every visitor gets a session of their own.
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
            client.post(
                f"{self._desk_url}/api/v1/session",
                json={"user": user, "password": self._passwords[user]},
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
