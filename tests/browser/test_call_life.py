"""A pop from ringing to the call log, and several at once."""

from __future__ import annotations

from playwright.async_api import Page, expect

from hub.domain.call import Cause, ConnectionState
from tests.browser import callers
from tests.browser.world import World


async def test_an_answered_call_stays_and_is_shown_as_talking(desk: Page, world: World) -> None:
    """Answering changes the state, not the pop; holding and its duration are shown too."""
    call = callers.call()
    world.ring(call, callers.known())
    await expect(desk.get_by_test_id("pop-state")).to_have_attribute("data-state", "ringing")
    call = world.answer(call)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    await expect(desk.get_by_test_id("pop-queue")).to_contain_text("waited 0:4")
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("pop-duration")).to_have_text("0:02")
    world.hold(call)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On hold")


async def test_an_ended_call_moves_to_the_log(desk: Page, world: World) -> None:
    """When the call ends the pop goes, a notice says how it ended, and the log has it with the customer's name."""
    call = callers.call()
    world.ring(call, callers.known())
    await desk.get_by_test_id("pop").wait_for()
    world.end(world.answer(call))
    await expect(desk.get_by_test_id("closed-notice")).to_contain_text("Maria Huber: The call has ended.")
    await expect(desk.get_by_test_id("pop")).to_have_count(0)
    row = desk.get_by_test_id("log-row")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("Maria Huber")
    await expect(row).to_contain_text("Answered")


async def test_a_caller_who_gives_up_is_told_as_such(desk: Page, world: World) -> None:
    """A call that was not answered closes with its reason and stands in the log as missed."""
    call = callers.call(caller=callers.STRANGER)
    world.ring(call)
    await desk.get_by_test_id("pop").wait_for()
    world.end(call, answered=False, cause=Cause.CALL_CANCELLED)
    await expect(desk.get_by_test_id("closed-notice")).to_contain_text("The caller hung up.")
    await expect(desk.get_by_test_id("log-row")).to_contain_text("Caller hung up")


async def test_a_second_call_that_rings_takes_nothing_away(desk: Page, world: World) -> None:
    """While talking, the customer stays on the page; the call that rings stands in the dock, and a click shows it."""
    first = callers.call()
    world.ring(first, callers.known())
    first = world.answer(first)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    second = callers.call("main-2", callers.ANONYMOUS)
    world.ring(second)
    tabs = desk.get_by_test_id("pop-tab")
    await expect(tabs).to_have_count(2)
    await expect(tabs.first).to_contain_text("Ringing")
    await expect(tabs.first).to_contain_text("Anonymous caller")
    await expect(tabs.first).to_be_in_viewport(ratio=1)
    await expect(desk).to_have_title("☎ Anonymous caller")
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await tabs.first.click()
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Anonymous caller")
    await tabs.nth(1).click()
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    world.learn(callers.context(call_id="main-2", phone=callers.ANONYMOUS, revision=2))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    world.end(second, answered=False, cause=Cause.CALL_CANCELLED)
    await expect(tabs).to_have_count(0)
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    stranger = callers.context(callers.not_found("sap", callers.SAP), call_id="main-3", phone=callers.STRANGER)
    world.ring(callers.call("main-3", callers.STRANGER), stranger)
    await expect(tabs.first).to_contain_text("Unknown caller")
    await expect(tabs.first).to_contain_text("+49 30 901820111")


async def test_a_second_call_that_is_answered_is_shown(desk: Page, world: World) -> None:
    """Whoever the agent talks to is on the page, and so is who rings while the only other call is on hold."""
    first = callers.call()
    world.ring(first, callers.known())
    first = world.answer(first)
    second = callers.call("main-2", callers.ANONYMOUS)
    world.ring(second)
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    world.hold(first)
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Anonymous caller")
    await desk.get_by_test_id("pop-tab").nth(1).click()
    world.answer(second)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Anonymous caller")


async def test_durations_are_right_although_the_computers_clock_is_wrong(desk: Page, world: World) -> None:
    """The page counts with the hub's clock: a computer two hours behind shows the same seconds."""
    await desk.clock.set_system_time(callers.ago(7_200))
    await desk.reload()
    await desk.get_by_test_id("idle").wait_for()
    world.ring(callers.call(since=callers.ago(65)))
    await expect(desk.get_by_test_id("pop-duration")).to_have_text("1:05")


async def test_a_page_opened_during_a_call_shows_it(desk: Page, world: World) -> None:
    """After a reload in the middle of a call the page shows that call and what is known."""
    call = callers.call(state=ConnectionState.CONNECTED)
    world.ring(call, callers.known())
    await desk.get_by_test_id("pop").wait_for()
    await desk.reload()
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")


async def test_the_note_stands_above_the_calls_in_a_side_window(desk: Page, world: World) -> None:
    """However many calls stand at the lower edge, none is covered by what opens the note, and time is read."""
    await desk.set_viewport_size({"width": 420, "height": 900})
    first = callers.call()
    world.ring(first, callers.known())
    world.answer(first)
    for number in (2, 3):
        world.ring(callers.call(f"main-{number}", callers.STRANGER))
    tabs = desk.get_by_test_id("pop-tab")
    await expect(tabs).to_have_count(3)
    above = await desk.locator(".notes").evaluate("(notes) => notes.getBoundingClientRect().bottom")
    tops = await tabs.evaluate_all("(all) => all.map((tab) => tab.getBoundingClientRect().top)")
    assert above <= min(tops)
    await desk.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    log = await desk.locator("ctihub-call-log").evaluate("(log) => log.getBoundingClientRect().bottom")
    assert log <= min(tops)
