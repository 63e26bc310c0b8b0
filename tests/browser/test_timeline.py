"""The timeline: calls with what was said of them, channels to choose from, older pages, new lines as they happen."""

from __future__ import annotations

import msgspec
from playwright.async_api import Page, expect

from hub.domain.agent import AgentState
from hub.domain.interaction import Channel, CustomerRef, Interaction
from tests.browser import callers, customers
from tests.browser.world import World


def _mail(number: int) -> Interaction:
    return Interaction(
        id=f"m{number}",
        channel=Channel.EMAIL,
        at=callers.ago(1_000_000 + number * 60),
        subject=f"Mail {number}",
        customer=CustomerRef(),
        source="mail",
    )


async def test_a_call_says_how_it_went(desk: Page, world: World) -> None:
    """Outcome, duration, agent, disposition and note of a call stand in its line; a missed one says that it was."""
    world.agent(AgentState.READY, "bob", "Bob Krause")
    world.ring(callers.call(), customers.whole_context())
    await desk.get_by_test_id("timeline").get_by_test_id("more").click()
    line = desk.get_by_test_id("interaction").filter(has_text="Promised a visit on Monday")
    await expect(line.get_by_test_id("facts")).to_have_text("Answered · 3:12 · with Bob Krause")
    await expect(line.get_by_test_id("note-line")).to_contain_text("Call back")
    await expect(line.get_by_role("img")).to_have_accessible_name("Phone, from the customer")
    missed = desk.get_by_test_id("interaction").filter(has_text="Caller hung up")
    await expect(missed.locator(".main")).to_have_text("Call from the customer")


async def test_the_newest_is_first_and_the_rest_a_click_away(desk: Page, world: World) -> None:
    """Seven contacts on six channels: three at a glance, all at a click, in the order of time."""
    world.ring(callers.call(), customers.whole_context())
    timeline = desk.get_by_test_id("timeline")
    lines = timeline.get_by_test_id("interaction")
    await expect(lines).to_have_count(3)
    await expect(lines.first).to_contain_text("Support: X500 stands still")
    await timeline.get_by_test_id("more").click()
    await expect(lines).to_have_count(7)
    await expect(lines.last).to_contain_text("Order 4500001688 delayed")
    await timeline.get_by_test_id("fewer").click()
    await expect(lines).to_have_count(3)


async def test_long_texts_are_folded(desk: Page, world: World) -> None:
    """A letter takes two lines until somebody wants to read it."""
    world.ring(callers.call(), customers.whole_context())
    mail = desk.get_by_test_id("interaction").filter(has_text="Still no answer")
    fold = mail.get_by_test_id("fold")
    await expect(fold).to_have_attribute("aria-expanded", "false")
    text = mail.locator(".text")
    folded = await text.evaluate("(element) => element.offsetHeight")
    await fold.click()
    await expect(fold).to_have_attribute("aria-expanded", "true")
    assert folded < await text.evaluate("(element) => element.offsetHeight")
    await fold.click()
    assert folded == await text.evaluate("(element) => element.offsetHeight")


async def test_channels_are_chosen_by_chips(desk: Page, world: World) -> None:
    """A channel's chip keeps its lines, older ones of the hub too; a second click shows all again."""
    world.timeline.all = [*customers.history(), *(_mail(number) for number in range(3))]
    world.ring(callers.call(), customers.whole_context())
    lines = desk.get_by_test_id("interaction")
    chip = desk.locator("[data-testid=channel][data-channel=email]")
    await expect(chip).to_have_accessible_name("E-mail")
    await chip.click()
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(desk.locator("[data-testid=interaction]:not([data-channel=email])")).to_have_count(0)
    await expect(lines.first).to_contain_text("Still no answer")
    await expect(lines.nth(1)).to_contain_text("Mail 0")
    assert [((Channel.EMAIL,), "", 25)] == world.timeline.asked
    await chip.click()
    await expect(lines.first).to_contain_text("Support: X500 stands still")


async def test_older_pages_follow_each_other(desk: Page, world: World) -> None:
    """Page by page older contacts are added below, none twice, until there are no more."""
    world.timeline.all = [*customers.history(), *(_mail(number) for number in range(40))]
    world.ring(callers.call(), customers.whole_context())
    timeline = desk.get_by_test_id("timeline")
    lines = timeline.get_by_test_id("interaction")
    await timeline.get_by_test_id("more").click()
    await expect(lines).to_have_count(7)
    await timeline.get_by_test_id("older").click()
    await expect(lines).to_have_count(25)
    await timeline.get_by_test_id("older").click()
    await expect(lines).to_have_count(47)
    await expect(lines.last).to_contain_text("Mail 39")
    await expect(timeline.get_by_test_id("older")).to_have_count(0)
    assert [((), "", 25), ((), "25", 25)] == world.timeline.asked


async def test_nothing_older_is_offered_where_there_is_nothing(desk: Page, world: World) -> None:
    """The hub says that all of them are here: no button leads nowhere."""
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), has_older=False))
    timeline = desk.get_by_test_id("timeline")
    await timeline.get_by_test_id("more").click()
    await expect(timeline.get_by_test_id("interaction")).to_have_count(7)
    await expect(timeline.get_by_test_id("older")).to_have_count(0)


async def test_what_happens_during_the_call_appears_at_the_top(desk: Page, world: World) -> None:
    """A contact that is recorded while the page is open is there at once, with older pages still open."""
    world.timeline.all = [*customers.history(), *(_mail(number) for number in range(3))]
    world.ring(callers.call(), customers.whole_context())
    timeline = desk.get_by_test_id("timeline")
    await timeline.get_by_test_id("more").click()
    await timeline.get_by_test_id("older").click()
    lines = timeline.get_by_test_id("interaction")
    await expect(lines).to_have_count(10)
    visit = Interaction(id="new", channel=Channel.WEB, at=callers.ago(0), subject="Looks at the manual",
                        customer=CustomerRef(), source="shop")  # fmt: skip
    now = msgspec.structs.replace(customers.whole_context(revision=6), interactions=(visit, *customers.history()))
    world.learn(now)
    await expect(lines.first).to_contain_text("Looks at the manual")
    await expect(lines).to_have_count(11)


async def test_older_ones_that_can_not_be_had_are_told(desk: Page, world: World) -> None:
    """Where the hub has no answer the lines that are there stay, and the agent can try again."""
    call = callers.call()
    world.ring(call, customers.whole_context())
    timeline = desk.get_by_test_id("timeline")
    await timeline.get_by_test_id("more").click()
    world.calls.live = []
    await timeline.get_by_test_id("older").click()
    await expect(timeline.get_by_test_id("timeline-failed")).to_be_visible()
    await expect(timeline.get_by_test_id("interaction")).to_have_count(7)
    world.calls.live = [call]
    world.timeline.all = [*customers.history(), _mail(0)]
    await timeline.get_by_test_id("older").click()
    await expect(timeline.get_by_test_id("interaction")).to_have_count(8)


async def test_another_call_begins_with_its_own_timeline(desk: Page, world: World) -> None:
    """What was unfolded, filtered and loaded of one customer is not there of the next."""
    world.timeline.all = [*customers.history(), *(_mail(number) for number in range(3))]
    first = callers.call()
    world.ring(first, customers.whole_context())
    await desk.locator("[data-testid=channel][data-channel=email]").click()
    await expect(desk.get_by_test_id("interaction")).to_have_count(3)
    world.end(first)
    await desk.get_by_test_id("pop").wait_for(state="detached")
    world.ring(callers.call("main-2"), customers.whole_context("main-2"))
    await expect(desk.get_by_test_id("interaction").first).to_contain_text("Support: X500 stands still")
    await expect(desk.locator("[data-testid=channel][aria-pressed=true]")).to_have_count(0)
