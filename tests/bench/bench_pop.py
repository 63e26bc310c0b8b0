"""From the ringing on the manager socket to the pop on the agent's page, with a full house.

Measured from outside: from before the bytes of the ringing are written to after the frame was read, so both sockets'
ways and this process's own delays are in it. What the hub itself says (`ctihub_pop_seconds`) stands beside it. Where
the figures say `machine_was_busy`, other work kept the hub from a core: measure on a quiet machine or with --real-time.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.demo.people import Caller
from tests.bench.call_load import CallLoad, Pace
from tests.bench.result import Target, report
from tests.bench.site import BenchSite, callers
from tests.waiting import NotInTimeError

AGENTS = 500
SECONDS = 22
P99_MS = 20.0
BACKEND_DELAY_S = 0.3
CUSTOMERS = 100
PACE = Pace()
_CACHE_S = 3600.0
_WARMING_CALLS = 50
_BUSY = 0.03
"""Share of the time for which a hub that is ready to run waits for a core; with more, others' work is measured."""


def _percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _in_ms(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    named = {f"p{percent}": _percentile(ordered, percent) for percent in (50, 95, 99)} | {"max": ordered[-1]}
    return {name: round(value * 1000, 2) for name, value in named.items()}


def _own_histogram(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return how many pops of the run the hub itself counted within each of its bounds (in ms)."""
    prefix = 'ctihub_pop_seconds_bucket{le="'
    counted = {name: value - before.get(name, 0.0) for name, value in after.items() if name.startswith(prefix)}
    return {
        (bound if bound == "+Inf" else f"{float(bound) * 1000:g}"): count
        for bound, count in ((name.removeprefix(prefix).removesuffix('"}'), count) for name, count in counted.items())
    }


def _scheduled(pid: int) -> tuple[float, float]:
    """Return for how long, in seconds, a process's first thread has run, and has waited for a core."""
    ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
    return int(ran) / 1e9, int(waited) / 1e9


async def _check(load: CallLoad, site: BenchSite, *, cached: bool) -> None:
    """Raise RuntimeError when a pop did not come, or held another caller, or not what was cached."""
    try:
        await load.all_shown()
    except NotInTimeError as error:
        missing = [number for number, ring in enumerate(load.rings) if not ring.frame]
        raise RuntimeError(f"{error}; missing: {missing}; the hub says:\n{site.hub_warnings()}") from error
    for number, ring in enumerate(load.rings):
        wanted = ring.caller.full_name if cached else ring.caller.number
        if wanted.encode() not in ring.frame:
            raise RuntimeError(f"the pop of call {number} does not tell {wanted}: {ring.frame[:2000]!r}")


async def _run(known: list[Caller], pace: Pace, *, agents: int, calls: int, cached: bool) -> dict[str, Any]:
    async with BenchSite(agents=agents, known=known, cache_s=_CACHE_S if cached else 0) as site:
        pages = await site.open_pages(site.agents)
        warming = CallLoad(site, pages, pace)
        if cached:
            await warming.warm(known)
        await warming.play(known, min(_WARMING_CALLS, calls))
        site.backend_delay = BACKEND_DELAY_S
        asked_before = site.backend_requests
        ran_before, waited_before = _scheduled(site.hub_pid)
        own_before = await site.metrics()
        load = CallLoad(site, pages, pace)
        began = asyncio.get_running_loop().time()
        await load.play(known, calls)
        took = asyncio.get_running_loop().time() - began
        ran, waited = _scheduled(site.hub_pid)
        await _check(load, site, cached=cached)
        own_after = await site.metrics()
        return {
            "calls": calls,
            "pop_ms": _in_ms([ring.shown - ring.written for ring in load.rings]),
            "pops_within_ms_by_the_hubs_own_metric": _own_histogram(own_before, own_after),
            "backend_requests": site.backend_requests - asked_before,
            "hub_main_thread_share_of_a_core": round((ran - ran_before) / took, 3),
            "hub_main_thread_waited_for_a_core_s": round(waited - waited_before, 3),
            "machine_was_busy": waited - waited_before > _BUSY * took,
            "this_process_stalled_ms": _in_ms(load.stalls_s),
        }


async def measure(
    agents: int = AGENTS, seconds: float = SECONDS, *, customers: int = CUSTOMERS, pace: Pace = PACE
) -> dict[str, Any]:
    """Play the calls with every caller cached, then with no cache and a backend that takes its time."""
    known = callers(customers)
    calls = max(1, round(seconds * pace.calls_per_s))
    cached = await _run(known, pace, agents=agents, calls=calls, cached=True)
    uncached = await _run(known, pace, agents=agents, calls=calls, cached=False)
    return report(
        {
            "agents": agents,
            "calls_per_s": pace.calls_per_s,
            "backend_delay_ms": BACKEND_DELAY_S * 1000,
            "real_time_priority": os.sched_getscheduler(0) == os.SCHED_FIFO,
            "cached": cached,
            "uncached": uncached,
        },
        Target(
            what="ms from ringing to pop, p99, context cached",
            value=cached["pop_ms"]["p99"],
            rule="under",
            limit=P99_MS,
        ),
        Target(
            what="ms from ringing to pop, p99, nothing cached and each backend request taking 300 ms",
            value=uncached["pop_ms"]["p99"],
            rule="under",
            limit=P99_MS,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return asyncio.run(measure())
