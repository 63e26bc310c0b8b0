"""What the agent says of a call, from the page to the hub, and what the page tells of each backend."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from hub.domain.agent import AgentState
from hub.domain.call import Call
from hub.domain.customer import CustomerContext
from hub.domain.wrapup import Saved, WrapUpError, WrapUpProblem
from hub.domain.writeback import WriteKind
from tests.browser import callers
from tests.browser.world import World

MARKUP = '<img src=x onerror="alert(1)">'


async def talking(world: World, desk: Page, context: CustomerContext | None = None) -> Call:
    call = callers.call()
    world.ring(call, context or callers.known())
    call = world.answer(call)
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("On call")
    return call


async def write_note(desk: Page, text: str) -> None:
    await desk.get_by_test_id("note-open").click()
    await desk.get_by_test_id("note").fill(text)


async def test_note_result_and_case_are_saved(world: World, desk: Page) -> None:
    """All that was said goes to the hub once, and the page tells where it is, with the new case's number."""
    world.wrap_ups.saved = (
        Saved(connector="crm", title="CRM", kind=WriteKind.ACTIVITY, id="T-1"),
        Saved(connector="crm", title="CRM", kind=WriteKind.CASE, id="4711"),
    )
    call = await talking(world, desk)
    await write_note(desk, f"Pump leaks {MARKUP}")
    await desk.get_by_test_id("disposition").select_option("Call back")
    await desk.get_by_test_id("new-case").fill("Pump leaks")
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("saved")).to_have_text("Saved in CRM, CRM (4711).")
    [(call_id, said, agent)] = world.wrap_ups.taken
    assert (call.id, "alice") == (call_id, agent)
    assert (f"Pump leaks {MARKUP}", "Call back", "Pump leaks") == (said.note, said.disposition, said.new_case)
    await expect(desk.get_by_test_id("note")).to_have_value("")


async def test_what_the_customer_does_not_allow_is_told(world: World, desk: Page) -> None:
    """It is not written there, and the page says so and why; nothing is left to be done."""
    world.wrap_ups.saved = (
        Saved(connector="crm", title="CRM", kind=WriteKind.ACTIVITY, id="T-1"),
        Saved(connector="ads", title="Campaigns", kind=WriteKind.ACTIVITY, refused="marketing"),
    )
    await talking(world, desk)
    await write_note(desk, "Pump leaks")
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("not-written")).to_have_text(
        "Not written to Campaigns: the customer does not allow it (Marketing). The hub keeps the note."
    )
    await expect(desk.get_by_test_id("saved")).to_contain_text("Saved in CRM.")
    await expect(desk.get_by_test_id("note-trouble")).to_have_count(0)


async def test_while_it_rings_there_is_nothing_to_say(world: World, desk: Page) -> None:
    """The look at a ringing call is not disturbed; nothing said can't be saved either."""
    call = callers.call()
    world.ring(call, callers.known())
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("Ringing")
    await expect(desk.get_by_test_id("note-open")).to_have_count(0)
    world.answer(call)
    await desk.get_by_test_id("note-open").click()
    await desk.get_by_test_id("note-save").click(force=True)
    assert [] == world.wrap_ups.taken


async def test_a_backend_that_did_not_take_it_is_named(world: World, desk: Page) -> None:
    """The note stays, and saving once more sends the same id, so that nothing is written twice."""
    world.wrap_ups.saved = (
        Saved(connector="crm", title="CRM", kind=WriteKind.ACTIVITY, id="T-1"),
        Saved(connector="erp", title="ERP", kind=WriteKind.ACTIVITY, problem="erp: no connection"),
    )
    await talking(world, desk)
    await write_note(desk, "Pump leaks")
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("note-trouble")).to_contain_text("Not saved in ERP")
    await expect(desk.get_by_test_id("note")).to_have_value("Pump leaks")
    world.wrap_ups.saved = ()
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("note-trouble")).to_have_count(0)
    assert 2 == len(world.wrap_ups.taken)
    assert 1 == len({said.id for _, said, _ in world.wrap_ups.taken})


async def test_a_backend_that_is_down_gets_it_later(world: World, desk: Page) -> None:
    """The agent is done with it: nothing has to be saved again, and each system is named once."""
    world.wrap_ups.saved = (
        Saved(connector="crm", title="CRM", kind=WriteKind.ACTIVITY, id="T-1"),
        Saved(connector="erp", title="ERP", kind=WriteKind.ACTIVITY, later=True),
        Saved(connector="erp", title="ERP", kind=WriteKind.CASE, later=True),
    )
    await talking(world, desk)
    await write_note(desk, "Pump leaks")
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("sent-later")).to_have_text("Will be sent later to ERP, by itself.")
    await expect(desk.get_by_test_id("saved")).to_contain_text("Saved in CRM.")
    await expect(desk.get_by_test_id("note-trouble")).to_have_count(0)
    await expect(desk.get_by_test_id("note")).to_have_value("")


async def test_what_the_hub_refuses_is_told(world: World, desk: Page) -> None:
    """The reason stands below, in the hub's words, as text."""
    world.wrap_ups.problem = WrapUpError(WrapUpProblem.NO_SUCH_CALL, f"There is no such call. {MARKUP}")
    await talking(world, desk)
    await write_note(desk, "Pump leaks")
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("note-trouble")).to_have_text(f"There is no such call. {MARKUP}")


@pytest.mark.parametrize("reloaded", [False, True])
async def test_a_note_begun_outlives_the_call(world: World, desk: Page, *, reloaded: bool) -> None:
    """The customer hangs up in the middle of the sentence, or the page is loaded anew: the words are still there."""
    call = await talking(world, desk)
    await write_note(desk, "Pump leaks since")
    if reloaded:
        await desk.reload()
        await desk.get_by_test_id("note-open").click()
        await expect(desk.get_by_test_id("note")).to_have_value("Pump leaks since")
    world.end(call)
    await expect(desk.get_by_test_id("pop")).to_have_count(0)
    await expect(desk.get_by_test_id("note")).to_have_value("Pump leaks since")
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("saved")).to_have_text("Saved. No other system knows this caller.")
    assert [(call.id, "Pump leaks since")] == [(at, said.note) for at, said, _ in world.wrap_ups.taken]
    await desk.get_by_test_id("note-close").click()
    await expect(desk.get_by_test_id("wrap-up")).to_have_count(0)


async def test_after_call_work_opens_it(world: World, desk: Page) -> None:
    """Once the talk is over and there is time to write, the note is open."""
    world.agent(AgentState.BUSY)
    call = await talking(world, desk)
    world.agent(AgentState.AFTER_CALL_WORK)
    world.end(call)
    await expect(desk.get_by_test_id("note")).to_be_visible()


async def test_one_of_several_has_to_be_chosen(world: World, desk: Page) -> None:
    """A shared number is not one person: who it was is said before anything is saved."""
    second = callers.name_only("Josef Huber")
    found = callers.found("service", "Service Cloud")
    await talking(world, desk, callers.context(found, customers=(callers.maria(), second)))
    await write_note(desk, "Pump leaks")
    await expect(desk.get_by_test_id("note-save")).to_have_attribute("aria-disabled", "true")
    await desk.get_by_test_id("note-customer").select_option(index=2)
    await desk.get_by_test_id("note-save").click()
    await expect(desk.get_by_test_id("saved")).to_be_visible()
    [(_, said, _)] = world.wrap_ups.taken
    assert second.ids == said.customer
