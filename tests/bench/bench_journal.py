"""Events a second into the journal: with group commit, and with one commit for each event."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

from hub.domain.call import CallEventKind
from hub.domain.event import Event
from hub.journal.journal import Journal
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


async def _grouped(path: Path) -> float:
    journal = await Journal.open(path)
    events = _calls(GROUPED_EVENTS)
    started = time.perf_counter()
    for event in events[:-1]:
        journal.publish(event)
    await journal.append(events[-1])
    took = time.perf_counter() - started
    await journal.close()
    return len(events) / took


async def _one_by_one(path: Path) -> float:
    journal = await Journal.open(path)
    events = _calls(SINGLE_EVENTS)
    started = time.perf_counter()
    for event in events:
        await journal.append(event)
    took = time.perf_counter() - started
    await journal.close()
    return len(events) / took


def main() -> dict[str, float]:
    """Return events per second both ways, and how many times faster group commit is."""
    with tempfile.TemporaryDirectory() as folder:
        grouped = asyncio.run(_grouped(Path(folder) / "grouped.db"))
        single = asyncio.run(_one_by_one(Path(folder) / "single.db"))
    return {
        "journal_events_per_s_group_commit": round(grouped),
        "journal_events_per_s_commit_each": round(single),
        "journal_group_commit_ratio": round(grouped / single, 2),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
