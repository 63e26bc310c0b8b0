"""`python -m tests.bench.large`: a page of a timeline and a search by number among 1,000,000 customers.

Makes a store with that many customers and ten times as many contacts, in a temporary folder (in `CTIHUB_BENCH_DIR` if
that is set) which is removed afterwards. `CTIHUB_LARGE_CUSTOMERS` says how many customers, `CTIHUB_LARGE_STORE` as
`postgresql` that the store is a server that is started for it.
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
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hub.domain.interaction import Channel, TimelinePage
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from tests.bench.__main__ import machine
from tests.bench.large_store import EACH, HEAVY, SWITCHBOARDS, Population, fill, number, reference, switchboard
from tests.bench.result import Target, report
from tests.servers.postgresql import PostgreSQL, installed_programs

CUSTOMERS: Final = 1_000_000
BYTES_EACH: Final = 1_600
"""What a contact takes on the disk, with all that it is found by."""
SAMPLES: Final = 1_000
COLD_SAMPLES: Final = 300
PAGE: Final = 50
DEPTH: Final = 5
"""Pages before the deep one."""
LIMIT_MS: Final = 10.0

Question = Callable[[], Awaitable[object]]


class _Asker:
    """Asks as the desk does, about customers whom nobody asked for before."""

    def __init__(self, journal: Journal, customers: int, *, seed: int) -> None:
        self._journal = journal
        self._customers = customers
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def questions(self) -> dict[str, Question]:
        return {
            "pop of 10": self._pop,
            "first page": self._first,
            "deep page": self._deep,
            "first page of a rare channel": self._rare,
            "first page of a switchboard": self._switchboard,
            "search by phone": self._search,
        }

    def _anybody(self) -> Sequence[str]:
        return reference(int(self._customers * self._random.random() ** 2)).keys()

    def _somebody_heavy(self) -> Sequence[str]:
        return reference(self._random.randrange(HEAVY)).keys()

    async def _pop(self) -> object:
        return await self._journal.timeline(self._anybody(), limit=10)

    async def _first(self) -> object:
        return await self._journal.timeline(self._anybody(), limit=PAGE)

    async def _deep(self) -> object:
        """Ask from a place within: reading the pages before it is not what is measured."""
        return await self._journal.timeline(self._somebody_heavy(), before=self._random.choice(self.places), limit=PAGE)

    async def _rare(self) -> object:
        return await self._journal.timeline(self._somebody_heavy(), channels=(Channel.BRANCH,), limit=PAGE)

    async def _switchboard(self) -> object:
        keys = (f"tel:{switchboard(self._random.randrange(SWITCHBOARDS))}",)
        return await self._journal.timeline(keys, limit=PAGE)

    async def _search(self) -> object:
        return await self._journal.customers.search(number(self._random.randrange(self._customers)), region="DE")

    async def prepare(self) -> None:
        """Find places deep within timelines."""
        self.places: list[str] = []
        for heavy in range(HEAVY):
            page = TimelinePage(next="")
            for _ in range(DEPTH):
                page = await self._journal.timeline(reference(heavy).keys(), before=page.next, limit=PAGE)
            self.places.append(page.next)


async def _times(question: Question, samples: int) -> list[float]:
    """Return how many milliseconds each took, in order."""
    taken: list[float] = []
    for _ in range(samples):
        started = time.perf_counter()
        await question()
        taken.append((time.perf_counter() - started) * 1_000)
    return sorted(taken)


def _spread(taken: Sequence[float]) -> dict[str, float]:
    return {
        "p50_ms": round(taken[len(taken) // 2], 2),
        "p99_ms": round(taken[len(taken) * 99 // 100], 2),
        "worst_ms": round(taken[-1], 2),
    }


async def _ask(place: StorePlace, customers: int, samples: int, *, seed: int, forget: Callable[[], None]) -> Any:
    journal = await Journal.open(place)
    asker = _Asker(journal, customers, seed=seed)
    await asker.prepare()
    forget()
    try:
        return {name: _spread(await _times(question, samples)) for name, question in asker.questions().items()}
    finally:
        await journal.close()


def _forget(place: StorePlace) -> None:
    """Have the system give up what it holds of the file in memory; of a server's nothing."""
    os.sync()
    if not isinstance(place, Path):
        return
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _read_through(place: StorePlace) -> None:
    """Have the system hold the file in memory as far as there is room, as after some days of work."""
    if not isinstance(place, Path):
        return
    with place.open("rb") as file:
        while file.read(8 * 1024 * 1024):
            pass


def measure(place: StorePlace, customers: int, *, samples: int, cold_samples: int) -> dict[str, Any]:
    """Fill the store, then ask about anybody: first with nothing of it in memory, then with what there is room for."""
    started = time.perf_counter()
    events = fill(place, Population(customers).events())
    filled_s = time.perf_counter() - started
    _say(f"{events:,} events in {filled_s:,.0f} s")
    cold = asyncio.run(_ask(place, customers, cold_samples, seed=1, forget=lambda: _forget(place)))
    warm = asyncio.run(_ask(place, customers, samples, seed=2, forget=lambda: _read_through(place)))
    size = place.stat().st_size if isinstance(place, Path) else 0
    targets = [
        Target(what=f"{name}, p99 in ms", value=figures["p99_ms"], rule="under", limit=LIMIT_MS)
        for name, figures in warm.items()
    ]
    return report(
        {
            "customers": customers,
            "contacts": customers * EACH,
            "events_per_s": round(events / filled_s),
            "store_gb": round(size / 1e9, 2),
            "from_the_disk": cold,
            "from_memory": warm,
        },
        *targets,
    )


@contextmanager
def _place(folder: Path) -> Iterator[StorePlace]:
    if os.environ.get("CTIHUB_LARGE_STORE") != "postgresql":
        yield folder / "large.db"
        return
    programs = installed_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed")
    server = PostgreSQL(programs, settings={"fsync": "on", "shared_buffers": "1GB"})
    try:
        server.start()
        yield server.place(asyncio.run(server.make_database()))
    finally:
        server.remove()


def main() -> int:
    """Print the figures as JSON; the exit status is 1 where they miss the target, 2 where there is no room."""
    customers = int(os.environ.get("CTIHUB_LARGE_CUSTOMERS", CUSTOMERS))
    needed = customers * (EACH + 1) * BYTES_EACH
    with tempfile.TemporaryDirectory(dir=os.environ.get("CTIHUB_BENCH_DIR"), prefix="ctihub-large-") as folder:
        free = shutil.disk_usage(folder).free
        _say(f"{customers:,} customers take about {needed / 1e9:.1f} GB in {folder}; {free / 1e9:.1f} GB are free")
        if free < needed * 1.2:
            _say("too little: name a folder with more in CTIHUB_BENCH_DIR, or fewer in CTIHUB_LARGE_CUSTOMERS")
            return 2
        with _place(Path(folder)) as place:
            result = measure(place, customers, samples=SAMPLES, cold_samples=COLD_SAMPLES)
    print(json.dumps({"machine": machine(), "benches": {"large": result}, "met": result["met"]}, indent=2))
    return 0 if result["met"] else 1


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
