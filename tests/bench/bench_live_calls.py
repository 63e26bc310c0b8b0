"""What one event costs the tracker while 10,000 calls are live, against while 10 are.

The live calls have come to the talk. Then further calls come and go whole, and live ones picked at random are held
and retrieved: both kinds of events are taken in turns. Measured is CPU time, the collector's included, as the hub
runs it: what was there at the start is frozen, what comes while it runs is not.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.collector import spare_collector
from hub.domain.call import CallEvent
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.wire import AmiParser
from hub.telephony.tracker import CallTracker
from hub.telephony.tracker.recordings import FILE_VARIABLE
from tests.bench.recorded_calls import RecordedCall
from tests.bench.result import Target, report, spread

FEW = 10
MANY = 10_000
CALLS = 300
ROUNDS = 15
AT_MOST = 1.3
_SEED = 31
_TALKING_AFTER = "BridgeEnter"
_TICK = timedelta(milliseconds=1)
_AGENTS = {f"PJSIP/{number}": f"agent{number}" for number in range(1001, 1501)}


class _Pbx:
    """A tracker with that many calls that talk; `numbers` go on counting, so that no channel comes twice."""

    def __init__(self, live: int) -> None:
        self._recorded = RecordedCall.load()
        self._number = 0
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._told = 0
        self._tracker = CallTracker(
            pbx="main", region="DE", agents_by_device=_AGENTS, trunks=["PJSIP/trunk"], on_event=self._count
        )
        self._holds = [self._talk() for _ in range(live)]
        self._dice = random.Random(_SEED)  # noqa: S311 - picks calls, guards nothing

    def _count(self, _event: CallEvent) -> None:
        self._told += 1

    def _next_call(self) -> list[AmiEvent]:
        self._number += 1
        parser = AmiParser(self._tracker.wanted_events, variables=(FILE_VARIABLE,))
        events, _ = parser.feed(b"Asterisk Call Manager/11.0.0\r\n" + self._recorded.copy(self._number))
        return events

    def _talk(self) -> tuple[AmiEvent, AmiEvent]:
        """Bring a further call to its talk; return what puts its agent on hold, and what retrieves."""
        events = self._next_call()
        last = max(number for number, event in enumerate(events) if event.name == _TALKING_AFTER)
        self._feed(events[: last + 1])
        agent = next(event for event in events if event.get("Channel").startswith("PJSIP/1001"))
        about = {"Channel": agent.get("Channel"), "Uniqueid": agent.get("Uniqueid"), "ChannelState": "6"}
        return (
            AmiEvent.from_mapping({"Event": "Hold", **about}),
            AmiEvent.from_mapping({"Event": "Unhold", **about}),
        )

    def _feed(self, events: list[AmiEvent]) -> None:
        for event in events:
            self._now += _TICK
            self._tracker.feed(event, self._now)

    def prepare(self, calls: int) -> list[AmiEvent]:
        """Return the events of a round: whole calls, and as many holds of live ones, in turns."""
        events: list[AmiEvent] = []
        for _ in range(calls):
            events += self._next_call()
            events += self._dice.choice(self._holds)
        return events

    def work(self, events: list[AmiEvent]) -> float:
        """Take the events in; return the CPU seconds for each. Raises RuntimeError when nothing was told."""
        told_before = self._told
        began = time.process_time()
        self._feed(events)
        took = time.process_time() - began
        if self._told - told_before < len(events) / 10:
            raise RuntimeError(f"{len(events)} events made only {self._told - told_before} steps of calls")
        return took / len(events)

    @property
    def live(self) -> int:
        return len(self._tracker.live_calls())


_pbx: _Pbx


def _set_up(live: int) -> None:
    global _pbx  # noqa: PLW0603 - a process of its own for each size, and this is what is in it
    spare_collector()
    _pbx = _Pbx(live)


def _round(calls: int) -> float:
    return _pbx.work(_pbx.prepare(calls))


def _live() -> int:
    return _pbx.live


def measure(few: int = FEW, many: int = MANY, calls: int = CALLS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Take the same number of events in on both, in turns; return the cost of each and the ratio of the medians."""
    # Each in a process of its own: the collector goes through what is there, and must not find the other's calls.
    new_process = multiprocessing.get_context("spawn")
    cost: dict[int, list[float]] = {few: [], many: []}
    with ExitStack() as stack:
        processes = {
            live: stack.enter_context(
                ProcessPoolExecutor(1, mp_context=new_process, initializer=_set_up, initargs=(live,))
            )
            for live in (few, many)
        }
        for _ in range(rounds):
            for live, process in processes.items():
                cost[live].append(process.submit(_round, calls).result())
        live_at_the_end = [process.submit(_live).result() for process in processes.values()]
    if live_at_the_end != [few, many]:
        raise RuntimeError(f"{live_at_the_end} calls are live, not {few} and {many}")
    median = {live: statistics.median(values) for live, values in cost.items()}
    ratio = round(median[many] / median[few], 2)
    return report(
        {
            "ratio": ratio,
            "microseconds_per_event": {
                str(live): spread([value * 1e6 for value in values], 2) for live, values in cost.items()
            },
            "calls_each_round": calls,
            "rounds": rounds,
        },
        Target(
            what=f"an event's cost at {many} live calls, times that at {few}",
            value=ratio,
            rule="at most",
            limit=AT_MOST,
        ),
    )


def main() -> dict[str, Any]:
    """Measure at full size."""
    return measure()
