"""Another site's dialplan, queues and names on a real Asterisk: what happened is what is told, whoever wrote them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.pbx_watcher import Watcher
from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_configuration import OTHER_SITE
from tests.servers.other_site_calls import CALLER, OTHER_SITE_SCENARIOS
from tests.servers.requirements import place_of, require
from tests.servers.sipp import Phone, Trunk
from tests.servers.stage import Stage
from tests.unit.telephony.tracker.test_traces import TOLD
from tests.waiting import eventually

if TYPE_CHECKING:
    from hub.domain.call import CallEvent

AGENTS = {"PJSIP/alice-desk.1": "alice", "PJSIP/Bob_B": "bob", "PJSIP/CHEN-2": "chen"}
ANSWERED = "cleared answered normal_clearing"
SECOND_CARRIER = "127.0.0.3"

TOLD_LIVE = {name: TOLD[name] for name in OTHER_SITE_SCENARIOS if name in TOLD} | {
    "other-overflow-and-survey": [
        "queued PJSIP/trunk-1",
        "queued PJSIP/trunk-1",
        "delivered alice",
        "established alice",
        "connection_cleared alice normal_clearing",
        ANSWERED,
    ],
    "other-two-callers": [
        "queued PJSIP/trunk-1",
        "delivered alice",
        "established alice",
        "2: queued PJSIP/trunk-1",
        ANSWERED,
        "2: delivered alice",
        "2: diverted alice call_cancelled",
        "2: cleared abandoned call_cancelled",
    ],
}


class LiveStage(Stage):
    """A stage where nothing is recorded: a link watches instead."""

    async def begin(self) -> None:
        """Switch the trunk on."""
        self.trunk = await self._stack.enter_async_context(Trunk(self._asterisk))


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


def _kind(line: str) -> str:
    return line.partition(" ")[0]


@pytest.mark.parametrize("name", OTHER_SITE_SCENARIOS)
async def test_what_happened_is_told(name: str, other_site: Asterisk, watcher: Watcher) -> None:
    """Each step once, the first and the last at their places; phones that ring together may do so in any order."""
    expected = TOLD_LIVE[name]
    async with AsyncExitStack() as stack:
        await OTHER_SITE_SCENARIOS[name](LiveStage(other_site, stack))
        await eventually(lambda: not watcher.link.live_calls(), f"no live call; {watcher.table}")
    assert sorted(expected) == sorted(watcher.table)
    assert (_kind(expected[0]), expected[-1]) == (_kind(watcher.table[0]), watcher.table[-1])
    assert {(CALLER, "inbound")} <= {(step.call.caller.e164, step.call.direction) for step in watcher.steps}


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
