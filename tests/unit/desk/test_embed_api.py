"""What pages of a web site may have the hub do: origins, tokens, floods, other people's callbacks."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import msgspec
import pytest

from hub.config.inbound import InboundFeed
from hub.domain.callback import CallbackReason, CallbackState
from hub.domain.event import decode_event
from hub.domain.interaction import Channel, Interaction
from hub.domain.ports import StoreError
from tests.unit.desk.house import BEARER, House

ORIGIN = "https://www.example.com"
SECRET = "the-secret-of-the-site-and-the-hub"
LIMITS = {"visits_per_minute": 30, "callbacks_per_hour": 3, "requests_per_minute": 200}
CONSENT = "2026-01-31T12:00:00Z"
PAGE = {"url": f"{ORIGIN}/washers/w1?utm=x&size=60#top", "title": "Washer W1"}


def site(**web: Any) -> InboundFeed:
    return InboundFeed.model_validate(
        {
            "system": "webshop",
            "web": {
                "origins": [ORIGIN, "https://m.example.com"],
                "secret": SECRET,
                "query": ["size"],
                "limits": LIMITS,
                "callback": {"queue": "support"},
                **web,
            },
        }
    )


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    body = {"sub": "4711", "aud": "shop", "exp": int(time.time()) + 600, **claims}
    return jwt.encode({name: value for name, value in body.items() if value is not None}, secret, algorithm=algorithm)


class Page:
    """A page of the site in a browser, or of another one."""

    def __init__(self, client: aiohttp.ClientSession, origin: str | None = ORIGIN) -> None:
        self._client = client
        self._origin = {} if origin is None else {"Origin": origin}
        self.headers: dict[str, str] = {}

    async def ask(
        self, method: str, path: str, body: Any = None, *, signed: str | None = None, feed: str = "shop", **headers: str
    ) -> tuple[int, Any]:
        """Return status and body; `headers` are those of the answer then."""
        sent = {**self._origin, **headers}
        if signed != "":
            sent["Authorization"] = f"Bearer {signed or token()}"
        async with self._client.request(
            method, f"{path}?feed={feed}", headers=sent, **({} if body is None else {"json": body})
        ) as reply:
            self.headers = dict(reply.headers)
            text = await reply.text()
            return reply.status, json.loads(text) if text.startswith(("{", "[")) else text

    async def visits(self, *pages: dict[str, Any], visit: str = "visit-0001", **more: Any) -> tuple[int, Any]:
        body = {"visit": visit, "consent": CONSENT, "pages": pages or [PAGE]}
        return await self.ask("POST", "/embed/visits", body, **more)

    async def callback(self, **order: Any) -> tuple[int, Any]:
        signed = order.pop("signed", None)
        return await self.ask("POST", "/embed/callbacks", {"phone": "0351 5550123", **order}, signed=signed)


@asynccontextmanager
async def served(folder: Path, origin: str | None = ORIGIN, **web: Any) -> AsyncIterator[tuple[House, Page]]:
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    async with House(folder, feeds={"shop": site(**web)}) as house, aiohttp.ClientSession(house.url) as client:
        yield house, Page(client, origin)


async def recorded(house: House) -> list[Interaction]:
    events = [decode_event(stored.body) for stored in await house.journal.read(0, 100)]
    return [event.data for event in events if isinstance(event.data, Interaction)]


async def test_a_visit_is_one_contact(tmp_path: Path) -> None:
    """Pages of one visit are one interaction that grows; it is told at once, with the consent, and without queries."""
    async with served(tmp_path) as (house, page):
        assert 204 == (await page.visits())[0]
        assert ORIGIN == page.headers["Access-Control-Allow-Origin"]
        assert "Origin" == page.headers["Vary"]
        more = {"url": f"{ORIGIN}/cart", "title": "Cart\u202e", "product": "W1", "ago_s": 0}
        signed = token(email="petra@example.com", phone="0351 5550123")
        assert 204 == (await page.visits(more, signed=signed))[0]
        first, second = await recorded(house)
        assert (first.id, first.source, first.channel) == (second.id, "shop", Channel.WEB)
        assert (f"{ORIGIN}/washers/w1?size=60", "Washer W1") == (first.url, first.subject)
        assert (f"{ORIGIN}/cart", "Cart") == (second.url, second.subject)
        assert {"webshop": "4711"} == second.customer.ids
        assert (("+493515550123",), ("petra@example.com",)) == (second.customer.phones, second.customer.emails)
        assert ("2", "W1", "2026-01-31T12:00:00+00:00") == tuple(
            second.extra[name] for name in ("pages", "product", "consent")
        )
        assert ["Washer W1", "Cart"] == [line.split(" ", 1)[1] for line in second.text.splitlines()]
        assert [first, second] == [event.data for event in house.visits]
        assert 204 == (await page.visits(visit="another-visit"))[0]
        assert 204 == (await page.visits(signed=token(sub="4712")))[0]
        assert 3 == len({visit.id for visit in await recorded(house)})


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://www.example.com",
        "https://www.example.com.evil.example",
        "https://www.example.com:8443",
        "https://WWW.example.com",
        "null",
        None,
    ],
)
async def test_other_origins(tmp_path: Path, origin: str | None) -> None:
    """A page of any other origin sends nothing, is answered nothing that it could read, and learns so before."""
    async with served(tmp_path, origin) as (house, page):
        for status, body in (
            await page.visits(),
            await page.callback(),
            await page.ask("DELETE", "/embed/callbacks/1"),
        ):
            assert (403, "wrong_origin") == (status, body["error"]["code"])
            assert "Access-Control-Allow-Origin" not in page.headers
        status, _ = await page.ask("OPTIONS", "/embed/visits", signed="")
        assert 403 == status
        assert "Access-Control-Allow-Origin" not in page.headers
        assert ([], {}) == (await recorded(house), house.callbacks.kept)


async def test_what_a_browser_asks_before(tmp_path: Path) -> None:
    """A page of the site may send with a token and JSON, without cookies; the answer is for that origin alone."""
    async with served(tmp_path) as (_, page):
        for path in ("/embed/visits", "/embed/callbacks", "/embed/callbacks/1"):
            status, _ = await page.ask("OPTIONS", path, signed="")
            assert (204, ORIGIN) == (status, page.headers["Access-Control-Allow-Origin"])
            assert "authorization, content-type" == page.headers["Access-Control-Allow-Headers"]
            assert ("GET, POST, DELETE", "Origin") == (
                page.headers["Access-Control-Allow-Methods"],
                page.headers["Vary"],
            )
            assert "Access-Control-Allow-Credentials" not in page.headers
        assert 404 == (await page.ask("OPTIONS", "/embed/visits", signed="", feed="crm"))[0]


def unsigned(**claims: Any) -> str:
    """Return a token that says of itself that nobody signed it."""
    body = {"sub": "4711", "aud": "shop", "exp": int(time.time()) + 600, **claims}
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, body)]
    return ".".join([base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]) + "."


@pytest.mark.parametrize(
    ("signed", "code"),
    [
        (lambda: "", "no_token"),
        (lambda: "rubbish", "wrong_token"),
        (lambda: "x" * 5_000, "wrong_token"),
        (unsigned, "wrong_token"),
        (lambda: token(secret="another-secret-of-32-characters-!"), "wrong_token"),
        (lambda: token(secret=SECRET * 2, algorithm="HS512"), "wrong_token"),
        (lambda: token(algorithm="HS384", secret=SECRET * 2), "wrong_token"),
        (lambda: token(exp=int(time.time()) - 60), "token_expired"),
        (lambda: token(exp=int(time.time()) + 3_700), "wrong_token"),
        (lambda: token(exp=None), "wrong_token"),
        (lambda: token(exp=str(int(time.time()) + 600)), "wrong_token"),
        (lambda: token(exp=float("inf")), "wrong_token"),
        (lambda: token(nbf=float("inf")), "wrong_token"),
        (lambda: token(aud="other"), "wrong_token"),
        (lambda: token(aud=["shop", "other"]), "wrong_token"),
        (lambda: token(aud=None), "wrong_token"),
        (lambda: token(sub=None), "wrong_token"),
        (lambda: token(sub=""), "wrong_token"),
        (lambda: token(sub="4\n711"), "wrong_token"),
        (lambda: token(sub="x" * 201), "wrong_token"),
        (lambda: token(phone=49351), "wrong_token"),
        (lambda: token(email="not an address"), "wrong_token"),
        (lambda: token(nbf=int(time.time()) + 300), "wrong_token"),
    ],
)
async def test_who_a_visitor_is_not(tmp_path: Path, signed: Callable[[], str], code: str) -> None:
    """What the site's server did not sign for this feed and this hour is nobody's; the page can read why."""
    async with served(tmp_path) as (house, page):
        status, body = await page.visits(signed=signed())
        assert (401, code) == (status, body["error"]["code"])
        assert SECRET not in body["error"]["message"]
        assert (ORIGIN, []) == (page.headers["Access-Control-Allow-Origin"], await recorded(house))


@pytest.mark.parametrize(
    ("signed", "why"),
    [
        (lambda: token(secret="another-secret-of-32-characters-!"), "it is signed with another secret."),
        (lambda: token(aud="other"), "aud: must be the name of the feed, as one text."),
        (lambda: token(aud=["shop", "other"]), "aud: must be the name of the feed, as one text."),
        (lambda: token(sub=None), "sub is missing."),
        (lambda: token(algorithm="HS384", secret=SECRET * 2), "it must be signed with HS256."),
        (lambda: "rubbish", "it can't be read (DecodeError)."),
    ],
)
async def test_what_is_wrong_with_a_token_is_said_in_words(tmp_path: Path, signed: Callable[[], str], why: str) -> None:
    """Whoever writes the site's server sees what to change."""
    async with served(tmp_path) as (_, page):
        _, body = await page.visits(signed=signed())
        assert f"This is no token of a visitor of this site: {why}" == body["error"]["message"]


async def test_machines_are_no_visitors(tmp_path: Path) -> None:
    """A bearer token of the hub's own opens nothing here, and a visitor's nothing there."""
    async with served(tmp_path) as (house, page):
        status, body = await page.ask("GET", "/embed/callbacks/1", signed=BEARER["Authorization"].split()[1])
        assert (401, "wrong_token") == (status, body["error"]["code"])
        async with (
            aiohttp.ClientSession(house.url) as client,
            client.get("/api/v1/callbacks", headers={"Authorization": f"Bearer {token()}"}) as reply,
        ):
            assert 401 == reply.status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"visit": "visit-0001", "pages": [PAGE]}, 400),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": []}, 400),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE] * 21}, 400),
        ({"visit": "v", "consent": CONSENT, "pages": [PAGE]}, 400),
        ({"visit": "visit-0001", "consent": "2026-01-31T12:00:00", "pages": [PAGE]}, 400),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE | {"customer": "4712"}]}, 400),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE | {"ago_s": -1}]}, 400),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE | {"url": "https://evil.example/"}]}, 422),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE | {"url": "javascript:alert(1)"}]}, 422),
        ({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE | {"title": "x" * 20_000}]}, 413),
        ("[" * 5_000, 400),
    ],
)
async def test_reports_that_are_none(tmp_path: Path, body: Any, status: int) -> None:
    """Without consent, too much, too long, of other sites: none of it is taken."""
    async with served(tmp_path) as (house, page):
        got, said = await page.ask("POST", "/embed/visits", body)
        assert (status, ORIGIN) == (got, page.headers.get("Access-Control-Allow-Origin")), said
        assert [] == await recorded(house)


async def test_no_form_can_send(tmp_path: Path) -> None:
    """A body that a browser sends without asking first is not read."""
    async with (
        served(tmp_path) as (house, _),
        aiohttp.ClientSession(house.url) as client,
        client.post(
            "/embed/visits?feed=shop",
            data=json.dumps({"visit": "visit-0001", "consent": CONSENT, "pages": [PAGE]}),
            headers={"Origin": ORIGIN, "Authorization": f"Bearer {token()}", "Content-Type": "text/plain"},
        ) as reply,
    ):
        assert 415 == reply.status


async def test_visits_can_be_off(tmp_path: Path) -> None:
    """A site that reports no visits still has callbacks; one that offers none still reports."""
    async with served(tmp_path / "a", visits=False) as (_, page):
        assert 403 == (await page.visits())[0]
        assert 201 == (await page.callback())[0]
    async with served(tmp_path / "b", callback=None) as (_, page):
        assert (204, 404) == ((await page.visits())[0], (await page.callback())[0])


async def test_floods(tmp_path: Path) -> None:
    """One visitor's pages and callbacks are bounded, not those of the next; so is what one address sends."""
    async with served(tmp_path) as (house, page):
        statuses = [(await page.visits(*[PAGE] * 10))[0] for _ in range(4)]
        assert [204, 204, 204, 429] == statuses
        assert int(page.headers["Retry-After"]) > 0
        assert 204 == (await page.visits(signed=token(sub="4712")))[0]
        phones = [f"0351 555012{digit}" for digit in range(4)]
        assert [201, 201, 201, 429] == [(await page.callback(phone=phone))[0] for phone in phones]
        assert 201 == (await page.callback(phone=phones[3], signed=token(sub="4712")))[0]
        statuses = [(await page.ask("GET", "/embed/callbacks/none"))[0] for _ in range(200)]
        assert {404, 429} == set(statuses)
        assert 4 == len(house.callbacks.kept)


async def test_what_was_mistyped_is_put_right(tmp_path: Path) -> None:
    """However often a number is refused, the visitor may still ask for as many callbacks as anybody."""
    async with served(tmp_path) as (_, page):
        assert [422] * 5 == [(await page.callback(phone="0351"))[0] for _ in range(5)]
        phones = [f"0351 555012{digit}" for digit in range(4)]
        assert [201, 201, 201, 429] == [(await page.callback(phone=phone))[0] for phone in phones]


async def test_guessing_tokens(tmp_path: Path) -> None:
    """An address from which many forged tokens come has to wait, whatever it sends then."""
    async with served(tmp_path) as (_, page):
        statuses = [(await page.ask("GET", "/embed/callbacks/1", signed="forged"))[0] for _ in range(50)]
        assert [401] * 50 == statuses
        assert 429 == (await page.ask("GET", "/embed/callbacks/1"))[0]


async def test_a_callback_is_asked_for(tmp_path: Path) -> None:
    """It has who the visitor is by the token, and the page that it was asked on; its visitor sees and cancels it."""
    async with served(tmp_path) as (house, page):
        at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        status, own = await page.callback(topic="Washer W1", url=PAGE["url"], title="Washer W1", language="de", at=at)
        assert (201, "waiting", "Washer W1") == (status, own["state"], own["topic"])
        assert "+49********23" == own["phone"]
        kept = house.callbacks.kept[own["id"]]
        assert ("shop", "+493515550123", {"webshop": "4711"}) == (kept.site, kept.phone, kept.customer.ids)
        assert (f"{ORIGIN}/washers/w1?size=60", "Washer W1", "de", "") == (
            kept.url,
            kept.page,
            kept.language,
            kept.asked_by,
        )
        assert kept.customer.phones == ()
        assert own == (await page.callback())[1]
        assert (200, own) == await page.ask("GET", f"/embed/callbacks/{own['id']}")
        status, cancelled = await page.ask("DELETE", f"/embed/callbacks/{own['id']}")
        assert (200, "cancelled", CallbackReason.BY_CUSTOMER) == (status, cancelled["state"], cancelled["reason"])
        assert CallbackState.CANCELLED is house.callbacks.kept[own["id"]].state


async def test_the_number_that_the_site_knows(tmp_path: Path) -> None:
    """Without a number that of the token is called, which is the customer's own; without any nobody is."""
    async with served(tmp_path) as (house, page):
        status, own = await page.callback(phone="", signed=token(phone="+49 351 5550123"))
        assert (201, ("+493515550123",)) == (status, house.callbacks.kept[own["id"]].customer.phones)
        assert 422 == (await page.callback(phone="", signed=token(sub="4712")))[0]
        status, body = await page.callback(phone="call me", signed=token(sub="4712"))
        assert (422, "not_a_number") == (status, body["error"]["code"])


async def test_the_callbacks_of_others(tmp_path: Path) -> None:
    """Another visitor neither sees nor cancels it, nor learns of it more than that the number is waited for."""
    async with served(tmp_path) as (house, page):
        _, own = await page.callback(topic="a secret")
        other = token(sub="4712")
        for method in ("GET", "DELETE"):
            status, body = await page.ask(method, f"/embed/callbacks/{own['id']}", signed=other)
            assert (404, "no_callback") == (status, body["error"]["code"])
        status, body = await page.callback(signed=other)
        assert (409, "already_waiting") == (status, body["error"]["code"])
        assert "secret" not in json.dumps(body)
        kept = house.callbacks.kept[own["id"]]
        assert CallbackState.WAITING is kept.state
        house.callbacks.kept[own["id"]] = msgspec.structs.replace(kept, asked_by="agent:alice")
        assert 404 == (await page.ask("GET", f"/embed/callbacks/{own['id']}"))[0]


async def test_the_site_as_its_own_proxy(tmp_path: Path) -> None:
    """A page that is served by the same address as the hub names no origin when it reads; to write it has to."""
    async with served(tmp_path) as (_, page), served(tmp_path / "b", None) as (house, first_party):
        _, own = await page.callback()
        status, _ = await page.ask("GET", f"/embed/callbacks/{own['id']}")
        assert 200 == status
        assert 404 == (await first_party.ask("GET", f"/embed/callbacks/{own['id']}"))[0]
        assert 403 == (await first_party.callback())[0]
        assert {} == house.callbacks.kept


async def test_while_nothing_can_be_stored(tmp_path: Path) -> None:
    """The page learns that it may try again, and can read that it does."""
    async with served(tmp_path) as (house, page):
        house.callbacks.problem = StoreError("disk full at /var/lib")
        status, body = await page.callback()
        assert (503, "store_unavailable") == (status, body["error"]["code"])
        assert ("5", ORIGIN) == (page.headers["Retry-After"], page.headers["Access-Control-Allow-Origin"])
        assert "/var" not in json.dumps(body)


async def test_the_script(tmp_path: Path) -> None:
    """It may be embedded by any page and is kept for an hour; without a site in the configuration there is none."""
    script = tmp_path / "static" / "embed" / "visit.js"
    script.parent.mkdir(parents=True)
    script.write_text("(()=>{})();")
    async with served(tmp_path) as (_, page):
        assert (200, "(()=>{})();") == await page.ask("GET", "/embed/visit.js", signed="")
        assert ("cross-origin", "*") == (
            page.headers["Cross-Origin-Resource-Policy"],
            page.headers["Access-Control-Allow-Origin"],
        )
        assert ("public, max-age=3600", "nosniff") == (
            page.headers["Cache-Control"],
            page.headers["X-Content-Type-Options"],
        )
        assert page.headers["Content-Type"].startswith("text/javascript")
    async with House(tmp_path) as house, aiohttp.ClientSession(house.url) as client:
        assert 404 == (await Page(client).ask("GET", "/embed/visit.js", signed=""))[0]
