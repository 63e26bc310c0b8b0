"""When the hub or the PBX is away, the page says so, and comes back to the present truth."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from playwright.async_api import BrowserContext, Page, expect

from tests.browser import callers
from tests.browser.conftest import enter, live
from tests.browser.world import World, running_world


async def test_a_lost_hub_is_told_and_its_return_shows_the_present_truth(
    tmp_path: Path, browser_context: BrowserContext
) -> None:
    """The banner comes at once; afterwards the old call is gone and the new one is there, with no new sign-in."""
    page = await browser_context.new_page()
    async with running_world(tmp_path) as world:
        await page.goto(world.url)
        await enter(page)
        await page.get_by_test_id("idle").wait_for()
        world.ring(callers.call("old"), callers.known("old"))
        await expect(page.get_by_test_id("pop-name")).to_have_text("Maria Huber")
        port = urlsplit(world.url).port or 0
    await expect(page.get_by_test_id("lost")).to_contain_text("what you see may be old")
    await expect(page.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    async with running_world(tmp_path, port) as world:
        world.ring(callers.call("new", callers.STRANGER))
        await expect(page.get_by_test_id("pop-number")).to_have_text("+49 30 901820111")
        await expect(page.get_by_test_id("lost")).to_have_count(0)
        await expect(page.get_by_test_id("pop-tab")).to_have_count(0)


async def test_a_call_that_began_to_ring_while_away_is_seen(desk: Page, world: World) -> None:
    """An agent who was talking when the network went still sees that customer, and in the dock who rings by now."""
    call = callers.call()
    world.ring(call, callers.known())
    world.answer(call)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    await desk.context.set_offline(offline=True)
    await desk.get_by_test_id("lost").wait_for()
    world.ring(callers.call("main-2", callers.ANONYMOUS))
    await desk.context.set_offline(offline=False)
    await expect(desk.get_by_test_id("pop-tab")).to_have_count(2)
    await expect(desk.get_by_test_id("pop-tab").first).to_contain_text("Anonymous caller")
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")


async def test_scripts_come_compressed(world: World) -> None:
    """The hub hands out the compressed form that the build laid beside each script."""
    async with aiohttp.ClientSession(auto_decompress=False) as client:
        async with client.get(world.url) as page:
            script = (await page.text()).split('<script type="module" src="')[1].split('"')[0]
        async with client.get(world.url + script, headers={"Accept-Encoding": "gzip"}) as reply:
            assert "gzip" == reply.headers["Content-Encoding"]
            assert "immutable" in reply.headers["Cache-Control"]
            assert reply.content_type in ("text/javascript", "application/javascript")


async def test_a_network_that_goes_is_told_at_once(desk: Page, world: World) -> None:
    """When the computer goes offline the banner does not wait for a timeout; online again, the page is live."""
    await desk.context.set_offline(offline=True)
    await desk.get_by_test_id("lost").wait_for(timeout=2_000)
    world.ring(callers.call(), callers.known())
    await desk.context.set_offline(offline=False)
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("lost")).to_have_count(0)


async def test_a_pbx_that_is_down_is_told_in_plain_words(desk: Page, world: World) -> None:
    """The banner names the PBX and goes when it is back."""
    world.pbx(connected=False, reason="connection refused")
    await expect(desk.get_by_test_id("pbx-down")).to_contain_text("telephone system “main” is not connected")
    await expect(desk.get_by_test_id("pbx-down")).to_have_attribute("title", "connection refused")
    await expect(desk.get_by_test_id("idle")).to_contain_text("Callers can't be shown right now")
    world.pbx(connected=True)
    await expect(desk.get_by_test_id("pbx-down")).to_have_count(0)
    await expect(desk.get_by_test_id("idle")).to_contain_text("No call right now")


async def test_a_silent_socket_is_replaced_without_a_word(desk: Page, world: World) -> None:
    """After long silence the page opens a new socket and takes over from it; the agent notices nothing."""
    await desk.clock.install()
    await desk.reload()
    await live(desk)
    async with desk.expect_websocket():
        await desk.clock.run_for(48_000)
    world.ring(callers.call(), callers.known())
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("link")).to_have_attribute("data-link", "live")
