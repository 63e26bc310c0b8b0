"""A hub killed in the midst of a file: it is begun again, its records are known, and it ends the hub not for ever."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from hub.domain.event import decode_event
from hub.domain.inbound import DeadLetter
from hub.domain.interaction import Interaction
from hub.journal.journal import Journal
from tests.faults.forked_hub import ForkedHub
from tests.faults.legacy_senders import MAPPING
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.waiting import eventually

RECORDS = 20_000


def _site(folder: Path, *, attempts: int) -> tuple[ForkedHub, Path]:
    """Return a hub without a broker, and the folder that it watches."""
    (folder / "legacy").mkdir()
    (folder / "legacy" / "order.yaml").write_text(MAPPING)
    inbox = folder / "inbox"
    inbox.mkdir()
    watch = {"path": str(inbox), "settle_s": 0, "every_s": 0.1}
    pbx = {"host": LOOPBACK, "port": free_tcp_port(), "username": "hub", "secret": "${AMI_SECRET}"}
    configuration = folder / "ctihub.yaml"
    # What is JSON is YAML too.
    configuration.write_text(
        json.dumps(
            {
                "hub": {"listen": f"{LOOPBACK}:{free_tcp_port()}", "region": "DE", "mappings": ["."]},
                "store": {"url": "sqlite:///ctihub.db"},
                "pbx": {"main": pbx},
                "inbound": {"erp": {"mapping": "legacy/order", "format": "csv", "folder": watch, "attempts": attempts}},
            }
        )
    )
    environment = {"AMI_SECRET": secrets.token_urlsafe(16)}
    return ForkedHub(configuration, folder / "hub.log", environment), inbox


def _write(inbox: Path, name: str, first: int, count: int) -> None:
    unfinished = inbox / f"{name}.tmp"
    with unfinished.open("w") as file:
        file.write("order,shipped,customer\n")
        for number in range(first, first + count):
            file.write(f"{number},2026-03-01T10:00:00Z,C-{number % 7}\n")
    unfinished.rename(inbox / name)


async def _stored(folder: Path) -> tuple[list[str], list[DeadLetter]]:
    """Return the orders that were recorded, in their order, and the dead letters."""
    journal = await Journal.open(folder / "ctihub.db")
    orders: list[str] = []
    position = 0
    while batch := await journal.read(position, 5_000):
        position = batch[-1].position
        told = [decode_event(one.body).data for one in batch]
        orders += [one.reference for one in told if isinstance(one, Interaction)]
    letters = list(await journal.dead_letters())
    await journal.close()
    return orders, letters


async def _kill_in_attempt(hub: ForkedHub, inbox: Path, attempt: int) -> None:
    """Start the hub and kill it as soon as it has begun the file for that time, and stored some of it."""
    store = inbox.parent / "ctihub.db"
    before = _last_position(store)
    await asyncio.to_thread(hub.start)
    await eventually(
        lambda: list(inbox.glob(f".ctihub/erp/*-{attempt}/*")), f"the file begun for the {attempt}. time", 30
    )
    await eventually(lambda: _last_position(store) > before, f"records stored for the {attempt}. time", 30)
    await asyncio.to_thread(hub.kill)


def _last_position(store: Path) -> int:
    if not store.exists():
        return 0
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as database:
        (position,) = database.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    return int(position)


async def test_a_file_whose_hub_is_killed_is_begun_again(tmp_path: Path) -> None:
    """Twice in the midst of it: in the end it is done, each record is one event, in the file's order."""
    site, inbox = _site(tmp_path, attempts=5)
    with site as hub:
        _write(inbox, "orders.csv", 0, RECORDS)
        for attempt in (1, 2):
            await _kill_in_attempt(hub, inbox, attempt)
        some, _ = await _stored(tmp_path)
        assert 0 < len(some) < RECORDS
        await asyncio.to_thread(hub.start)
        await eventually((inbox / "done" / "orders.csv").exists, "the file done", 60)
        await asyncio.to_thread(hub.kill)
    orders, letters = await _stored(tmp_path)
    assert [str(number) for number in range(RECORDS)] == orders
    assert [] == letters


async def test_a_file_that_ends_the_hub_each_time_is_put_away(tmp_path: Path) -> None:
    """Begun as often as `attempts` says it lies in `failed`, told in words; the file behind it is taken."""
    site, inbox = _site(tmp_path, attempts=2)
    with site as hub:
        _write(inbox, "poison.csv", 0, RECORDS)
        for attempt in (1, 2):
            await _kill_in_attempt(hub, inbox, attempt)
        _write(inbox, "good.csv", RECORDS, 10)
        await asyncio.to_thread(hub.start)
        await eventually((inbox / "done" / "good.csv").exists, "the good file done", 30)
        await asyncio.to_thread(hub.kill)
    orders, (letter,) = await _stored(tmp_path)
    assert {1} == set(Counter(orders).values())
    assert [str(number) for number in range(RECORDS, RECORDS + 10)] == orders[-10:]
    assert "the hub ended or failed 2 times while it read this file" in letter.reason
    assert str(inbox / "failed" / "poison.csv") == letter.file
    assert (inbox / "failed" / "poison.csv").exists()
