"""Nothing moves under the agent's eye or mouse, and a page that is open all day does not grow."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
import pytest
from playwright.async_api import Page, expect

from hub.domain.customer import Case, Customer, CustomerContext, Name, Order, Problem, Sourced
from hub.domain.interaction import Channel, CustomerRef, Interaction
from tests.browser import callers, customers
from tests.browser.world import World

# Layout shift as https://wicg.github.io/layout-instability/ defines it, added up since the last look.
WATCH = """
window.shifted = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    const moved = sources.map(({ previousRect: a, currentRect: b }) => `${a.x},${a.y} > ${b.x},${b.y}`);
    window.shifted.push({ value, moved });
  }
}).observe({ type: "layout-shift" });
"""
# Browsers call a page good below 0.1; text that becomes another text may differ by a hair.
HARDLY = 0.002


class Shift(TypedDict):
    value: float
    moved: list[str]


def _sap(value: Any) -> Sourced[Any]:
    return Sourced(value=value, system="sap", record="17100001", at=callers.ago(2))


def _busy() -> Customer:
    """Make a customer with a long name, thirty orders and twenty cases."""
    return msgspec.structs.replace(
        callers.maria(),
        name=_sap(Name(full="Maria-Theresia Alexandra von Hohenlohe-Waldenburg-Schillingsfürst")),
        organization=_sap("Donaudampfschifffahrtsgesellschaft Elektrizitätswerke Hauptbetriebswerk GmbH & Co. KG"),
        orders=tuple(
            _sap(Order(id=f"4500{n}", description=f"Part {n}", due_on=callers.days(n - 3))) for n in range(30)
        ),
        cases=tuple(_sap(Case(id=f"24-{n}", subject=f"Case {n}", priority="High")) for n in range(20)),
    )


def _contacts(count: int) -> tuple[Interaction, ...]:
    return tuple(
        Interaction(id=str(n), channel=Channel.EMAIL, at=callers.ago(n * 40_000), subject="?", customer=CustomerRef())
        for n in range(count)
    )


def _answers() -> dict[str, CustomerContext]:
    found = (callers.found("sap", callers.SAP), callers.found("service", callers.SERVICE))
    not_found = (callers.not_found("sap", callers.SAP), callers.not_found("service", callers.SERVICE))
    failed = callers.failed("sap", callers.SAP, Problem.TIMEOUT)
    busy = callers.context(*found, revision=3, customers=(_busy(),))
    return {
        "known": callers.known(),
        "whole": customers.whole_context(),
        "whole and callback": msgspec.structs.replace(customers.whole_context(), callback=customers.callback()),
        "busy": msgspec.structs.replace(busy, interactions=_contacts(10)),
        "several": callers.context(*found, revision=3, customers=(callers.maria(), callers.name_only("Josef Huber"))),
        "unknown": callers.context(*not_found, revision=3),
        "partly": callers.context(failed, found[1], revision=3, customers=(callers.name_only("Li Wei"),)),
        "failed": callers.context(failed, not_found[1], revision=3),
    }


async def _shift(page: Page) -> list[Shift]:
    """Let the page paint what it has, and take what moved."""
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    shifts: list[Shift] = await page.evaluate("window.shifted.splice(0)")
    return shifts


def _still(shifts: list[Shift]) -> bool:
    return sum(shift["value"] for shift in shifts) <= HARDLY


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (1000, 800), (420, 800)], ids=str)
@pytest.mark.parametrize("kind", sorted(_answers()))
async def test_nothing_moves_while_answers_arrive(desk: Page, world: World, kind: str, size: tuple[int, int]) -> None:
    """From the first ring to the last answer, and when the agent answers, all that is on the page stays where it is."""
    await desk.set_viewport_size({"width": size[0], "height": size[1]})
    await desk.evaluate(WATCH)
    call = callers.call()
    world.ring(call, callers.context(callers.pending("sap", callers.SAP), callers.pending("service", callers.SERVICE)))
    await desk.get_by_test_id("skeleton").first.wait_for()
    await _shift(desk)
    world.learn(_answers()[kind])
    await expect(desk.locator("[data-system][data-state=pending]")).to_have_count(0)
    shifts = await _shift(desk)
    assert _still(shifts), shifts
    world.answer(call)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    shifts = await _shift(desk)
    assert _still(shifts), shifts


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (420, 800)], ids=str)
async def test_late_answers_make_room_for_themselves(desk: Page, world: World, size: tuple[int, int]) -> None:
    """Products, invoices and consents that come one after the other stand where nothing was, and move no other."""
    await desk.set_viewport_size({"width": size[0], "height": size[1]})
    await desk.evaluate(WATCH)
    pending = callers.pending("service", callers.SERVICE)
    first = msgspec.structs.replace(customers.whole_context(revision=1), complete=False, repeats=())
    answers = (callers.found("sap", callers.SAP), pending)
    bare: dict[str, Any] = {
        "products": (),
        "invoices": (),
        "balances": (),
        "consents": (),
        "preferences": {},
        "proposals": (),
    }
    whole = customers.whole()
    world.ring(
        callers.call(),
        msgspec.structs.replace(first, answers=answers, customers=(msgspec.structs.replace(whole, **bare),)),
    )
    await expect(desk.get_by_test_id("order").first).to_be_visible()
    await _shift(desk)
    for number, field in enumerate(("consents", "proposals", "invoices", "products")):
        bare.pop(field)
        late = msgspec.structs.replace(first, answers=answers, customers=(msgspec.structs.replace(whole, **bare),))
        world.learn(msgspec.structs.replace(late, revision=2 + number))
        shown = {"consents": "consent", "proposals": "proposal", "invoices": "invoice", "products": "product"}[field]
        await desk.get_by_test_id(shown).first.wait_for()
        shifts = await _shift(desk)
        assert _still(shifts), (field, shifts)
    world.learn(customers.whole_context(revision=9))
    await expect(desk.get_by_test_id("pop-repeat")).to_have_count(1)
    shifts = await _shift(desk)
    assert _still(shifts), shifts


async def test_signs_that_come_late_stand_behind_the_others(desk: Page, world: World) -> None:
    """A contact at once, then what is late as a backend answers, then a backend that fails: none makes way."""
    await desk.set_viewport_size({"width": 1366, "height": 768})
    whole = customers.whole_context()
    bare = msgspec.structs.replace(customers.whole(), tier=None, orders=(), cases=())
    pending = (callers.pending("sap", callers.SAP), callers.pending("service", callers.SERVICE))
    await desk.evaluate(WATCH)
    world.ring(
        callers.call(),
        msgspec.structs.replace(whole, revision=1, answers=pending, customers=(bare,), complete=False, repeats=()),
    )
    await expect(desk.get_by_test_id("pop-contact")).to_have_count(1)
    await _shift(desk)
    failed = callers.failed("service", callers.SERVICE, Problem.TIMEOUT)
    found = callers.found("sap", callers.SAP)
    for number, (answers, shown) in enumerate((((found, pending[1]), "pop-late"), ((found, failed), "pop-missing"))):
        world.learn(msgspec.structs.replace(whole, revision=2 + number, answers=answers, repeats=()))
        await expect(desk.get_by_test_id(shown)).to_have_count(1)
        shifts = await _shift(desk)
        assert _still(shifts), (shown, shifts)
    signs = desk.locator("ctihub-reasons .chip")
    names = [await signs.nth(number).get_attribute("data-testid") for number in range(await signs.count())]
    assert ["pop-contact", "pop-tier", "pop-late", "pop-urgent", "pop-missing"] == names


async def test_popups_push_nothing_away(desk: Page, world: World) -> None:
    """What a mark or a proposal opens lies over the page."""
    await desk.set_viewport_size({"width": 1366, "height": 768})
    await desk.evaluate(WATCH)
    world.ring(callers.call(), customers.whole_context())
    await desk.get_by_test_id("proposal").first.wait_for()
    await _shift(desk)
    for opens in ("open-sources", "conflict", "proposal"):
        await desk.get_by_test_id(opens).first.get_by_role("button").first.click()
        await expect(desk.get_by_role("dialog")).to_have_count(1)
        await desk.keyboard.press("Escape")
        await expect(desk.get_by_role("dialog")).to_have_count(0)
    shifts = await _shift(desk)
    assert _still(shifts), shifts


async def test_other_calls_and_notices_push_nothing_away(desk: Page, world: World) -> None:
    """A second call, its end and a PBX that goes leave the customer of the first where they are."""
    await desk.set_viewport_size({"width": 1280, "height": 800})
    await desk.evaluate(WATCH)
    first = callers.call()
    world.ring(first, callers.known())
    world.answer(first)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    await _shift(desk)
    second = callers.call("main-2", callers.STRANGER)
    world.ring(second)
    await expect(desk.get_by_test_id("pop-tab")).to_have_count(2)
    world.end(second, answered=False)
    await expect(desk.get_by_test_id("closed-notice")).to_be_visible()
    await expect(desk.get_by_test_id("pop-tab")).to_have_count(0)
    world.pbx(connected=False)
    await expect(desk.get_by_test_id("pbx-down")).to_be_visible()
    shifts = await _shift(desk)
    assert _still(shifts), shifts


async def test_a_long_name_takes_the_room_of_a_short_one(desk: Page, world: World) -> None:
    """Long names are set smaller and are there whole, however they are written."""
    heights = set()
    for number, name in enumerate(
        (
            "Li Wei",
            "Dr. Anna-Maria Schmidt-Kowalski",
            "Maria-Theresia Alexandra von Hohenlohe-Waldenburg-Schillingsfürst",
            "上海国际贸易进出口有限责任公司浦东新区第三分公司客户服务中心",
            "شركة النور للتجارة والصناعة والخدمات اللوجستية المحدودة",
            "M\u0301\u0302\u0316aria H\u0489\u0338uber",
        )
    ):
        call = callers.call(f"main-{number}")
        world.ring(
            call,
            callers.context(callers.found("sap", callers.SAP), call_id=call.id, customers=(callers.name_only(name),)),
        )
        shown = desk.get_by_test_id("pop-name")
        await expect(shown).to_have_text(name)
        assert await shown.evaluate("(element) => element.scrollHeight - element.clientHeight <= 8"), name
        heights.add(await desk.locator("ctihub-hero").evaluate("(element) => Math.round(element.offsetHeight)"))
        world.end(call)
        await expect(desk.get_by_test_id("pop")).to_have_count(0)
    assert 1 == len(heights)


async def test_a_day_of_calls_leaves_nothing_behind(desk: Page, world: World) -> None:
    """After more calls the page has the elements, listeners and, nearly, the memory that it had before."""
    tools = await desk.context.new_cdp_session(desk)
    await tools.send("Performance.enable")

    async def calls(start: int, count: int) -> None:
        for number in range(start, start + count):
            call = callers.call(f"main-{number}")
            world.ring(call, callers.known(call.id))
            await desk.get_by_test_id("pop").wait_for()
            world.end(world.answer(call))
            await desk.get_by_test_id("pop").wait_for(state="detached")
            del world.log.entries[10:]
        await desk.locator(f"[data-testid=log-row][data-call=main-{start + count - 1}]").wait_for()

    async def held() -> dict[str, float]:
        await tools.send("HeapProfiler.collectGarbage")
        metrics = await tools.send("Performance.getMetrics")
        return {metric["name"]: metric["value"] for metric in metrics["metrics"]}

    await calls(0, 15)
    before = await held()
    await calls(15, 30)
    after = await held()
    assert after["Nodes"] <= before["Nodes"] * 1.1
    assert after["JSEventListeners"] <= before["JSEventListeners"] * 1.1
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] * 1.2
