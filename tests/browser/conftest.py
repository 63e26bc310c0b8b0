"""The built pages, a desk server, and a page signed in to it that must not break the browser's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from hub.desk.web import build
from tests.browser.world import PASSWORD, World, running_world
from tests.servers import cache
from tests.servers.chromium import browser as run_browser

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in one event loop, so that they can share a browser."""
    for item in items:
        if item.path.is_relative_to(FOLDER) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session", autouse=True)
def built_pages() -> None:
    """Build the pages as their sources are now; processes that run tests side by side build them once."""
    if build.is_fresh():
        return
    with cache.locked("desk-pages"):
        try:
            build.build()
        except build.BuildError as error:
            pytest.fail(str(error), pytrace=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Share one Chromium; each test has a context of its own in it."""
    async with run_browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Open one person's browser: English, cookies and storage of its own."""
    context = await browser.new_context(locale="en-GB")
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Serve a desk with one agent, and nothing going on."""
    async with running_world(tmp_path) as running:
        yield running


@dataclass
class Violations:
    """What a page did that it must never do."""

    seen: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.seen.append(f"script error: {error}"))
        page.on("dialog", lambda dialog: self.seen.append(f"dialog: {dialog.message}"))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or message.type == "warning":
            self.seen.append(message.text)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser_context: BrowserContext) -> AsyncIterator[Page]:
    """Open a tab; whatever the test does there, no script fails and the security policy holds."""
    page = await browser_context.new_page()
    violations = Violations()
    violations.watch(page)
    yield page
    assert [] == violations.seen


@pytest_asyncio.fixture(loop_scope="session")
async def page(tab: Page, world: World) -> Page:
    """Show the sign-in."""
    await tab.goto(world.url)
    await tab.get_by_test_id("sign-in").wait_for()
    return tab


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tab: Page, world: World) -> Page:
    """Show the desk of the signed-in agent; there is no call."""
    reply = await tab.context.request.post(f"{world.url}/api/v1/session", data={"user": "alice", "password": PASSWORD})
    assert reply.ok
    await tab.goto(world.url)
    await live(tab)
    return tab


async def live(page: Page) -> None:
    """Wait until the page has the hub's word for what it shows."""
    await page.get_by_test_id("idle").wait_for()
    await page.locator('[data-testid="link"][data-link="live"]').wait_for()


async def enter(page: Page, password: str = PASSWORD, user: str = "alice") -> None:
    """Fill in the sign-in and send it off."""
    await page.get_by_test_id("user").locator("input").fill(user)
    await page.get_by_test_id("password").locator("input").fill(password)
    await page.get_by_test_id("submit").click()
