"""The ways a call can go: direct, to all at once, given up, not answered, rejected; and who gets to see it."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from hub.domain.call import CallEventKind, Cause, Outcome
from hub.domain.ports import CallLogEntry
from tests.scenarios.backends import LI_WEI, MARIA, MARIA_NAME_IN_SERVICE_CLOUD
from tests.scenarios.call_site import AGENTS, CallSite, Desk, is_alerting
from tests.servers.asterisk import Asterisk
from tests.servers.record import ALICE, SALES, SUPPORT
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUEUED, DELIVERED, DIVERTED = CallEventKind.QUEUED, CallEventKind.DELIVERED, CallEventKind.DIVERTED
ESTABLISHED, CLEARED = CallEventKind.ESTABLISHED, CallEventKind.CLEARED


async def logged(site: CallSite, call_id: str) -> CallLogEntry:
    """Return a finished call's entry in the call log."""
    (entry,) = [entry for entry in await site.api.call_log() if entry.call.id == call_id]
    return entry


def frames_of(desk: Desk, kind: str, call_id: str) -> list[str]:
    """Return the frames of that kind about that call that came to a desk."""
    return [frame for frame in desk.frames if json.loads(frame)["frame"] == kind and call_id in frame]


async def test_a_direct_call_pops_at_its_agent(site: CallSite, asterisk: Asterisk) -> None:
    """Without a queue: delivered, established, cleared; the agent who hangs up ends it normally."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as desk,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(LI_WEI.number, to=ALICE)
        ringing = await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text(LI_WEI.full_name)
        await expect(desk.testid("pop-queue")).to_have_count(0)
        call = await site.live_call()
        assert (None, True) == (call.queue, is_alerting(call, "alice"))
        await ringing.answer()
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
        await ringing.hang_up()
        assert "far-end" == await caller.cleared()
        await expect(desk.testid("closed-notice")).to_contain_text("The call has ended.")
        cleared = await stream.until(call.id, CLEARED)
        assert [DELIVERED, ESTABLISHED, CLEARED] == stream.kinds(call.id)
        assert (Outcome.ANSWERED, Cause.NORMAL_CLEARING) == (cleared.call.outcome, cleared.cause)


async def test_all_who_ring_get_the_pop_and_the_losers_lose_it(site: CallSite, asterisk: Asterisk) -> None:
    """Ring-all: two phones, two pages; the one who is slower reads that a colleague answered."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as winner,
        site.desk("bob") as loser,
        Phone(asterisk, "1001") as alice,
        Phone(asterisk, "1002") as bob,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(MARIA.number, to=SALES)
        won, lost = await alice.rings(), await bob.rings()
        for desk in (winner, loser):
            await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
            await expect(desk.testid("pop-state")).to_have_attribute("data-state", "ringing")
        call = await site.live_call()
        assert {"alice", "bob"} == call.alerting_agents

        await won.answer()
        assert "cancelled" == await lost.cleared()
        await expect(winner.testid("pop-state")).to_have_attribute("data-state", "connected")
        await expect(loser.testid("pop")).to_have_count(0)
        await expect(loser.testid("closed-notice")).to_contain_text("A colleague answered the call.")
        await eventually(lambda: frames_of(loser, "closed", call.id), "the frame that closes the pop")
        assert "answered_elsewhere" == json.loads(frames_of(loser, "closed", call.id)[0])["reason"]

        await caller.hang_up()
        await stream.until(call.id, CLEARED)
        kinds = stream.kinds(call.id)
        assert (1, 2, 1, 1) == tuple(kinds.count(kind) for kind in (QUEUED, DELIVERED, ESTABLISHED, CLEARED))
        diverted = await stream.until(call.id, DIVERTED)
        assert diverted.connection is not None
        assert ("bob", Cause.ANSWERED_ELSEWHERE) == (diverted.connection.agent, diverted.cause)
        entry = await logged(site, call.id)
        assert ({"alice", "bob"}, ("alice",)) == (set(entry.agents), entry.answered_by)
        row = loser.page.locator(f'[data-testid="log-row"][data-call="{call.id}"]')
        await expect(row).to_contain_text("Answered by a colleague")


async def test_a_caller_who_gives_up_in_the_queue_closes_the_pop(site: CallSite, asterisk: Asterisk) -> None:
    """Abandoned while the phone rings: the page says so, and so does the call log."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as desk,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(MARIA.number, to=SUPPORT)
        ringing = await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        call = await site.live_call()
        await caller.hang_up()
        assert "cancelled" == await ringing.cleared()
        await expect(desk.testid("pop")).to_have_count(0)
        await expect(desk.testid("closed-notice")).to_contain_text("The caller hung up.")
        cleared = await stream.until(call.id, CLEARED)
        assert ESTABLISHED not in stream.kinds(call.id)
        assert Outcome.ABANDONED is cleared.call.outcome
        entry = await logged(site, call.id)
        assert (Outcome.ABANDONED, ("alice",), ()) == (entry.call.outcome, entry.agents, entry.answered_by)
        row = desk.page.locator(f'[data-testid="log-row"][data-call="{call.id}"]')
        await expect(row).to_contain_text("Caller hung up")


async def test_a_call_that_one_does_not_answer_goes_to_the_next(site: CallSite, asterisk: Asterisk) -> None:
    """Delivered and not answered: diverted by that cause, the pop moves on to the next agent, who answers."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as alices,
        site.desk("bob") as bobs,
        Phone(asterisk, "1001") as alice,
        Phone(asterisk, "1002") as bob,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(MARIA.number, to=SUPPORT)
        await eventually(lambda: alice.times_rung() or bob.times_rung(), "a phone ringing")
        order = [("alice", alice, alices), ("bob", bob, bobs)]
        (first, first_phone, first_desk), (second, second_phone, second_desk) = (
            order if alice.times_rung() else reversed(order)
        )
        unanswered = await first_phone.rings()
        await expect(first_desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        await expect(second_desk.testid("idle")).to_be_visible()
        call = await site.live_call()
        assert "cancelled" == await unanswered.cleared(within=20)
        ringing = await second_phone.rings()
        await expect(first_desk.testid("closed-notice")).to_contain_text("The call was not answered.")
        await expect(second_desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        await ringing.answer()
        await caller.hang_up()
        await stream.until(call.id, CLEARED)
        # Members whose phones are off fail before, between and after; they are not what this is about.
        kinds = [kind for kind in stream.kinds(call.id) if kind is not CallEventKind.FAILED]
        assert [QUEUED, DELIVERED, DIVERTED, DELIVERED, ESTABLISHED, CLEARED] == kinds
        diverted = await stream.until(call.id, DIVERTED)
        assert diverted.connection is not None
        assert (first, Cause.CALL_NOT_ANSWERED) == (diverted.connection.agent, diverted.cause)
        entry = await logged(site, call.id)
        assert ({first, second}, (second,)) == (set(entry.agents), entry.answered_by)


async def test_a_rejected_call_is_busy_to_the_caller(site: CallSite, asterisk: Asterisk) -> None:
    """The agent presses reject: the pop closes with that reason, the log says busy."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as desk,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(MARIA.number, to=ALICE)
        ringing = await phone.rings()
        await expect(desk.testid("pop")).to_have_count(1)
        call = await site.live_call()
        await ringing.reject()
        assert "486" == await caller.cleared()
        await expect(desk.testid("closed-notice")).to_contain_text("The call was rejected.")
        cleared = await stream.until(call.id, CLEARED)
        assert [DELIVERED, DIVERTED, CLEARED] == stream.kinds(call.id)
        assert Outcome.BUSY is cleared.call.outcome
        assert Cause.REJECTED is (await stream.until(call.id, DIVERTED)).cause
        assert () == (await logged(site, call.id)).answered_by


async def test_a_phone_that_is_off_fails_and_pops_nowhere(site: CallSite, asterisk: Asterisk) -> None:
    """A direct call to a phone that can't be reached: failed, cleared, and nothing on the agent's page."""
    async with site.api.events(after=None) as stream, site.desk("alice") as desk, Trunk(asterisk) as trunk:
        caller = await trunk.call(MARIA.number, to=ALICE)
        await eventually(lambda: [one for one in stream.events if one.type == "cti.call.cleared"], "the call's end")
        assert "480" == await caller.cleared()
        (cleared,) = [one for one in stream.events if one.type == "cti.call.cleared"]
        entry = await logged(site, cleared.subject)
        assert () == entry.answered_by
        assert entry.call.outcome in {Outcome.FAILED, Outcome.NOT_ANSWERED}
        assert ESTABLISHED not in stream.kinds(cleared.subject)
        assert [] == frames_of(desk, "pop", cleared.subject)


async def test_an_agent_sees_only_own_calls(site: CallSite, asterisk: Asterisk) -> None:
    """A colleague's call reaches neither page nor socket nor API of an agent, live or in the log; nor the stream."""
    async with (
        site.desk("alice") as alices,
        site.desk("bob") as bobs,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(MARIA.number, to=ALICE)
        ringing = await phone.rings()
        await expect(alices.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        call = await site.live_call()
        ask = bobs.context.request
        assert [] == await (await ask.get(f"{site.hub.url}/api/v1/calls")).json()
        assert [call.id] == [
            one["id"] for one in await (await alices.context.request.get(f"{site.hub.url}/api/v1/calls")).json()
        ]
        await ringing.answer()
        await caller.hang_up()
        await expect(alices.page.locator(f'[data-testid="log-row"][data-call="{call.id}"]')).to_have_count(1)
        log = await (await ask.get(f"{site.hub.url}/api/v1/calls/log")).json()
        assert call.id not in [entry["call"]["id"] for entry in log]
        assert 403 == (await ask.get(f"{site.hub.url}/api/v1/calls/log?agent=alice")).status
        assert 401 == (await ask.get(f"{site.hub.url}/api/v1/events")).status
        await expect(bobs.testid("idle")).to_be_visible()
        assert [] == [frame for frame in bobs.frames if call.id in frame or MARIA.last_name in frame]
        assert AGENTS["bob"][0] in bobs.frames[0]
