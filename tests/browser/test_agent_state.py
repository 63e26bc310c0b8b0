"""The agent's own state on the page, after-call work, queues, and the supervisor's team."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest_asyncio
from playwright.async_api import Page, expect

from hub.domain.agent import AgentState, DeviceState, DeviceStatus, QueueStatus, WaitingCall
from hub.domain.call import Connection, ConnectionState, Monitoring, Role
from hub.domain.control import LogOff, LogOn, Monitor, NotReady, Ready, Refusal
from tests.browser import callers
from tests.browser.conftest import live
from tests.browser.world import AGENT, PASSWORD, World, running_world
from tests.waiting import eventually


async def test_the_page_shows_what_the_hub_says_and_not_what_was_clicked(desk: Page, world: World) -> None:
    """Going not ready with a reason is a command; the state changes when the hub tells that it has."""
    world.agent(AgentState.READY)
    switch = desk.get_by_test_id("agent-state")
    await expect(switch).to_have_attribute("data-state", "ready")
    await switch.click()
    await desk.get_by_test_id("choice-not-ready-1").click()
    await eventually(lambda: world.asked() == [NotReady(id="-", reason="Lunch")])
    await expect(switch).to_have_attribute("data-state", "ready")
    world.agent(AgentState.NOT_READY, reason="Lunch")
    await expect(switch).to_contain_text("Not ready: Lunch")
    await expect(desk.get_by_test_id("agent-state-time")).to_contain_text("0:1")


async def test_logging_on_and_off(desk: Page, world: World) -> None:
    """Who is logged off is offered to log on, and the other way round."""
    world.agent(AgentState.LOGGED_OFF)
    await desk.get_by_test_id("agent-state").click()
    await desk.get_by_test_id("choice-log-on").click()
    await eventually(lambda: world.asked() == [LogOn(id="-")])
    world.agent(AgentState.READY)
    await desk.get_by_test_id("agent-state").click()
    await desk.get_by_test_id("choice-log-off").click()
    await eventually(lambda: world.asked()[1:] == [LogOff(id="-")])


async def test_a_refused_change_is_told_below_the_switch(desk: Page, world: World) -> None:
    """In the hub's words, until Esc."""
    world.agent(AgentState.NOT_READY)
    world.control.refusal = Refusal.PBX_NOT_CONNECTED
    await desk.get_by_test_id("agent-state").click()
    await desk.get_by_test_id("choice-ready").click()
    await expect(desk.get_by_test_id("agent-state-trouble")).to_contain_text("This can't be done now.")
    await desk.keyboard.press("Escape")
    await expect(desk.get_by_test_id("agent-state-trouble")).to_have_count(0)


async def test_the_menu_takes_the_keyboard(desk: Page, world: World) -> None:
    """Enter opens it, Tab goes through it, Esc closes it and the switch has the focus again."""
    world.agent(AgentState.READY)
    switch = desk.get_by_test_id("agent-state")
    await switch.focus()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_test_id("agent-state-menu")).to_be_visible()
    await desk.keyboard.press("Tab")
    await expect(desk.get_by_test_id("choice-ready")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(desk.get_by_test_id("agent-state-menu")).to_have_count(0)
    await expect(switch).to_be_focused()


async def test_the_last_customer_stays_during_after_call_work(desk: Page, world: World) -> None:
    """Marked as past, nothing to do with the call any more, a countdown; ready takes it away."""
    world.agent(AgentState.BUSY)
    call = callers.call()
    world.ring(call, callers.known())
    world.end(world.answer(call))
    world.agent(AgentState.AFTER_CALL_WORK, until=datetime.now(UTC) + timedelta(seconds=40))
    await expect(desk.get_by_test_id("pop-state")).to_have_attribute("data-state", "past")
    await expect(desk.get_by_test_id("pop-state")).to_contain_text("Past call")
    await expect(desk.get_by_test_id("order").first).to_be_visible()
    await expect(desk.get_by_test_id("call-bar").get_by_role("button")).to_have_count(0)
    await expect(desk.get_by_test_id("agent-state-time")).to_contain_text("left")
    await desk.wait_for_timeout(2_000)  # the time after which a call without such work is gone
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Maria Huber")
    await desk.get_by_test_id("finish-work").click()
    await eventually(lambda: world.asked() == [Ready(id="-")])
    world.agent(AgentState.READY)
    await expect(desk.get_by_test_id("pop")).to_have_count(0)


async def test_without_after_call_work_the_customer_goes(desk: Page, world: World) -> None:
    """A moment after the end the page is free for the next caller."""
    world.agent(AgentState.READY)
    call = callers.call()
    world.ring(call, callers.known())
    world.end(world.answer(call))
    await expect(desk.get_by_test_id("idle")).to_be_visible()


async def test_the_next_call_takes_the_place_of_the_last(desk: Page, world: World) -> None:
    """However much work there is left with the one before."""
    world.agent(AgentState.AFTER_CALL_WORK)
    call = callers.call()
    world.ring(call, callers.known())
    world.end(world.answer(call))
    await expect(desk.get_by_test_id("pop-state")).to_have_attribute("data-state", "past")
    world.ring(callers.call("main-2", callers.ANONYMOUS))
    await expect(desk.get_by_test_id("pop-name")).to_have_text("Anonymous caller")
    await expect(desk.get_by_test_id("pop-state")).to_have_attribute("data-state", "ringing")


async def test_a_phone_that_can_not_ring_is_told(desk: Page, world: World) -> None:
    """Otherwise an agent would wait for calls that can't come."""
    gone = DeviceStatus(pbx="main", device="PJSIP/1001", state=DeviceState.UNAVAILABLE)
    world.agent(AgentState.READY, devices=(gone,))
    await expect(desk.get_by_test_id("phone-gone")).to_be_visible()
    world.agent(AgentState.READY)
    await expect(desk.get_by_test_id("phone-gone")).to_have_count(0)


async def test_the_queues_tell_who_waits(desk: Page, world: World) -> None:
    """How many, the longest wait, which ticks and turns red beyond the service level, and the level itself."""
    world.agent(AgentState.READY)
    waiting = tuple(WaitingCall(position=n, since=callers.ago(62 - n)) for n in (1, 2))
    world.queues(
        QueueStatus(pbx="main", queue="Support", waiting=waiting, service_level=0.85, service_level_s=30),
        QueueStatus(pbx="main", queue="Sales"),
        QueueStatus(pbx="main", queue="Elsewhere"),
    )
    await expect(desk.get_by_test_id("queue")).to_have_count(2)
    support = desk.locator('[data-queue="Support"]')
    await expect(support).to_contain_text("2 waiting")
    await expect(support).to_contain_text("85%")
    longest = support.get_by_test_id("queue-longest")
    await expect(longest).to_contain_text("1:02")
    await expect(longest).to_contain_text("1:03")
    assert "long" in (await longest.get_attribute("class") or "")


async def test_an_agent_has_no_team_to_listen_to(desk: Page, world: World) -> None:
    """The team is for supervisors."""
    world.agent(AgentState.BUSY, "bob", "Bob Krause")
    world.ring(callers.call())
    await desk.get_by_test_id("pop").wait_for()
    await expect(desk.get_by_test_id("team")).to_have_count(0)


@pytest_asyncio.fixture(loop_scope="session")
async def supervised(tmp_path: Path) -> AsyncIterator[World]:
    """Serve a desk whose agent alice is a supervisor."""
    profile = msgspec.structs.replace(AGENT, role="supervisor")
    async with running_world(tmp_path, profile=profile) as running:
        yield running


async def test_a_supervisor_sees_the_team_and_listens_in(tab: Page, supervised: World) -> None:
    """Who is ready, why not, since when; whoever talks can be listened to, whispered to, joined."""
    world = supervised
    await tab.context.request.post(f"{world.url}/api/v1/session", data={"user": "alice", "password": PASSWORD})
    await tab.goto(world.url)
    await live(tab)
    world.agent(AgentState.NOT_READY, "wei", "李伟", reason="<b>Lunch</b>")
    world.agent(AgentState.BUSY, "bob", "Bob Krause")
    call = callers.call("main-9", callers.STRANGER, agent="bob")
    world.ring(call)
    world.answer(call)
    bob = tab.locator('[data-testid="team-member"][data-agent="bob"]')
    wei = tab.locator('[data-testid="team-member"][data-agent="wei"]')
    await expect(wei).to_contain_text("Not ready: <b>Lunch</b>")
    await expect(wei.get_by_role("button")).to_have_count(0)
    await expect(bob).to_contain_text("On a call")
    for mode in Monitoring:
        await bob.get_by_test_id(f"monitor-{mode}").click()
        await expect(bob.get_by_test_id(f"monitor-{mode}")).to_be_enabled()
    expected = [Monitor(id="-", call_id="main-9", target="bob", mode=mode) for mode in Monitoring]
    assert expected == world.asked()
    world.control.refusal = Refusal.NO_SUCH_CALL
    await bob.get_by_test_id("monitor-spy").click()
    await expect(tab.get_by_test_id("team-trouble")).to_be_visible()
    world.end(call)
    await expect(bob.get_by_role("button")).to_have_count(0)


async def test_unheard_listeners_stay_unseen_and_others_not(desk: Page, world: World) -> None:
    """Who joins a call openly is named in it."""
    call = world.answer(callers.call())
    observer = Connection(
        id="sue",
        device="PJSIP/1009",
        role=Role.OBSERVER,
        state=ConnectionState.CONNECTED,
        since=callers.ago(1),
        agent="sue",
        monitoring=Monitoring.SPY,
    )
    world.change(call, connections=(observer, *call.connections))
    await desk.get_by_test_id("pop").wait_for()
    await expect(desk.locator('[data-fact="listening"]')).to_have_count(0)
    barging = msgspec.structs.replace(observer, monitoring=Monitoring.BARGE)
    world.change(call, connections=(barging, *call.connections))
    await expect(desk.locator('[data-fact="listening"]')).to_contain_text("sue listens in")
