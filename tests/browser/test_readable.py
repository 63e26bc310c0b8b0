"""What every agent needs of a page: names on controls, enough contrast, room in a narrow window."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from playwright.async_api import Page, expect

from tests.browser import callers, customers
from tests.browser.world import World

# Contrast as WCAG 2.2, 1.4.3 defines it, of an element's text against the first opaque colour behind it.
CONTRAST = """
(element) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (rgba(getComputedStyle(behind).backgroundColor)[3] < 255) {
    behind = behind.assignedSlot ?? behind.parentElement ?? behind.getRootNode().host;
  }
  const colours = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
  const shades = colours.map((colour) => luminance(rgba(colour)));
  return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("contrast", ["no-preference", "more"])
async def test_the_hero_is_readable_in_every_theme(
    desk: Page, world: World, scheme: Literal["light", "dark"], contrast: Literal["no-preference", "more"]
) -> None:
    """Name, number, state, queue and warnings have a contrast of 4.5 at least, ringing, talking and on hold."""
    await desk.emulate_media(color_scheme=scheme, contrast=contrast, reduced_motion="reduce")
    call = callers.call()
    world.ring(call, callers.known())
    for state in ("ringing", "connected", "held"):
        await expect(desk.get_by_test_id("pop")).to_have_attribute("data-state", state)
        for part in ("pop-state", "pop-name", "pop-number", "pop-queue", "pop-source", "pop-tier", "pop-late"):
            element = desk.get_by_test_id(part)
            assert await element.evaluate(CONTRAST) >= 4.5, f"{part} while {state}"
        call = world.answer(call) if state == "ringing" else world.hold(call)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("contrast", ["no-preference", "more"])
async def test_the_whole_customer_is_readable_in_every_theme(
    desk: Page, world: World, scheme: Literal["light", "dark"], contrast: Literal["no-preference", "more"]
) -> None:
    """Proposals, callback, marks and what the cards say have a contrast of 4.5 at least, ringing and talking."""
    await desk.emulate_media(color_scheme=scheme, contrast=contrast, reduced_motion="reduce")
    call = callers.call()
    world.ring(call, msgspec.structs.replace(customers.whole_context(), callback=customers.callback()))
    parts = (
        "[data-testid=callback] .text", "callback-page", "[data-kind=stop] .text", "[data-kind=stop] .why",
        "[data-kind=attention] .text", "pop-repeat", "pop-source", "[data-testid=conflict] .mark", "repeat", "warranty",
        "overdue", "case-over", "expired", "[data-testid=consent] .main", "balance", "facts",
    )  # fmt: skip
    for state in ("ringing", "connected"):
        await expect(desk.get_by_test_id("pop")).to_have_attribute("data-state", state)
        for part in parts:
            element = desk.locator(part if "[" in part else f"[data-testid={part}]").first
            if part == "facts" and await element.count() == 0:
                await desk.get_by_test_id("timeline").get_by_test_id("more").click()
            assert await element.evaluate(CONTRAST) >= 4.5, f"{part} while {state}"
        call = world.answer(call)


async def test_one_second_is_enough(desk: Page, world: World) -> None:
    """At 1366x768 who, what not to do, why, and the beginning of every card are on the screen without scrolling."""
    await desk.set_viewport_size({"width": 1366, "height": 768})
    world.ring(callers.call(), customers.whole_context())
    await expect(desk.get_by_test_id("proposal")).to_have_count(3)
    for part in ("pop-name", "pop-number", "proposal", "pop-late", "pop-repeat", "order", "case", "interaction",
                 "product", "invoice", "consent"):  # fmt: skip
        await expect(desk.get_by_test_id(part).first).to_be_in_viewport(ratio=1)
    sizes = [
        await desk.get_by_test_id(part).first.evaluate("(element) => parseFloat(getComputedStyle(element).fontSize)")
        for part in ("pop-name", "pop-number", "proposal-text", "proposal-reason")
    ]
    assert sorted(sizes, reverse=True) == sizes


async def test_states_differ_by_more_than_colour(desk: Page, world: World) -> None:
    """Ringing, talking and held each have a word and an icon of their own."""
    seen = set()
    call = callers.call()
    world.ring(call)
    for state in ("ringing", "connected", "held"):
        pop_state = desk.get_by_test_id("pop-state")
        await expect(pop_state).to_have_attribute("data-state", state)
        word = (await pop_state.locator("span").first.text_content() or "").strip()
        seen.add((word, await pop_state.locator("ui5-icon").get_attribute("name")))
        call = world.answer(call) if state == "ringing" else world.hold(call)
    assert 3 == len({word for word, _ in seen}) == len({icon for _, icon in seen})


async def test_every_control_has_a_name_and_takes_the_keyboard(desk: Page, world: World) -> None:
    """Buttons say what they do to a screen reader, and Tab reaches the first of them."""
    world.ring(callers.call(), callers.known())
    world.ring(callers.call("main-2", callers.STRANGER))
    await expect(desk.get_by_test_id("pop-tab")).to_have_count(2)
    snapshot = await desk.locator("body").aria_snapshot()
    nameless = [line for line in snapshot.splitlines() if line.strip() in ("- button", "- link", "- img")]
    assert [] == nameless
    await desk.keyboard.press("Tab")
    assert "BODY" != await desk.evaluate("document.activeElement.tagName")


@pytest.mark.parametrize("width", [420, 1280])
async def test_nothing_sticks_out_of_the_window(desk: Page, world: World, width: int) -> None:
    """In a softphone's narrow side window and on a small screen there is no sideways scrolling."""
    await desk.set_viewport_size({"width": width, "height": 720})
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), callback=customers.callback()))
    await expect(desk.get_by_test_id("order").first).to_be_visible()
    assert width >= await desk.evaluate("document.documentElement.scrollWidth")


async def test_who_is_calling_needs_no_scrolling(desk: Page, world: World) -> None:
    """Name, number, the first order and the first case are on the screen at 1280x720."""
    await desk.set_viewport_size({"width": 1280, "height": 720})
    world.ring(callers.call(), callers.known())
    for part in ("pop-name", "pop-number", "order", "case"):
        await expect(desk.get_by_test_id(part).first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [420, 683, 1366])
async def test_a_callback_hides_no_prohibition(desk: Page, world: World, width: int) -> None:
    """In a side window and at twice the size, too, what must not be done stands beside who asked to be called."""
    await desk.set_viewport_size({"width": width, "height": 800})
    world.ring(callers.call(), msgspec.structs.replace(customers.whole_context(), callback=customers.callback()))
    await expect(desk.get_by_test_id("callback")).to_be_in_viewport(ratio=1)
    await expect(desk.locator("[data-testid=proposal][data-kind=stop]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [683, 1000, 1366])
async def test_what_leads_a_sign_is_never_cut(desk: Page, world: World, width: int) -> None:
    """How many orders are late, how many cases urgent, which contact it is: read whole beside the longest words."""
    await desk.set_viewport_size({"width": width, "height": 768})
    context = customers.whole_context()
    long = msgspec.structs.replace(context.interactions[0], subject="Betriebsunterbrechung " * 20)
    world.ring(callers.call(), msgspec.structs.replace(context, interactions=(long, *context.interactions[1:])))
    for name in ("pop-late", "pop-urgent", "pop-contact", "pop-repeat"):
        await expect(desk.get_by_test_id(name)).to_be_in_viewport(ratio=1)
        lead = desk.get_by_test_id(name).locator(".lead")
        assert await lead.evaluate("(element) => element.scrollWidth <= element.clientWidth + 1"), name


async def test_one_long_text_leaves_room_for_the_others(desk: Page, world: World) -> None:
    """Names and subjects of any length take two lines at most: what is below them stays in sight."""
    await desk.set_viewport_size({"width": 1366, "height": 768})
    context = customers.whole_context()
    long = "Elektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 9
    whole = customers.whole()
    cases = tuple(msgspec.structs.replace(one, value=msgspec.structs.replace(one.value, subject=long, owner=long))
                  for one in whole.cases)  # fmt: skip
    orders = tuple(msgspec.structs.replace(one, value=msgspec.structs.replace(one.value, description=long))
                   for one in whole.orders)  # fmt: skip
    contacts = tuple(msgspec.structs.replace(one, subject=long) for one in context.interactions)
    customer = msgspec.structs.replace(whole, cases=cases, orders=orders)
    world.ring(callers.call(), msgspec.structs.replace(context, customers=(customer,), interactions=contacts))
    for name, lines in (("order", 5), ("case", 7), ("interaction", 6)):
        row = desk.get_by_test_id(name).first
        heights = "(row) => row.offsetHeight / parseFloat(getComputedStyle(row).lineHeight)"
        assert await row.evaluate(heights) < lines, name
