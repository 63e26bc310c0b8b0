"""The agent's page loses its footing in the middle of a ring: reloaded, cut off, opened a second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.relay import Relay
from tests.scenarios.backends import MARIA, MARIA_NAME_IN_SERVICE_CLOUD, orders_of
from tests.scenarios.simulated_site import simulated_site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_page_shows_the_present_truth_after_whatever_happens(tmp_path: Path, shared_browser: Browser) -> None:
    """Reload and second tab show the same pop; a socket cut while the call is answered shows it answered."""
    async with (
        simulated_site(tmp_path, shared_browser) as simulated,
        Relay(simulated.site.hub.port) as relay,
        simulated.site.desk("alice") as desk,
    ):
        call = simulated.rings(MARIA.number)
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        call_id = await desk.testid("pop").get_attribute("data-call")

        await desk.page.reload()
        second = await desk.context.new_page()
        await second.goto(f"http://127.0.0.1:{relay.port}")
        for page in (desk.page, second):
            await expect(page.get_by_test_id("pop")).to_have_attribute("data-call", call_id or "")
            await expect(page.get_by_test_id("pop-state")).to_have_attribute("data-state", "ringing")
            await expect(page.get_by_test_id("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
            await expect(page.get_by_test_id("order")).to_have_count(len(orders_of([MARIA])))

        connections = relay.connections
        relay.cut()
        simulated.exchange.answer(*call)
        for page in (desk.page, second):
            await expect(page.get_by_test_id("pop-state")).to_have_attribute("data-state", "connected")
            await expect(page.get_by_test_id("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        assert relay.connections > connections

        relay.cut()
        simulated.exchange.ends(*call)
        for page in (desk.page, second):
            await expect(page.get_by_test_id("pop")).to_have_count(0)
            await expect(page.locator(f'[data-testid="log-row"][data-call="{call_id}"]')).to_have_count(1)
