"""SIGKILL in the middle of calls: what was acknowledged is there, and the calls left open are known."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from hub.config.model import StoreSection
from hub.domain.call import CallEventKind
from hub.domain.ports import StoredEvent
from hub.journal.journal import Journal
from tests.servers.postgresql import PostgreSQL

ROUNDS = 4
CALLS_PER_ROUND = 1_000_000


def _write_until_killed(url: str, first_call: int) -> list[tuple[str, str, str]]:
    """Run the writing process, kill it at a random moment, return the id, call and kind of all it acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.journal_writer_process", str(first_call)],
        env={**os.environ, "STORE_URL": url},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert writer.stdout is not None
    seen = [writer.stdout.readline() for _ in range(random.randrange(1, 400))]  # noqa: S311 - a test's moment
    writer.send_signal(signal.SIGKILL)
    seen += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()
    acknowledged = []
    for line in seen:
        if line.endswith(b"\n"):  # a line cut short by the kill was never said
            event_id, call_id, kind = line.decode().split()
            acknowledged.append((event_id, call_id, kind))
    return acknowledged


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Over several kills of one journal: every acknowledged event is there once, positions have no gap."""
    path = tmp_path / "journal.db"
    await _kill_several_times(f"sqlite:///{path}")
    with sqlite3.connect(path) as check:
        assert [("ok",)] == check.execute("PRAGMA integrity_check").fetchall()
    check.close()


async def test_a_kill_loses_nothing_in_a_database_either(postgresql: PostgreSQL) -> None:
    """The server rolls back what the hub had not committed, and lets the next hub in at once."""
    await _kill_several_times(postgresql.url(await postgresql.make_database()))


async def _kill_several_times(url: str) -> None:
    acknowledged: list[tuple[str, str, str]] = []
    for number in range(ROUNDS):
        acknowledged += await asyncio.to_thread(_write_until_killed, url, number * CALLS_PER_ROUND)
    assert len(acknowledged) > ROUNDS

    journal = await Journal.open(StoreSection(url=SecretStr(url)).place)
    stored: list[StoredEvent] = []
    while batch := await journal.read(stored[-1].position if stored else 0, 500):
        stored += batch
    open_calls = {call.id for call in await journal.open_calls()}
    await journal.close()

    assert set() == {event_id for event_id, _, _ in acknowledged} - {event.id for event in stored}
    assert list(range(1, len(stored) + 1)) == [event.position for event in stored]
    assert len(stored) == len({event.id for event in stored})
    ended = {event.subject for event in stored if event.type == "cti.call.cleared"}
    assert {event.subject for event in stored} - ended == open_calls
    assert not {call_id for _, call_id, kind in acknowledged if kind == CallEventKind.CLEARED} & open_calls
