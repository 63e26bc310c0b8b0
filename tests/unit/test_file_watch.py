"""Changes of files are noticed once they are whole, however an editor writes them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from hub.house.file_watch import FileWatch
from tests.waiting import eventually

EVERY_S = 0.03


class Watched:
    """A file that is watched, and what stood in it at each change that was told."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ctihub.yaml"
        self.file.write_text("0")
        self.seen: list[str] = []
        self.fails = False
        self.watch = FileWatch(lambda: [self.file], self._changed, every_s=EVERY_S)

    async def _changed(self) -> None:
        self.seen.append(self.file.read_text() if self.file.exists() else "gone")
        if self.fails:
            raise RuntimeError("the change could not be taken in")


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    """Watch a file, which has been looked at for the first time."""
    watched = Watched(tmp_path)
    task = asyncio.create_task(watched.watch.run())
    await eventually(lambda: watched.seen == ["0"])
    yield watched
    task.cancel()


async def test_a_change_is_told_once(watched: Watched) -> None:
    """And a file that only is looked at is none."""
    watched.file.write_text("1")
    await eventually(lambda: watched.seen[1:] == ["1"])
    await asyncio.sleep(EVERY_S * 5)
    assert ["0", "1"] == watched.seen


async def test_an_editor_that_puts_another_file_in_its_place(watched: Watched) -> None:
    """Written beside it and moved over it, same size, same time: it is another file."""
    before = watched.file.stat()
    beside = watched.file.with_suffix(".new")
    beside.write_text("1")
    os.utime(beside, ns=(before.st_atime_ns, before.st_mtime_ns))
    beside.replace(watched.file)
    await eventually(lambda: watched.seen[1:] == ["1"])


async def test_a_file_that_is_away_for_a_moment(watched: Watched) -> None:
    """Removed and written anew: what it says in the end is what counts."""
    watched.file.unlink()
    await eventually(lambda: watched.seen[-1] == "gone")
    watched.file.write_text("1")
    await eventually(lambda: watched.seen[-1] == "1")


async def test_a_half_written_file_is_waited_for(watched: Watched) -> None:
    """As long as it grows from look to look nothing is told."""
    with watched.file.open("w") as file:
        for part in range(20):
            file.write(f"{part},")
            file.flush()
            await asyncio.sleep(EVERY_S / 2)
    await eventually(lambda: len(watched.seen) == 2)
    assert watched.seen[1].endswith("19,")


async def test_a_hundred_changes_in_a_row_end_with_the_last(watched: Watched) -> None:
    """However many were told between."""
    for number in range(1, 101):
        watched.file.write_text(str(number))
        await asyncio.sleep(EVERY_S / 5)
    await eventually(lambda: watched.seen[-1] == "100")
    assert len(watched.seen) < 50


async def test_a_change_that_can_not_be_taken_in_is_not_the_last(watched: Watched) -> None:
    """It is in the log, and the next one is told."""
    watched.fails = True
    with structlog.testing.capture_logs() as logged:
        watched.file.write_text("1")
        await eventually(lambda: watched.seen[-1] == "1" and logged)
    assert ["change of a file not taken in"] == [line["event"] for line in logged]
    watched.fails = False
    watched.file.write_text("2")
    await eventually(lambda: watched.seen[-1] == "2")
