"""A customer asks on a web page to be called back: a real browser, the hub, a real Asterisk, ringing phones."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hub.desk.web.build import STATIC
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.event import EventType
from hub.domain.interaction import Channel, Interaction
from tests.scenarios.call_site import CallSite, agents_section, asterisk_section
from tests.scenarios.hub_api import EventStream
from tests.scenarios.hub_process import HubProcess
from tests.scenarios.web_shop import CUSTOMER, TITLE, WebShop
from tests.servers.asterisk import Asterisk
from tests.servers.sipp import Phone
from tests.servers.terse import Outside
from tests.waiting import eventually, eventually_asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBER = "+493515550123"
MOST_BYTES = 5_000
RETRY_S = 1


class CallbackSite(CallSite):
    """A hub with a web shop, and what is told of callbacks."""

    def __init__(self, hub: HubProcess, browser: Browser, shop: WebShop) -> None:
        super().__init__(hub, browser)
        self.shop = shop

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask as a machine that may control."""
        headers = {"Authorization": f"Bearer {self.hub.token}"}
        async with (
            aiohttp.ClientSession(self.hub.url, headers=headers) as client,
            client.request(method, path, **({} if body is None else {"json": body})) as reply,
        ):
            assert reply.ok, await reply.text()
            return await reply.json()

    async def request(self) -> str:
        """Have the customer called back; return the callback's id."""
        made: str = (await self.ask("POST", "/api/v1/callbacks", {"phone": NUMBER, "topic": "Which size?"}))["id"]
        return made

    async def open_callbacks(self) -> list[Callback]:
        return msgspec.convert(await self.ask("GET", "/api/v1/callbacks"), list[Callback])

    async def alone_ready(self, *agents: str) -> None:
        """Return when the phones of these agents can be rung, and those of no others."""

        async def are() -> bool:
            staff = await self.ask("GET", "/api/v1/agents")
            free = {one["agent"] for one in staff if one["state"] == "ready" and one["devices"][0]["state"] == "idle"}
            return free == set(agents)

        await eventually_asked(are, f"only {agents} ready")


def told(stream: EventStream, callback_id: str) -> list[Callback]:
    """Return what was told of a callback, the oldest first."""
    return [one.data for one in stream.events if isinstance(one.data, Callback) and one.data.id == callback_id]


async def stands(stream: EventStream, callback_id: str, state: CallbackState, **wanted: Any) -> Callback:
    """Return the callback once it was told to stand so."""

    def found() -> Callback | None:
        return next(
            (
                one
                for one in told(stream, callback_id)
                if one.state is state and all(getattr(one, name) == value for name, value in wanted.items())
            ),
            None,
        )

    await eventually(found, f"{state} {wanted}; told {told(stream, callback_id)}", 20)
    callback = found()
    assert callback is not None
    return callback


@pytest_asyncio.fixture(loop_scope="session")
async def callback_site(
    asterisk: Asterisk, shared_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CallbackSite]:
    """Run the hub and the shop; whose phone is on calls.

    One for each test: who did not answer is left alone for a minute, and what is not over would be called in the next.
    """
    secret = secrets.token_urlsafe(32)
    async with WebShop(secret) as shop:
        hub = HubProcess(
            tmp_path_factory.mktemp("callbacks"),
            {
                "pbx": asterisk_section(asterisk),
                "agents": agents_section(),
                "auth": {"tokens": {"tests": {"token": "${API_TOKEN}", "may": ["read", "control"]}}},
                "inbound": {
                    "shop": {
                        "system": "webshop",
                        "web": {
                            "origins": [shop.url],
                            "secret": "${SHOP_SECRET}",
                            "callback": {"queue": "support", "retry_s": RETRY_S},
                        },
                    }
                },
            },
            {"AMI_SECRET": asterisk.ami_secret, "SHOP_SECRET": secret},
        )
        shop.hub = hub.url
        site = CallbackSite(hub, shared_browser, shop)
        await hub.add_user("alice", site.passwords["alice"])
        try:
            await hub.start()
            yield site
            hub.stop()
            hub.assert_clean_log(NUMBER)
        finally:
            hub.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(callback_site: CallbackSite, shared_browser: Browser) -> AsyncIterator[Page]:
    """Open the shop's page in a browser of the customer's own; no script fails there, no policy is broken."""
    context = await shared_browser.new_context(locale="de-DE")
    page = await context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    await page.goto(f"{callback_site.shop.url}/products/washer?session=private#top")
    await page.wait_for_function("typeof ctihub.consent === 'function'")
    yield page
    await context.close()
    assert [] == troubles


async def test_callback_from_the_web_page_to_ringing_phones(
    callback_site: CallbackSite, visitor: Page, asterisk: Asterisk
) -> None:
    """The agent's phone rings, the agent's page shows what page the customer came from, then the customer's rings."""
    sent: list[str] = []
    visitor.on("request", lambda request: sent.append(request.url))
    async with (
        Phone(asterisk, "1001") as phone,
        Outside(asterisk) as outside,
        callback_site.api.events(after=None) as stream,
        callback_site.desk("alice") as desk,
    ):
        await callback_site.alone_ready("alice")
        await visitor.locator("#phone").fill("0351 5550123")
        await visitor.locator("#call").click()
        await expect(visitor.locator("#said")).to_have_text("no_consent")
        assert ([], 0) == (sent, await visitor.evaluate("localStorage.length + sessionStorage.length"))

        await visitor.locator("#agree").click()
        event = await stream.until_type(EventType.INTERACTION_RECORDED)
        assert isinstance(event.data, Interaction)
        page = f"{callback_site.shop.url}/products/washer"
        assert (Channel.WEB, TITLE, page) == (event.data.channel, event.data.subject, event.data.url)
        assert ({"webshop": CUSTOMER}, "1") == (event.data.customer.ids, event.data.extra["pages"])
        assert [] == await visitor.context.cookies()

        await visitor.locator("#call").click()
        own = await phone.rings()
        # Before anybody has answered.
        shown = desk.testid("callback")
        await expect(shown).to_contain_text(TITLE)
        await expect(shown).to_contain_text("Which size?")
        await expect(visitor.locator("#said")).to_have_text("calling")
        await expect(desk.testid("callbacks")).to_contain_text("1 callback")
        (callback,) = await callback_site.open_callbacks()
        assert (CallbackState.CALLING, "alice", NUMBER, "de") == (
            callback.state,
            callback.agent,
            callback.phone,
            callback.language,
        )
        await own.answer()
        customer = await outside.called()
        assert NUMBER in customer.shown
        customer.ring()
        await customer.answer()
        await expect(visitor.locator("#said")).to_have_text("done")
        done = await stands(stream, callback.id, CallbackState.DONE)
        assert (1, 1, page, TITLE) == (done.dials, done.attempts, done.url, done.page)
        call = await callback_site.live_call()
        assert (done.call_id, NUMBER) == (call.id, call.customer_number.e164)
        await expect(shown).to_contain_text(TITLE)
        await own.hang_up()
        await customer.cleared()
        await callback_site.no_live_call()
        await expect(desk.testid("callbacks")).to_have_count(0)
        assert [CallbackState.WAITING, CallbackState.CALLING, CallbackState.DONE] == [
            one.state for one in told(stream, callback.id)
        ]
    _, metrics = await callback_site.api.get("/metrics")
    assert b'ctihub_callbacks_total{outcome="done"} 1.0' in metrics


async def test_agreed_no_more(callback_site: CallbackSite, visitor: Page) -> None:
    """Who withdraws the consent is reported no more, and nothing is left of it in the browser."""
    async with callback_site.api.events(after=None) as stream:
        await visitor.locator("#agree").click()
        await stream.until_type(EventType.INTERACTION_RECORDED)
        assert 2 == await visitor.evaluate("localStorage.length + sessionStorage.length")
        await visitor.locator("#refuse").click()
        assert 0 == await visitor.evaluate("localStorage.length + sessionStorage.length")
        assert await visitor.evaluate("ctihub.visit({title: 'Secret'})") is False
        await visitor.locator("#call").click()
        await expect(visitor.locator("#said")).to_have_text("no_consent")
        # What is told after that comes after whatever would have been sent before it.
        await visitor.locator("#agree").click()
        await eventually(lambda: len(stream.events) > 1, "the page is reported again")
        visits = [one.data for one in stream.events if isinstance(one.data, Interaction)]
        assert [TITLE, TITLE] == [visit.subject for visit in visits]
        assert 2 == len({visit.id for visit in visits})


async def test_a_browser_that_declines(callback_site: CallbackSite, shared_browser: Browser) -> None:
    """With Global Privacy Control on, visits are not reported whatever was clicked; a callback is asked for."""
    context = await shared_browser.new_context()
    await context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page = await context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    await page.goto(f"{callback_site.shop.url}/products/washer")
    await page.wait_for_function("typeof ctihub.consent === 'function'")
    await page.locator("#agree").click()
    await page.locator("#phone").fill(NUMBER)
    await page.locator("#call").click()
    await expect(page.locator("#said")).to_have_text("waiting")
    await page.locator("#cancel").click()
    await expect(page.locator("#said")).to_have_text("cancelled")
    assert [] == [url for url in sent if "/embed/visits" in url]
    await context.close()


async def test_who_does_not_answer(callback_site: CallbackSite, asterisk: Asterisk) -> None:
    """An agent who rejects is followed by the next; a customer who is busy is called again after a while."""
    async with (
        Phone(asterisk, "1001") as alice,
        Phone(asterisk, "1002") as bob,
        Outside(asterisk) as outside,
        callback_site.api.events(after=None) as stream,
    ):
        phones = {"alice": alice, "bob": bob}
        await callback_site.alone_ready("alice", "bob")
        asked = await callback_site.request()
        first = await stands(stream, asked, CallbackState.CALLING, dials=1)
        await (await phones[first.agent].rings()).reject()
        second = await stands(stream, asked, CallbackState.CALLING, dials=2)
        assert ({"alice", "bob"}, 0) == ({first.agent, second.agent}, second.attempts)
        refused = await stands(stream, asked, CallbackState.WAITING, dials=1)
        assert CallbackReason.AGENT_NOT_REACHED == refused.reason
        own = await phones[second.agent].rings()
        await own.answer()
        await (await outside.called()).refuse(486)
        postponed = await stands(stream, asked, CallbackState.WAITING, attempts=1)
        assert (CallbackReason.BUSY, 2) == (postponed.reason, postponed.dials)
        third = await stands(stream, asked, CallbackState.CALLING, dials=3)
        assert second.agent == third.agent
        own = await phones[third.agent].rings()
        await own.answer()
        customer = await outside.called()
        await customer.answer()
        assert 2 == (await stands(stream, asked, CallbackState.DONE)).attempts
        await own.hang_up()
        await customer.cleared()
    await callback_site.no_live_call()


async def test_cancelled_while_the_phone_rings(callback_site: CallbackSite, asterisk: Asterisk) -> None:
    """The agent's phone stops ringing, and the customer's never does."""
    async with Phone(asterisk, "1001") as phone, callback_site.api.events(after=None) as stream:
        await callback_site.alone_ready("alice")
        asked = await callback_site.request()
        own = await phone.rings()
        await callback_site.ask("POST", f"/api/v1/callbacks/{asked}/cancel")
        assert "cancelled" == await own.cleared()
        cancelled = await stands(stream, asked, CallbackState.CANCELLED)
        assert (CallbackReason.BY_AGENT, 0) == (cancelled.reason, cancelled.attempts)
    await callback_site.no_live_call()


async def test_a_hub_that_is_killed_while_the_phone_rings(callback_site: CallbackSite, asterisk: Asterisk) -> None:
    """The hub that is started again dials nobody a second time: it knows the call, and whose it is."""
    async with Phone(asterisk, "1001") as phone, Outside(asterisk) as outside:
        await callback_site.alone_ready("alice")
        asked = await callback_site.request()
        own = await phone.rings()
        callback_site.hub.kill()
        await callback_site.hub.start()
        async with callback_site.api.events() as stream:
            await own.answer()
            customer = await outside.called()
            await customer.answer()
            done = await stands(stream, asked, CallbackState.DONE)
            assert (1, 1, 1) == (done.dials, done.attempts, phone.times_rung())
            await own.hang_up()
            await customer.cleared()
    await callback_site.no_live_call()


async def test_the_snippet_is_small() -> None:
    """It costs a page less than a picture: less than 5 KB before compression, in one file without a source map."""
    script = (STATIC / "embed" / "visit.js").read_bytes()
    assert 0 < len(script) < MOST_BYTES
    assert b"eval(" not in script
    assert b"Function(" not in script
    assert b"document.cookie" not in script
