"""The bench of the large store at the smallest size: it runs, and its store is as the hub makes one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.journal.journal import Journal
from tests.bench import large
from tests.bench.large_copy import copy
from tests.bench.large_places import place_in
from tests.bench.large_store import EACH, Population, fill
from tests.servers.postgresql import PostgreSQL

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


async def test_what_is_copied_into_a_database_is_all_there(tmp_path: Path, postgresql: PostgreSQL) -> None:
    """The same rows in every table, with the keys and indexes that the hub makes."""
    copied, made = await postgresql.make_database(), await postgresql.make_database()
    fill(tmp_path / "large.db", Population(CUSTOMERS).events())
    await asyncio.to_thread(copy, tmp_path / "large.db", postgresql.place(copied))
    await (await Journal.open(postgresql.place(made))).close()
    by_name = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'ctihub' ORDER BY indexname"
    assert await postgresql.rows(made, by_name) == await postgresql.rows(copied, by_name)
    expected = contents(tmp_path / "large.db")
    for table, rows in expected.items():
        found = await postgresql.rows(copied, f"SELECT * FROM ctihub.{table}")
        assert (table, rows) == (table, sorted((tuple(row.values()) for row in found), key=repr))


@pytest.mark.parametrize("on_a_server", [False, True])
def test_the_bench_runs(on_a_server: bool) -> None:
    """Each question has a target and figures for both; some customers have pages to turn."""
    # A server's user may not pass through the folder that pytest gives.
    with tempfile.TemporaryDirectory() as folder, place_in(Path(folder), on_a_server=on_a_server) as store:
        result = large.measure(store, CUSTOMERS, samples=3, cold_samples=2)
    assert isinstance(json.loads(json.dumps(result))["met"], bool)
    figures = result["figures"]
    assert (CUSTOMERS * EACH, 6, 6) == (figures["contacts"], len(result["targets"]), len(figures["from_the_disk"]))
    assert figures["from_the_disk"].keys() == figures["from_memory"].keys()
