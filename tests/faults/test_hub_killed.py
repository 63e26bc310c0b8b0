"""The hub is killed in the middle of calls: nothing it has told is lost, and what goes on is taken over."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from hub.demo.pbx.exchange import Channel
from hub.domain.call import CallEvent, CallEventKind, Cause, Outcome
from tests.scenarios.backends import LI_WEI, MARIA, MARIA_NAME_IN_SERVICE_CLOUD
from tests.scenarios.hub_api import EventStream
from tests.scenarios.simulated_site import DEVICES, SimulatedSite, simulated_site
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

Going = tuple[str, Channel, Channel]
DELIVERED, ESTABLISHED, CLEARED = CallEventKind.DELIVERED, CallEventKind.ESTABLISHED, CallEventKind.CLEARED


async def whole_journal(simulated: SimulatedSite, last_kind: CallEventKind, call_id: str) -> EventStream:
    """Return all events from the first on, read until that call's step is there."""
    async with simulated.site.api.events(after=0) as stream:
        await stream.until(call_id, last_kind)
        return stream


async def test_calls_are_taken_over_after_a_kill(tmp_path: Path, shared_browser: Browser) -> None:
    """SIGKILL while one call rings and one is talked: journal whole, no step twice, the page shows what is true now."""
    async with simulated_site(tmp_path, shared_browser) as simulated, simulated.site.desk("alice") as desk:
        site, exchange = simulated.site, simulated.exchange
        async with site.api.events(after=0) as stream:
            ended_unseen = simulated.talks(LI_WEI.number)
            ringing = simulated.rings(MARIA.number)
            await expect(desk.testid("pop-tab")).to_have_count(2)
            await expect(desk.testid("pop-tab").first).to_contain_text(MARIA_NAME_IN_SERVICE_CLOUD)
            talk, ring = await site.api.calls()
            await stream.until(talk.id, ESTABLISHED)
            await stream.until(ring.id, DELIVERED)
            site.hub.kill()
            seen = [event.id for event in stream.events]
        await expect(desk.testid("lost")).to_be_visible()
        exchange.ends(*ended_unseen)
        await site.hub.start()

        await expect(desk.testid("lost")).to_have_count(0, timeout=20_000)
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        await expect(desk.testid("pop-tab")).to_have_count(0)
        (taken_over,) = await site.api.calls()
        assert ring.id == taken_over.id
        async with site.api.events(after=None, last_id=seen[-1]) as resumed:
            cleared = await resumed.until(talk.id, CLEARED)
            assert (Cause.UNKNOWN, Outcome.ANSWERED) == (cleared.cause, cleared.call.outcome)
            exchange.answer(*ringing)
            await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
            exchange.ends(*ringing)
            await resumed.until(ring.id, CLEARED)
            assert [ESTABLISHED, CLEARED] == resumed.kinds(ring.id)
            assert set(seen).isdisjoint(event.id for event in resumed.events)
        await expect(desk.testid("pop")).to_have_count(0)

        journal = await whole_journal(simulated, CLEARED, ring.id)
        assert seen == [event.id for event in journal.events][: len(seen)]
        for call_id in (talk.id, ring.id):
            kinds = Counter(journal.kinds(call_id))
            assert (1, 1, 1) == (kinds[DELIVERED], kinds[ESTABLISHED], kinds[CLEARED])
        assert {talk.id, ring.id} == {entry.call.id for entry in await site.api.call_log()}


async def play(simulated: SimulatedSite, chance: random.Random, going: list[Going]) -> None:
    """Let something happen: a new call rings, one that rings is answered or given up, one that talks ends."""
    exchange = simulated.exchange
    if len(going) < 12:
        going.append(("rings", *simulated.rings(MARIA.number, chance.choice(list(DEVICES)))))
        return
    state, caller, phone = going.pop(chance.randrange(len(going)))
    if state == "talks":
        exchange.ends(caller, phone)
    elif chance.random() < 0.3:
        exchange.gives_up(caller)
    else:
        exchange.answer(caller, phone)
        going.append(("talks", caller, phone))


async def test_nothing_told_is_lost_by_kills_at_any_moment(tmp_path: Path, shared_browser: Browser) -> None:
    """Killed three times while many calls go on: all that was streamed is journaled, and each call ends just once."""
    chance = random.Random(2608)  # noqa: S311 - the same calls each time
    seen: list[str] = []
    going: list[Going] = []
    async with simulated_site(tmp_path, shared_browser, users=(), sections={"connectors": {}}) as simulated:
        site = simulated.site
        for _ in range(3):
            async with site.api.events(after=None, last_id=seen[-1] if seen else None) as stream:
                before = len(stream.events)
                for _ in range(60):
                    await play(simulated, chance, going)
                    await asyncio.sleep(0.002)
                await eventually(lambda: len(stream.events) > before + 20, "events on the stream")  # noqa: B023 - awaited in its round
                for _ in range(chance.randrange(30)):
                    await play(simulated, chance, going)
                site.hub.kill()
                seen += [event.id for event in stream.events]
            for _ in range(20):
                await play(simulated, chance, going)
            await site.hub.start()
        for state, caller, phone in going:
            if state == "rings":
                simulated.exchange.gives_up(caller)
            else:
                simulated.exchange.ends(caller, phone)
        await site.no_live_call()
        async with site.api.events(after=0) as stream:

            def all_is_over() -> bool:
                calls = {event.subject for event in stream.events if event.type.startswith("cti.call.")}
                over = [event.subject for event in stream.events if event.type == "cti.call.cleared"]
                return calls == set(over) and set(seen) <= {event.id for event in stream.events}

            await eventually(all_is_over, "all that was told, and an end of every call")
            stored = [event.id for event in stream.events]
            assert len(stored) == len(set(stored))
            assert [one for one in stored if one in set(seen)] == seen
            assert {1} == set(
                Counter(event.subject for event in stream.events if event.type == "cti.call.cleared").values()
            )
            rung = Counter(
                event.data.connection.id
                for event in stream.events
                if isinstance(event.data, CallEvent) and event.data.kind is DELIVERED and event.data.connection
            )
            assert {1} == set(rung.values())
