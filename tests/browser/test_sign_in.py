from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, expect

from hub.desk.frames import AgentProfile
from tests.browser.conftest import enter
from tests.browser.world import World, running_world


async def test_the_right_password_opens_the_desk(page: Page) -> None:
    """After signing in the agent sees their own name, a live connection, and that there is no call."""
    await enter(page)
    await expect(page.get_by_test_id("agent-name")).to_have_text("Alice Berger")
    await expect(page.get_by_test_id("link")).to_have_attribute("data-link", "live")
    await expect(page.get_by_test_id("idle")).to_contain_text("No call right now")


async def test_enter_in_the_password_signs_in(page: Page) -> None:
    """The keyboard alone is enough to sign in."""
    await page.get_by_test_id("user").locator("input").fill("alice")
    await page.get_by_test_id("password").locator("input").fill("correct horse")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("agent-name")).to_have_text("Alice Berger")


async def test_a_wrong_password_is_told_in_words_and_may_be_corrected(page: Page) -> None:
    """A wrong password says so, empties the field, and the right one works afterwards."""
    await enter(page, "wrong")
    await expect(page.get_by_test_id("sign-in-error")).to_contain_text("User name or password is wrong.")
    await expect(page.get_by_test_id("password").locator("input")).to_have_value("")
    await enter(page)
    await page.get_by_test_id("idle").wait_for()


async def test_empty_fields_are_not_sent(page: Page) -> None:
    """Without a user or a password the page asks for them."""
    await page.get_by_test_id("submit").click()
    await expect(page.get_by_test_id("sign-in-error")).to_contain_text("Enter your user name and your password.")


async def test_too_many_tries_say_how_long_to_wait(page: Page) -> None:
    """When the hub slows somebody down, the page says for how many seconds."""
    error = page.get_by_test_id("sign-in-error")
    for _ in range(12):
        await enter(page, "wrong")
        await expect(page.get_by_test_id("submit")).to_have_text("Sign in")
        await error.wait_for()
        if "Too many tries" in (await error.text_content() or ""):
            break
    await expect(error).to_contain_text("Wait")


async def test_a_hub_that_is_away_is_told_from_a_wrong_password(
    tmp_path: Path, browser_context: BrowserContext
) -> None:
    """When nobody answers, the agent is told to check the network."""
    page = await browser_context.new_page()
    async with running_world(tmp_path) as world:
        await page.goto(world.url)
        await page.get_by_test_id("sign-in").wait_for()
    await enter(page)
    await expect(page.get_by_test_id("sign-in-error")).to_contain_text("can't be reached")


async def test_a_reload_keeps_the_agent_signed_in(desk: Page) -> None:
    """The session lives in a cookie, so a reload asks for no password."""
    await desk.reload()
    await desk.get_by_test_id("idle").wait_for()
    assert "" == await desk.evaluate("document.cookie"), "scripts must not see the session"


async def test_signing_out_leads_to_the_sign_in_and_stays_there(desk: Page) -> None:
    """After signing out a reload shows the sign-in again."""
    await desk.get_by_test_id("sign-out").click()
    await desk.get_by_test_id("sign-in").wait_for()
    await desk.reload()
    await desk.get_by_test_id("sign-in").wait_for()


async def test_a_session_that_ends_elsewhere_leads_to_the_sign_in(desk: Page, world: World) -> None:
    """When an administrator removes the user, the open page shows the sign-in and why."""
    world.users.remove("alice")
    await expect(desk.get_by_test_id("session-over")).to_contain_text("Your session has ended")


async def test_the_language_switch_is_remembered(page: Page) -> None:
    """Chinese chosen once is Chinese after a reload."""
    await page.get_by_test_id("language-zh").click()
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    assert "zh-CN" == await page.evaluate("document.documentElement.lang")


async def test_the_browser_language_is_taken_where_nothing_was_chosen(browser: Browser, world: World) -> None:
    """A Chinese browser sees the sign-in in Chinese at once."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    await page.goto(world.url)
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()


async def test_the_profile_language_is_taken_after_signing_in(tmp_path: Path, browser_context: BrowserContext) -> None:
    """An agent whose profile says Chinese works in Chinese, whatever the browser says."""
    profile = AgentProfile(id="alice", name="王芳", devices=("PJSIP/1001",), language="zh")
    page = await browser_context.new_page()
    async with running_world(tmp_path, profile=profile) as world:
        await page.goto(world.url)
        await enter(page)
        await expect(page.get_by_test_id("idle")).to_contain_text("当前没有通话")
        await expect(page.get_by_test_id("agent-name")).to_have_text("王芳")
