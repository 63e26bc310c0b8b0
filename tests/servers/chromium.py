"""Debian's Chromium, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

from tests.servers.requirements import place_of, require

FLAGS = (
    # The tests run as root, whom Chromium's sandbox refuses; they open only their own pages.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
EXPECT_SECONDS = 30
"""How long `expect` waits for what a page is to show, where a test does not say: as long as a click waits."""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run a headless browser while the `async with` lasts; where it can't be, the test is skipped as `require` does."""
    require("chromium", "playwright", "chinese-font")
    executable = place_of("chromium")
    expect.set_options(timeout=EXPECT_SECONDS * 1000)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=executable, headless=True, args=list(FLAGS))
        try:
            yield running
        finally:
            await running.close()
