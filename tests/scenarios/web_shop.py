"""A web site of its own, with a server that knows who is signed in, and pages with the hub's snippet."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import jwt
from aiohttp import web

from tests.servers.ports import LOOPBACK, free_tcp_port

TITLE = "Washer W1 – Example Shop"
CUSTOMER = "4711"

_PAGE = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>{title}</title>
<meta name="visitor" content="{token}">
<script src="{hub}/embed/visit.js" data-feed="shop" async></script>
<script src="/shop.js" defer></script></head>
<body><button id="agree">I agree</button><button id="refuse">I agree no more</button>
<input id="phone"><button id="call">Call me</button><button id="cancel">Do not call</button>
<output id="said"></output></body></html>
"""

_SCRIPT = """
window.ctihub = window.ctihub || [];
const find = (id) => document.getElementById(id);
const say = (text) => { find("said").textContent = text; };
let asked = "";
ctihub.push((hub) => hub.identify(document.querySelector("meta[name=visitor]").content));
find("agree").onclick = () => ctihub.consent(true);
find("refuse").onclick = () => ctihub.consent(false);
const watch = async () => {
  const callback = await ctihub.callbackState(asked);
  say(callback.state);
  if (["waiting", "calling"].includes(callback.state)) setTimeout(watch, 200);
};
find("call").onclick = async () => {
  try {
    const callback = await ctihub.callback({ phone: find("phone").value, topic: "Which size?" });
    asked = callback.id;
    await watch();
  } catch (error) {
    say(error.code);
  }
};
find("cancel").onclick = async () => say((await ctihub.cancel(asked)).state);
"""


class WebShop:
    """Its pages may run nothing but their own scripts and the hub's (Content Security Policy)."""

    def __init__(self, secret: str) -> None:
        self.port = free_tcp_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.hub = ""
        self._secret = secret
        application = web.Application()
        application.router.add_get("/products/{name}", self._page)
        application.router.add_get("/shop.js", self._script)
        self._runner = web.AppRunner(application, access_log=None)

    async def __aenter__(self) -> Self:
        """Begin to serve."""
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        await self._runner.cleanup()

    def token(self, customer: str = CUSTOMER) -> str:
        """Sign who is signed in, as hub/callbacks/README.md shows it."""
        claims = {"sub": customer, "aud": "shop", "exp": int(time.time()) + 900}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        policy = f"default-src 'none'; script-src 'self' {self.hub}; connect-src {self.hub}"
        text = _PAGE.format(title=TITLE, token=self.token(), hub=self.hub)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def _script(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=_SCRIPT, content_type="text/javascript")
