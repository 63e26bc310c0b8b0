"""Events a second into the journal: with group commit, and with one commit for each event."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from hub.domain.call import CallEventKind
from hub.domain.event import Event
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from tests.bench.result import Target, report
from tests.servers.postgresql import PostgreSQL, installed_programs
from tests.unit.journal import samples

GROUPED_EVENTS = 20_000
SINGLE_EVENTS = 1_000
STEPS = (CallEventKind.QUEUED, CallEventKind.DELIVERED, CallEventKind.ESTABLISHED)


def _calls(events: int) -> list[Event]:
    """Make that many events of calls of four steps each, with a queue agent in them."""
    made: list[Event] = []
    for number in range(events // 4):
        call = samples.call(number, samples.agent_connection("alice", answered=True))
        made += [samples.step(call, kind) for kind in STEPS]
        made.append(samples.cleared(call))
    return made


async def _grouped(place: StorePlace, count: int) -> float:
    journal = await Journal.open(place)
    events = _calls(count)
    started = time.perf_counter()
    for event in events[:-1]:
        journal.publish(event)
    await journal.append(events[-1])
    took = time.perf_counter() - started
    await journal.close()
    return len(events) / took


async def _one_by_one(place: StorePlace, count: int) -> float:
    journal = await Journal.open(place)
    events = _calls(count)
    started = time.perf_counter()
    for event in events:
        await journal.append(event)
    took = time.perf_counter() - started
    await journal.close()
    return len(events) / took


def measure(
    grouped_events: int = GROUPED_EVENTS, single_events: int = SINGLE_EVENTS, *, on_server: bool = False
) -> dict[str, Any]:
    """Return events per second both ways, and how many times faster group commit is."""
    with tempfile.TemporaryDirectory() as folder:
        grouped = asyncio.run(_grouped(Path(folder) / "grouped.db", grouped_events))
        single = asyncio.run(_one_by_one(Path(folder) / "single.db", single_events))
    ratio = round(grouped / single, 2)
    return report(
        {
            "ratio": ratio,
            "events_per_s_group_commit": round(grouped),
            "events_per_s_commit_each": round(single),
            **({"postgresql": _in_postgresql(grouped_events, single_events)} if on_server else {}),
        },
        Target(
            what="events a second with group commit, times those with a commit each",
            value=ratio,
            rule="at least",
            limit=2,
        ),
        Target(what="events a second with group commit", value=round(grouped), rule="at least", limit=5_000),
    )


def _in_postgresql(grouped_events: int, single_events: int) -> dict[str, float] | str:
    """Return the same of a server whose commits reach the disk; in words why not where there is none."""
    programs = installed_programs()
    if programs is None:
        return "not installed"
    server = PostgreSQL(programs, settings={"fsync": "on"})
    try:
        server.start()
        grouped = asyncio.run(_grouped(server.place(asyncio.run(server.make_database())), grouped_events))
        single = asyncio.run(_one_by_one(server.place(asyncio.run(server.make_database())), single_events))
    finally:
        server.remove()
    return {
        "ratio": round(grouped / single, 2),
        "events_per_s_group_commit": round(grouped),
        "events_per_s_commit_each": round(single),
    }


def main() -> dict[str, Any]:
    """Measure at full size, PostgreSQL too."""
    return measure(on_server=True)
