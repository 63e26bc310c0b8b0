"""What each further connected agent costs the hub in memory: waiting, and with a call on the screen."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

from tests.bench.call_load import CallLoad, Pace
from tests.bench.result import Target, report
from tests.bench.site import BenchSite, callers

FEW = 100
MANY = 500
KIB_PER_AGENT = 40.0
SETTLING_S = 1.0
CUSTOMERS = 100
PACE = Pace()


def proportional_kib(pid: int) -> int:
    """Return a process's memory (PSS: what it has alone, and its share of what it shares) in KiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/{pid}/smaps_rollup tells no Pss")


async def _settled_kib(site: BenchSite, settling_s: float) -> int:
    await asyncio.sleep(settling_s)
    return proportional_kib(site.hub_pid)


async def measure(
    few: int = FEW, many: int = MANY, *, customers: int = CUSTOMERS, settling_s: float = SETTLING_S, pace: Pace = PACE
) -> dict[str, Any]:
    """Connect `few` agents, then `many`; let a call ring at each of the few, then at all."""
    known = callers(customers)
    async with BenchSite(agents=many, known=known, cache_s=3600) as site:
        started = await _settled_kib(site, settling_s)
        first, further = site.agents[:few], site.agents[few:]
        pages = await site.open_pages(first)
        few_waiting = await _settled_kib(site, settling_s)
        pages |= await site.open_pages(further)
        many_waiting = await _settled_kib(site, settling_s)
        load = CallLoad(site, pages, pace)
        await load.warm(known)
        warmed = await _settled_kib(site, settling_s)
        await load.ring_each_once(known, first)
        few_ringing = await _settled_kib(site, settling_s)
        await load.ring_each_once(known, further)
        await load.all_shown()
        many_ringing = await _settled_kib(site, settling_s)
    waiting = (many_waiting - few_waiting) / (many - few)
    ringing = waiting + (many_ringing - few_ringing) / (many - few)
    steps = ("started", "few_waiting", "many_waiting", "callers_looked_up", "few_ringing", "many_ringing")
    sizes = (started, few_waiting, many_waiting, warmed, few_ringing, many_ringing)
    return report(
        {
            "agents": {"few": few, "many": many},
            "kib_per_agent_waiting": round(waiting, 1),
            "kib_per_agent_with_a_call": round(ringing, 1),
            "pss_kib": dict(zip(steps, sizes, strict=True)),
            "growth_kib": dict(zip(steps[1:], (b - a for a, b in itertools.pairwise(sizes)), strict=True)),
        },
        Target(what="KiB for each further connected agent", value=round(waiting, 1), rule="under", limit=KIB_PER_AGENT),
        Target(
            what="KiB for each further connected agent with a call on the screen",
            value=round(ringing, 1),
            rule="under",
            limit=KIB_PER_AGENT,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
