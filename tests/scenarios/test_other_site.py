"""Another site's dialplan, queues and names on a real Asterisk: what happened is what is told, whoever wrote them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.pbx_watcher import Watcher
from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_configuration import OTHER_SITE
from tests.servers.other_site_calls import CALLER
from tests.servers.requirements import place_of, require
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually

if TYPE_CHECKING:
    from hub.domain.call import CallEvent

AGENTS = {"PJSIP/alice-desk.1": "alice", "PJSIP/Bob_B": "bob", "PJSIP/CHEN-2": "chen"}
ANSWERED = "cleared answered normal_clearing"
SECOND_CARRIER = "127.0.0.3"


@pytest.fixture(scope="module")
def other_site() -> Iterator[Asterisk]:
    """Asterisk with another site's configuration."""
    require("sipp")
    server = Asterisk(Path(place_of("asterisk")), site=OTHER_SITE)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
async def watcher(other_site: Asterisk) -> AsyncIterator[Watcher]:
    """Run a link that knows its agents and, as in the smallest configuration, no trunk by name."""
    watcher = Watcher(other_site, AGENTS, trunks=())
    await watcher.start()
    yield watcher
    await watcher.link.stop()
    await asyncio.to_thread(other_site.end_calls)


async def test_a_second_carrier_is_heard_too(other_site: Asterisk) -> None:
    """A trunk that the configuration does not name, whose dialplan rewrites the number, brings the same caller."""
    watcher = Watcher(other_site, AGENTS, trunks=("PJSIP/trunk-1",))
    await watcher.start()
    async with Phone(other_site, "alice-desk.1") as alice, Trunk(other_site, SECOND_CARRIER) as trunk:
        caller = await trunk.call(CALLER, to="104", name="Max")
        await alice.rings()
        await watcher.tells("delivered alice")
        step = watcher.steps[-1]
        assert (CALLER, "inbound", "PJSIP/2nd.Carrier") == (
            step.call.caller.e164,
            step.call.direction,
            step.call.connections[0].device,
        )
        assert "VIP Max" == step.call.caller_name
        await caller.hang_up()
        await watcher.tells("cleared abandoned call_cancelled")
    await watcher.link.stop()


async def test_a_reload_in_the_middle_changes_nothing(other_site: Asterisk, watcher: Watcher) -> None:
    """Queues and dialplan may be loaded anew while a phone rings."""
    async with Phone(other_site, "alice-desk.1") as alice, Trunk(other_site) as trunk:
        caller = await trunk.call(CALLER, to="113")
        ringing = await alice.rings()
        for command in ("queue reload all", "dialplan reload"):
            await asyncio.to_thread(other_site.command, command)
        await ringing.answer()
        await watcher.tells("established alice")
        await caller.hang_up()
        await watcher.tells(ANSWERED)
    assert ["queued PJSIP/trunk-1", "delivered alice", "established alice", ANSWERED] == watcher.table


async def test_many_callers_at_once_all_end_once(other_site: Asterisk, watcher: Watcher) -> None:
    """Twenty callers in a menu and three queues, none of them answered: twenty calls, each over once, none left."""
    numbers = [f"+4989999982{index:02}" for index in range(20)]
    async with Trunk(other_site) as trunk:
        callers = [
            await trunk.call(number, to=("116", "104", "100", "113")[index % 4]) for index, number in enumerate(numbers)
        ]
        await asyncio.gather(*(caller.established(20) for caller in callers))
        await eventually(lambda: 20 == len(watcher.link.live_calls()), "twenty live calls")
        await asyncio.gather(*(caller.hang_up() for caller in callers))
        await eventually(lambda: not watcher.link.live_calls(), "no live call")
    ended: list[CallEvent] = [step for step in watcher.steps if step.kind == "cleared"]
    assert numbers == sorted(str(step.call.caller.e164) for step in ended)
    assert {"abandoned"} == {str(step.call.outcome) for step in ended}
