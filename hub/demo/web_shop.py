"""The demo's web shop: a page of a product on which a customer is signed in, with the hub's snippet on it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from aiohttp import web

FEED = "website"
PATH = "/shop"
_TOKEN_S = 900
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>X500: what the warranty covers</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }}
button, input {{ font: inherit; padding: .4rem .8rem; margin: .2rem 0; }}
#said {{ font-weight: 600; }}
</style>
</head>
<body>
<h1>X500: what the warranty covers</h1>
<p>Signed in as {name}. Parts and labour are covered for two years, wear is not.</p>
<p>May we tell our service what you look at here, so that nobody has to ask you?
  <button id="yes">Yes</button> <button id="no">No</button></p>
<form>
  <label>Your number <input id="phone" type="tel" value="{phone}"></label>
  <label>About <input id="topic" value="Warranty of the X500"></label>
  <button>Call me back</button>
</form>
<p id="said" role="status"></p>
<script src="{hub_url}/embed/visit.js" data-feed="{feed}" async></script>
<script>
const said = (text) => {{ document.getElementById("said").textContent = text; }};
window.ctihub = window.ctihub || [];
ctihub.push((hub) => hub.identify("{token}"));
document.getElementById("yes").onclick = () => {{
  ctihub.push((hub) => hub.consent(true));
  said("Thank you. The agent who talks with you sees this page.");
}};
document.getElementById("no").onclick = () => {{
  ctihub.push((hub) => hub.consent(false));
  said("Nothing is told to anybody.");
}};
document.querySelector("form").onsubmit = (event) => {{
  event.preventDefault();
  const wish = {{ phone: document.getElementById("phone").value, topic: document.getElementById("topic").value }};
  ctihub.push((hub) => hub.callback(wish).then(
    () => said("We call you as soon as somebody is free."),
    (error) => said(error.message)));
}};
</script>
</body>
</html>
"""


def visitor_token(customer: str, secret: str, now: float) -> str:
    """Return a JWT (RFC 7519, HS256) that says who is signed in, good for 15 minutes."""
    claims = {"sub": customer, "aud": FEED, "exp": int(now) + _TOKEN_S}
    parts = [_coded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_coded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class WebShop:
    """`customer` is the id, in the system whose customers sign in here, of the one who is."""

    def __init__(self, *, hub_url: str, secret: str, customer: str, name: str, phone: str) -> None:
        self._hub_url = hub_url
        self._secret = secret
        self._customer = customer
        self._name = name
        self._phone = phone

    async def page(self, _request: web.Request) -> web.Response:
        text = _PAGE.format(
            name=self._name,
            phone=self._phone,
            hub_url=self._hub_url,
            feed=FEED,
            token=visitor_token(self._customer, self._secret, time.time()),
        )
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})
