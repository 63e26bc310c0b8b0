"""The bench of the large store at the smallest size: it runs, and its store is as the hub makes one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.journal.journal import Journal
from tests.bench import large
from tests.bench.large_store import EACH, Population, fill

CUSTOMERS = 60


def contents(path: Path) -> dict[str, Sequence[tuple[Any, ...]]]:
    """Return every row of every table, but for when the store was opened."""
    database = sqlite3.connect(path)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    found: dict[str, Sequence[tuple[Any, ...]]] = {
        name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables
    }
    database.close()
    return found


async def test_the_large_store_is_as_the_hub_makes_one(tmp_path: Path) -> None:
    """The same events, handed to a journal that runs, leave the same rows in every table."""
    events = list(Population(CUSTOMERS, datetime(2026, 3, 1, tzinfo=UTC)).events())
    assert CUSTOMERS * (EACH + 1) == fill(tmp_path / "large.db", events)
    journal = await Journal.open(tmp_path / "hub.db")
    await journal.append_all(events)
    await journal.close()
    made, expected = contents(tmp_path / "large.db"), contents(tmp_path / "hub.db")
    assert expected.keys() == made.keys()
    assert [] == [name for name in expected if expected[name] != made[name]]
    assert len(expected["line_keys"]) > CUSTOMERS * EACH


def test_the_bench_runs(tmp_path: Path) -> None:
    """Each question has a target and figures for both; some customers have pages to turn."""
    result = large.measure(tmp_path / "large.db", CUSTOMERS, samples=3, cold_samples=2)
    assert isinstance(json.loads(json.dumps(result))["met"], bool)
    figures = result["figures"]
    assert (CUSTOMERS * EACH, 6, 6) == (figures["contacts"], len(result["targets"]), len(figures["from_the_disk"]))
    assert figures["from_the_disk"].keys() == figures["from_memory"].keys()
