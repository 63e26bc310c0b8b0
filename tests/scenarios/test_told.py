"""Every scenario played on a real Asterisk while a link watches: what is told is what traces/NAME.txt says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.scenarios.pbx_watcher import Watcher
from tests.scenarios.truth import AGENTS, same_but_for_ties, told, truth_of
from tests.servers.ami import RawManager
from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_configuration import OTHER_SITE, Site
from tests.servers.record import QUEUE_RING_SECONDS, SITES
from tests.servers.requirements import place_of, require
from tests.servers.sipp import Trunk
from tests.servers.stage import Scenario, Stage
from tests.waiting import eventually


class LiveStage(Stage):
    """A stage where nothing is recorded: a link watches instead."""

    async def begin(self) -> None:
        """Switch the trunk on."""
        self.trunk = await self._stack.enter_async_context(Trunk(self._asterisk))
        # For scenarios that wait until Asterisk has heard something.
        self.manager = await self._stack.enter_async_context(RawManager.monitor(self._asterisk))


@pytest.fixture(scope="module")
def pbx_of() -> Iterator[Callable[[Site | None], Asterisk]]:
    """Give each site an Asterisk when it is first asked for."""
    require("sipp", "baresip")
    running: dict[Site | None, Asterisk] = {}

    def pbx_of(site: Site | None) -> Asterisk:
        if site not in running:
            running[site] = Asterisk(Path(place_of("asterisk")), queue_ring_seconds=QUEUE_RING_SECONDS, site=site)
            running[site].start()
        return running[site]

    try:
        yield pbx_of
    finally:
        for asterisk in running.values():
            asterisk.remove()


CASES = [
    pytest.param(site, name, scenario, id=name) for site, scenarios in SITES for name, scenario in scenarios.items()
]


@pytest.mark.parametrize(("site", "name", "scenario"), CASES)
async def test_what_happened_is_told(
    site: Site | None, name: str, scenario: Scenario, pbx_of: Callable[[Site | None], Asterisk]
) -> None:
    """Each step once and in order; phones that ring together may do so in any order. No call is left."""
    asterisk = pbx_of(site)
    # One site is told in the smallest configuration, which names no trunk.
    watcher = Watcher(asterisk, AGENTS, trunks=() if site is OTHER_SITE else ("PJSIP/trunk",))
    await watcher.start()
    try:
        async with AsyncExitStack() as stack:
            await scenario(LiveStage(asterisk, stack))
            await eventually(lambda: not watcher.link.live_calls(), f"no live call; {told(watcher.steps)}")
        expected, actual = truth_of(name).told, told(watcher.steps)
        assert same_but_for_ties(expected, actual), f"to be told:\n{expected}\nwas told:\n{actual}"
    finally:
        await watcher.link.stop()
        await asyncio.to_thread(asterisk.end_calls)
