"""What is written to a real backend over a socket while that, or the hub, fails."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.domain.event import decode_event
from hub.journal.journal import Journal
from hub.outbound.outbound import Outbound
from hub.outbound.reader import Reader
from tests.conformance.servers.backend import Mood
from tests.faults.outbound_site import KeepingBackend, ended_call, numbered, running
from tests.servers.process import OwnedProcess
from tests.waiting import eventually

CALLS_OF_A_DAY = 500
KILLS = 5


class Place:
    """A journal, a backend, and what writes from the one to the other."""

    def __init__(self, journal: Journal, backend: KeepingBackend, outbound: Outbound, status: Any) -> None:
        self.journal = journal
        self.backend = backend
        self.outbound = outbound
        self.status = status

    async def ended(self, *numbers: int) -> None:
        """Let calls end, one after the other."""
        for number in numbers:
            await self.journal.append(ended_call(number))

    async def written(self, *numbers: int, within: float = 30.0) -> None:
        await eventually(lambda: len(self.backend.order) >= len(numbers), "everything is written", within)
        assert numbered(*numbers) == self.backend.order


@asynccontextmanager
async def place(folder: Path, **section: Any) -> AsyncIterator[Place]:
    """Run one."""
    async with AsyncExitStack() as stack:
        backend = KeepingBackend()
        await backend.start()
        stack.push_async_callback(backend.stop)
        journal = await Journal.open(folder / "ctihub.db")
        stack.push_async_callback(journal.close)
        backends = await running(backend.port, **section)
        connector = backends["crm"].connector
        stack.push_async_callback(connector.close)
        outbound = Outbound(
            backends=lambda: backends,
            journal=journal,
            mapping_folders=[],
            agent_names={},
            region="DE",
            reader=partial(Reader, unsure_s=0.05),
        )
        stack.push_async_callback(outbound.stop)
        await outbound.start()
        yield Place(journal, backend, outbound, lambda: outbound.completed(connector.status()))


async def test_down_for_a_day(tmp_path: Path) -> None:
    """Its port is closed while five hundred calls end: it gets all of them, in order, once, and says so before."""
    async with place(tmp_path) as site:
        await site.ended(1)
        await site.written(1)
        await site.backend.stop()
        day = range(2, CALLS_OF_A_DAY + 2)
        await site.ended(*day)
        await eventually(lambda: site.status().waiting_since, "that it waits")
        assert CALLS_OF_A_DAY == site.status().behind
        await site.backend.start()
        await site.written(1, *day, within=60)
        await eventually(lambda: site.status().behind == 0, "nothing waits")
        assert site.status().waiting_since is None


@pytest.mark.parametrize(
    "mood",
    [
        Mood.THROTTLED, Mood.GATEWAY, Mood.UNAUTHORIZED, Mood.ABORT, Mood.HANGUP, Mood.REDIRECT, Mood.FAULT, Mood.HTML,
        Mood.EMPTY,
    ],
    ids=lambda mood: mood.name.lower(),
)  # fmt: skip
async def test_a_backend_with_a_bad_day(tmp_path: Path, mood: Mood) -> None:
    """Busy, behind a gateway that gives up, cutting lines, with an error or a page for everything: it is waited for."""
    async with place(tmp_path) as site:
        await site.ended(1)
        await site.written(1)
        site.backend.retry_after = "0"
        site.backend.mood = mood
        before = site.backend.requests
        await site.ended(2, 3)
        await eventually(lambda: site.backend.requests > before + 12, "that it is tried again and again")
        assert site.status().waiting_since is not None
        site.backend.mood = Mood.NORMAL
        await site.written(1, 2, 3)
        assert [0] == [figures.dead for figures in site.outbound.figures()]


async def test_answers_that_get_lost(tmp_path: Path) -> None:
    """It writes and the line breaks before its answer, every time: each is there once."""
    async with place(tmp_path) as site:
        site.backend.loses_answers = True
        await site.ended(1, 2, 3)
        await site.written(1, 2, 3)
        await eventually(lambda: site.status().behind == 0, "nothing waits")
        assert numbered(1, 2, 3) == site.backend.order


async def test_a_poison_call_holds_nothing_up(tmp_path: Path) -> None:
    """What the backend refuses for itself goes to the dead letters, and what stands behind it is written."""
    async with place(tmp_path) as site:
        site.backend.refuses = {"main-2", "main-3"}
        await site.ended(1, 2, 3, 4)
        await site.written(1, 4)
        letters = [await site.journal.dead_letter(one.id) for one in await site.journal.dead_letters()]
        assert {"main-2", "main-3"} == {decode_event(letter.body).subject for letter in letters if letter}
        assert all("this account is closed" in letter.reason for letter in letters if letter)
        assert {3} == {letter.attempts for letter in letters if letter}
        site.backend.refuses = set()
        for letter in letters:
            assert letter is not None
            assert "" == await site.outbound.replay(letter)
        assert {1: 1, 2: 1, 3: 1, 4: 1} == {number: len(site.backend.notes[f"main-{number}"]) for number in range(1, 5)}


async def test_the_hub_is_killed_again_and_again(tmp_path: Path) -> None:
    """SIGKILL between the writing and the saving of the place: each call is there once, and in its order."""
    calls = 150
    backend = KeepingBackend()
    backend.delay_s = 0.002
    await backend.start()
    process: OwnedProcess | None = None
    try:
        for kill in range(KILLS + 1):
            journal = tmp_path / "ctihub.db"
            argv = [sys.executable, "-m", "tests.faults.outbound_process", str(journal), str(backend.port)]
            process = OwnedProcess([*argv, str(calls if kill == 0 else 0)], tmp_path / "output")
            process.start()
            await asyncio.to_thread(process.wait_for_output, "ready", 30)
            wanted = calls if kill == KILLS else (kill + 1) * calls // (KILLS + 2)
            await eventually(partial(_has, backend, wanted), "so much is written", 60)
            process.kill()
        assert numbered(*range(1, calls + 1)) == backend.order
    finally:
        if process is not None:
            process.kill()
        await backend.stop()


def _has(backend: KeepingBackend, wanted: int) -> bool:
    return len(backend.order) >= wanted
