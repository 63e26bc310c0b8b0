"""`python -m tests.bench.large`: a page of a timeline and a search by number among 1,000,000 customers.

Makes a store with that many customers and ten times as many contacts, in a temporary folder (in `CTIHUB_BENCH_DIR` if
that is set) which is removed afterwards. `CTIHUB_LARGE_CUSTOMERS` says how many customers; with
`CTIHUB_LARGE_STORE=postgresql` the store is a server that is started for it, filled from such a file by COPY.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from hub.domain.interaction import Channel, TimelinePage
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from tests.bench.__main__ import machine
from tests.bench.large_places import FILE_BYTES, SERVER_BYTES, Place, place_in
from tests.bench.large_store import EACH, HEAVY, SWITCHBOARDS, Population, number, reference, switchboard
from tests.bench.result import Target, report

CUSTOMERS: Final = 1_000_000
SAMPLES: Final = 1_000
COLD_SAMPLES: Final = 300
PAGE: Final = 50
DEPTH: Final = 5
"""Pages before the deep one."""
LIMIT_MS: Final = 10.0

Question = Callable[[], Awaitable[object]]


class Asker:
    """Asks as the desk does, about customers whom nobody asked for before; `places` are far down in timelines."""

    def __init__(self, customers: int, places: Sequence[str], *, seed: int) -> None:
        self._customers = customers
        self._places = places
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def questions(self, journal: Journal) -> dict[str, Question]:
        def page_of(keys: Callable[[], Sequence[str]], **of_page: Any) -> Question:
            async def ask() -> object:
                return await journal.timeline(keys(), **{"limit": PAGE, **of_page})

            return ask

        async def deep() -> object:
            """Ask from a place within: reading the pages before it is not what is measured."""
            place = self._random.choice(self._places)
            return await journal.timeline(self._somebody_heavy(), before=place, limit=PAGE)

        async def search() -> object:
            return await journal.customers.search(number(self._random.randrange(self._customers)), region="DE")

        return {
            "pop of 10": page_of(self._anybody, limit=10),
            "first page": page_of(self._anybody),
            "deep page": deep,
            "first page of a rare channel": page_of(self._somebody_heavy, channels=(Channel.BRANCH,)),
            "first page of a switchboard": page_of(self._a_switchboard),
            "search by phone": search,
        }

    def _anybody(self) -> Sequence[str]:
        return reference(int(self._customers * self._random.random() ** 2)).keys()

    def _somebody_heavy(self) -> Sequence[str]:
        return reference(self._random.randrange(HEAVY)).keys()

    def _a_switchboard(self) -> Sequence[str]:
        return (f"tel:{switchboard(self._random.randrange(SWITCHBOARDS))}",)


async def _places(place: StorePlace) -> Sequence[str]:
    """Find a place far down in the timeline of each of those with the most contacts."""
    journal = await Journal.open(place)
    found: list[str] = []
    for heavy in range(HEAVY):
        page = TimelinePage(next="")
        for _ in range(DEPTH):
            page = await journal.timeline(reference(heavy).keys(), before=page.next, limit=PAGE)
        found.append(page.next)
    await journal.close()
    return found


class _Took(NamedTuple):
    """What questions of one kind took: milliseconds each, in order, and milliseconds of processor on average."""

    each: Sequence[float]
    hub_cpu: float
    server_cpu: float

    def figures(self) -> dict[str, float]:
        return {
            "p50_ms": round(self.each[len(self.each) // 2], 2),
            "p99_ms": round(self.each[len(self.each) * 99 // 100], 2),
            "worst_ms": round(self.each[-1], 2),
            "hub_cpu_ms": round(self.hub_cpu, 2),
            "server_cpu_ms": round(self.server_cpu, 2),
        }


async def _took(question: Question, samples: int, store: Place) -> _Took:
    taken: list[float] = []
    hub, server = time.process_time(), store.cpu_s()
    for _ in range(samples):
        started = time.perf_counter()
        await question()
        taken.append((time.perf_counter() - started) * 1_000)
    hub, server = time.process_time() - hub, store.cpu_s() - server
    return _Took(sorted(taken), hub * 1_000 / samples, server * 1_000 / samples)


async def _ask(store: Place, asker: Asker, samples: int) -> dict[str, dict[str, float]]:
    journal = await Journal.open(store.place)
    try:
        questions = asker.questions(journal)
        return {name: (await _took(question, samples, store)).figures() for name, question in questions.items()}
    finally:
        await journal.close()


def measure(store: Place, customers: int, *, samples: int, cold_samples: int) -> dict[str, Any]:
    """Fill the store, then ask about anybody: first with nothing of it in memory, then with what there is room for."""
    started = time.perf_counter()
    events = store.fill(Population(customers).events())
    filled_s = time.perf_counter() - started
    _say(f"{events:,} events in {filled_s:,.0f} s")
    asker = Asker(customers, asyncio.run(_places(store.place)), seed=1)
    store.forget()
    cold = asyncio.run(_ask(store, asker, cold_samples))
    store.read_through()
    warm = asyncio.run(_ask(store, asker, samples))
    targets = [
        Target(what=f"{name}, p99 in ms", value=figures["p99_ms"], rule="under", limit=LIMIT_MS)
        for name, figures in warm.items()
    ]
    return report(
        {
            "customers": customers,
            "contacts": customers * EACH,
            "events_per_s": round(events / filled_s),
            "store_gb": round(store.bytes() / 1e9, 2),
            "from_the_disk": cold,
            "from_memory": warm,
        },
        *targets,
    )


def main() -> int:
    """Print the figures as JSON; the exit status is 1 where they miss the target, 2 where there is no room."""
    customers = int(os.environ.get("CTIHUB_LARGE_CUSTOMERS", CUSTOMERS))
    on_a_server = os.environ.get("CTIHUB_LARGE_STORE") == "postgresql"
    needed = customers * (EACH + 1) * (FILE_BYTES + (SERVER_BYTES if on_a_server else 0))
    with tempfile.TemporaryDirectory(dir=os.environ.get("CTIHUB_BENCH_DIR"), prefix="ctihub-large-") as folder:
        free = shutil.disk_usage(folder).free
        _say(f"{customers:,} customers take about {needed / 1e9:.1f} GB in {folder}; {free / 1e9:.1f} GB are free")
        if free < needed * 1.2:
            _say("too little: name a folder with more in CTIHUB_BENCH_DIR, or fewer in CTIHUB_LARGE_CUSTOMERS")
            return 2
        with place_in(Path(folder), on_a_server=on_a_server) as store:
            result = measure(store, customers, samples=SAMPLES, cold_samples=COLD_SAMPLES)
    print(json.dumps({"machine": machine(), "benches": {"large": result}, "met": result["met"]}, indent=2))
    return 0 if result["met"] else 1


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
