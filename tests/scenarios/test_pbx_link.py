"""The link against a real Asterisk: steps as they happen, truth after attaching, cutting and killing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.domain.call import Direction
from hub.telephony.check import check
from hub.telephony.link import ami_settings
from tests.scenarios.pbx_watcher import Watcher, section
from tests.servers.asterisk import Asterisk
from tests.servers.record import SALES, SUPPORT
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob"}
TRUNKS = ("PJSIP/trunk",)


@pytest.fixture
async def watcher(asterisk: Asterisk) -> AsyncIterator[Watcher]:
    """Run a link that is in step."""
    running = Watcher(asterisk, AGENTS, TRUNKS)
    await running.start()
    yield running
    await running.link.stop()


async def test_a_queue_call_is_told_as_it_happens(asterisk: Asterisk, watcher: Watcher) -> None:
    """Waiting, ringing, talking, over: each told while it is so."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998201", name="Max Muster", to=SUPPORT)
        ringing = await phone.rings()
        await watcher.tells("delivered alice")
        [call] = watcher.link.live_calls()
        assert (Direction.INBOUND, "+498999998201", "Max Muster", "support") == (
            call.direction,
            call.caller.e164,
            call.caller_name,
            call.queue,
        )
        await ringing.answer()
        await watcher.tells("established alice")
        await caller.hang_up()
        await watcher.tells("cleared answered normal_clearing")
    assert [
        "queued PJSIP/trunk",
        "delivered alice",
        "established alice",
        "cleared answered normal_clearing",
    ] == watcher.table
    assert [] == list(watcher.link.live_calls())


async def test_ring_all_tells_the_loser(asterisk: Asterisk, watcher: Watcher) -> None:
    """Both ring, one answers, the other's ringing was answered elsewhere."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1002") as other, Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998202", to=SALES)
        await phone.rings()
        ringing = await other.rings()
        await ringing.answer()
        await watcher.tells("established bob")
        await caller.hang_up()
        await watcher.tells("cleared answered normal_clearing")
    assert {"delivered alice", "delivered bob", "diverted alice answered_elsewhere"} < set(watcher.table)


async def test_attaching_while_it_rings_finds_the_call(asterisk: Asterisk, watcher: Watcher) -> None:
    """A hub that comes up in the middle sees the same call, under the same id, to the same end."""
    async with Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("+498999998203", to=SUPPORT)
        ringing = await phone.rings()
        await watcher.tells("delivered alice")
        late = Watcher(asterisk, AGENTS, TRUNKS)
        await late.start()
        try:
            await late.tells("delivered alice")
            [here], [there] = watcher.link.live_calls(), late.link.live_calls()
            assert (here.id, here.caller, here.queue) == (there.id, there.caller, there.queue)
            assert there.partial
            await ringing.answer()
            await late.tells("established alice")
            await caller.hang_up()
            await late.tells("cleared answered normal_clearing")
            assert [
                "queued PJSIP/trunk",
                "delivered alice",
                "established alice",
                "cleared answered normal_clearing",
            ] == late.table
        finally:
            await late.link.stop()


async def test_calls_of_a_killed_asterisk_end_unknown(fresh_asterisk: Asterisk) -> None:
    """After Asterisk was killed and is back, the call it had is over, told once, and new calls are told."""
    watcher = Watcher(fresh_asterisk, AGENTS, TRUNKS)
    await watcher.start()
    try:
        async with Phone(fresh_asterisk, "1001") as phone, Trunk(fresh_asterisk) as trunk:
            await trunk.call("+498999998204", to=SUPPORT)
            await (await phone.rings()).answer()
            await watcher.tells("established alice")
            await asyncio.to_thread(fresh_asterisk.kill)
            await eventually(lambda: not watcher.link.status().connected, within=10)
            assert 1 == len(watcher.link.live_calls())
        await asyncio.to_thread(fresh_asterisk.start)
        await watcher.tells("cleared answered unknown")
        assert 1 == sum(line.startswith("cleared") for line in watcher.table)
        # Told again once it has booted, where it was met before.
        told = [status.connected for status in watcher.statuses]
        assert told in ([True, False, True], [True, False, True, True])
    finally:
        await watcher.link.stop()


async def test_check_describes_it(asterisk: Asterisk) -> None:
    """`ctihub check` names version, queues and endpoints, with the rights that the project's manager.conf gives."""
    found = await check(ami_settings("main", section(asterisk, TRUNKS)))
    assert found.startswith("Asterisk ")
    assert found.endswith(", 3 queues, 5 endpoints")
