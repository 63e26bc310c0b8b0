"""A watched folder from its sender's side: what is put there is taken once, and ends where it belongs."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from hub.bus.folder import FolderFeed
from hub.bus.folder_moves import FolderMoves
from hub.config.inbound import InboundFeed
from hub.domain.inbound import InboundMessage, Receipt, Refused, Transport
from hub.domain.ports import StoreError
from tests.waiting import eventually

TAKEN = Receipt(recorded=2)


class Taken(NamedTuple):
    """A file as it was handed on."""

    content: str
    message: InboundMessage
    kept_at: str


class Desk:
    """A reception that notes what it is handed, and answers as the test says."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.refused: list[tuple[str, str, str]] = []
        self.answer: Callable[[Path], Receipt | Exception] = lambda _: TAKEN
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    @property
    def contents(self) -> list[str]:
        """Return what was read, in order."""
        return [one.content for one in self.taken]

    async def take_file(self, feed: str, path: Path, message: InboundMessage, *, kept_at: str = "") -> Receipt:
        """Note the file, wait if the test wants it so, answer."""
        assert "erp" == feed
        self.taken.append(Taken(await asyncio.to_thread(path.read_text), message, kept_at))
        await self.goes_on.wait()
        answer = self.answer(path)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def refuse(self, feed: str, message: InboundMessage, reason: str, *, kept_at: str) -> Receipt:
        """Note why a file is not read."""
        assert "erp" == feed
        self.refused.append((message.id, reason, kept_at))
        return Receipt(dead=1)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Give the folder to be watched."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@asynccontextmanager
async def watched(
    inbox: Path, desk: Desk, *, attempts: int = 3, max_file_bytes: int = 2000
) -> AsyncIterator[FolderFeed]:
    """Watch while the block lasts."""
    feed = InboundFeed.model_validate(
        {
            "mapping": "feeds/orders",
            "folder": {"path": str(inbox), "settle_s": 0, "every_s": 0.1},
            "attempts": attempts,
            "max_file_bytes": max_file_bytes,
        }
    )
    assert feed.folder is not None
    folder = FolderFeed("erp", feed, feed.folder, desk)
    folder.start()
    try:
        yield folder
    finally:
        await folder.stop()


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_a_file_is_handed_on_and_moved(inbox: Path) -> None:
    """Its id is its name and the hash of its content; it is said where it would lie had it failed."""
    desk = Desk()
    async with watched(inbox, desk):
        (inbox / "orders.csv").write_text("1;2")
        await eventually(lambda: _names(inbox / "done") == ["orders.csv"])
    content_hash = hashlib.sha256(b"1;2").hexdigest()
    expected = InboundMessage(
        body=b"",
        transport=Transport.FOLDER,
        id=f"orders.csv:{content_hash}",
        headers={"file-name": "orders.csv"},
    )
    assert [Taken("1;2", expected, str(inbox / "failed" / "orders.csv"))] == desk.taken
    assert [".ctihub", "done", "failed"] == _names(inbox)


async def test_the_same_file_again_is_the_same_message(inbox: Path) -> None:
    """Same name and content: same id, and both files are kept. Another name, or content, is another message."""
    desk = Desk()
    async with watched(inbox, desk):
        for name, content in (("a.csv", "1"), ("a.csv", "1"), ("a.csv", "2"), ("b.csv", "1")):
            (inbox / name).write_text(content)
            await eventually(lambda: not list(inbox.glob("*.csv")))
        await eventually(lambda: len(_names(inbox / "done")) == 4)
    first, again, other_content, other_name = [one.message.id for one in desk.taken]
    assert first == again
    assert len({first, other_content, other_name}) == 3
    assert ["a-1.csv", "a-2.csv", "a.csv", "b.csv"] == _names(inbox / "done")


@pytest.mark.parametrize(
    ("receipt", "ends_in"),
    [
        (Receipt(recorded=2), "done"),
        (Receipt(duplicates=2), "done"),
        (Receipt(), "done"),
        (Receipt(recorded=1, dead=1, refused=(Refused(reason="r", dead_letter="d", part="line 2"),)), "done"),
        (Receipt(dead=1, refused=(Refused(reason="r", dead_letter="d", part="line 2"),)), "failed"),
        (Receipt(recorded=5, dead=1, refused=(Refused(reason="cut off", dead_letter="d"),)), "failed"),
    ],
    ids=["recorded", "known before", "nothing in it", "in part", "nothing understood", "broken at its end"],
)
async def test_where_a_file_ends(inbox: Path, receipt: Receipt, ends_in: str) -> None:
    """In `done` when it could be read to its end and something was understood, else in `failed`."""
    desk = Desk()
    desk.answer = lambda _: receipt
    async with watched(inbox, desk):
        (inbox / "orders.csv").write_text("x")
        await eventually(lambda: _names(inbox / ends_in) == ["orders.csv"])


async def test_a_file_that_is_too_large_is_not_read(inbox: Path) -> None:
    """It lies in `failed`, its dead letter says where and why; one right behind it is taken."""
    desk = Desk()
    async with watched(inbox, desk, max_file_bytes=1024):
        with (inbox / "large.csv").open("wb") as file:
            file.truncate(200 * 1024 * 1024)
        (inbox / "small.csv").write_text("x")
        await eventually(lambda: _names(inbox / "done") == ["small.csv"])
    assert ["x"] == desk.contents
    ((_, reason, kept_at),) = desk.refused
    assert "the file has 209715200 bytes, more than max_file_bytes of feed erp, 1024: it was not read" in reason
    assert str(inbox / "failed" / "large.csv") == kept_at
    assert 209715200 == (inbox / "failed" / "large.csv").stat().st_size


async def test_an_empty_file_is_told(inbox: Path) -> None:
    """Nothing at all is no list of no records: its sender may not have come to write yet."""
    desk = Desk()
    async with watched(inbox, desk):
        (inbox / "orders.csv").touch()
        await eventually(lambda: _names(inbox / "failed") == ["orders.csv"])
    ((_, reason, _),) = desk.refused
    assert "the file is empty" in reason


async def test_while_the_store_is_away_the_file_waits(inbox: Path) -> None:
    """However often it is tried then, no attempt is counted; the reason is told, and it goes on by itself."""
    desk = Desk()
    failures = iter(range(3))

    def answer(_: Path) -> Receipt | Exception:
        return TAKEN if next(failures, None) is None else StoreError("the disk is full")

    desk.answer = answer
    async with watched(inbox, desk, attempts=2) as folder:
        (inbox / "orders.csv").write_text("x")
        await eventually(lambda: folder.problem() == "the disk is full")
        assert not folder.connected
        await eventually(lambda: _names(inbox / "done") == ["orders.csv"], within=60)
        await eventually(lambda: folder.connected)
    assert [0] * 4 == [one.message.attempts for one in desk.taken]
    assert [] == desk.refused


async def test_a_file_that_the_hub_fails_on_is_not_tried_for_ever(inbox: Path) -> None:
    """A defect costs that file its attempts and the others nothing; in the end it lies in `failed`, told in words."""
    desk = Desk()
    desk.answer = lambda path: ValueError("a defect") if path.name == "bad.csv" else TAKEN
    with capture_logs() as logs:
        async with watched(inbox, desk, attempts=3):
            (inbox / "bad.csv").write_text("bad")
            await eventually(lambda: "bad" in desk.contents)
            (inbox / "good.csv").write_text("good")
            await eventually(lambda: _names(inbox / "done") == ["good.csv"])
            await eventually(lambda: _names(inbox / "failed") == ["bad.csv"])
    assert [0, 1, 2] == [one.message.attempts for one in desk.taken if one.content == "bad"]
    ((_, reason, kept_at),) = desk.refused
    assert "the hub ended or failed 3 times while it read this file, and does not begin it again" in reason
    assert str(inbox / "failed" / "bad.csv") == kept_at
    assert 3 == sum(entry["event"] == "folder_file_failed" for entry in logs)


async def test_a_hub_that_is_stopped_begins_the_file_again(inbox: Path) -> None:
    """An orderly stop counts as no attempt; the next start takes the file first, under the same id."""
    desk = Desk()
    desk.goes_on.clear()
    async with watched(inbox, desk, attempts=1):
        (inbox / "orders.csv").write_text("x")
        await eventually(lambda: desk.taken)
    desk.goes_on.set()
    (inbox / "later.csv").write_text("y")
    async with watched(inbox, desk, attempts=1):
        await eventually(lambda: _names(inbox / "done") == ["later.csv", "orders.csv"])
    assert ["x", "x", "y"] == desk.contents
    assert desk.taken[0] == desk.taken[1]


async def test_a_file_that_still_grows_when_it_is_taken(inbox: Path) -> None:
    """What its sender writes after all is noticed: it lies in `failed`, and it is said what to do."""
    desk = Desk()

    def grow(path: Path) -> Receipt:
        with path.open("a") as file:
            file.write("more")
        return TAKEN

    desk.answer = grow
    async with watched(inbox, desk):
        (inbox / "orders.csv").write_text("x")
        await eventually(lambda: _names(inbox / "failed") == ["orders.csv"])
    ((_, reason, _),) = desk.refused
    assert "it had 1 bytes and has 5; raise settle_s, let its sender use a marker" in reason


async def test_a_folder_that_is_not_there_is_told_and_waited_for(tmp_path: Path) -> None:
    """Missing at the start, or taken away later: said once in words, and taken up when it is there."""
    inbox, desk = tmp_path / "in", Desk()
    with capture_logs() as logs:
        async with watched(inbox, desk) as folder:
            await eventually(lambda: "there is no folder" in (folder.problem() or ""))
            assert not folder.connected
            inbox.mkdir()
            await eventually(lambda: folder.connected)
            (inbox / "orders.csv").write_text("x")
            await eventually(lambda: _names(inbox / "done") == ["orders.csv"])
            inbox.rename(tmp_path / "away")
            await eventually(lambda: not folder.connected)
            (tmp_path / "away").rename(inbox)
            await eventually(lambda: folder.connected)
    told = [entry["event"] for entry in logs if entry["event"] in ("folder_unavailable", "folder_watched")]
    assert ["folder_unavailable", "folder_watched"] * 2 == told


async def test_nothing_is_begun_that_can_not_be_moved(inbox: Path) -> None:
    """With a file in place of `done` no file is read: what can't be put away would be read again and again."""
    desk = Desk()
    (inbox / "done").write_text("")
    (inbox / "orders.csv").write_text("x")
    async with watched(inbox, desk) as folder:
        await eventually(lambda: "in/done: done has to be a folder" in (folder.problem() or ""))
        assert (inbox / "orders.csv").exists()
        assert [] == desk.taken
        (inbox / "done").unlink()
        await eventually(lambda: _names(inbox / "done") == ["orders.csv"])


async def test_a_target_taken_away_while_a_file_is_read(inbox: Path) -> None:
    """The file stays with the hub and is moved when there is somewhere to move it: no attempt is counted."""
    desk = Desk()
    desk.goes_on.clear()
    async with watched(inbox, desk, attempts=1) as folder:
        (inbox / "orders.csv").write_text("x")
        await eventually(lambda: desk.taken)
        (inbox / "done").rmdir()
        (inbox / "done").write_text("in the way")
        desk.goes_on.set()
        await eventually(lambda: "has to be a folder" in (folder.problem() or ""))
        (inbox / "done").unlink()
        await eventually(lambda: _names(inbox / "done") == ["orders.csv"])
    assert 1 == len({one.message.id for one in desk.taken})
    assert [] == desk.refused


async def test_folders_that_hang_keep_nobody_else_waiting(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network drive may never answer: lookups for callers share asyncio's few threads, and no folder takes those."""
    hung = threading.Event()
    begun: list[FolderMoves] = []

    def hangs(moves: FolderMoves) -> None:
        begun.append(moves)
        hung.wait(30)

    monkeypatch.setattr(FolderMoves, "prepare", hangs)
    folders = min(32, (os.cpu_count() or 1) + 4) + 1
    async with AsyncExitStack() as stack:
        stack.callback(hung.set)
        for _ in range(folders):
            await stack.enter_async_context(watched(inbox, Desk()))
        await eventually(lambda: len(begun) == folders)
        assert "an answer" == await asyncio.to_thread(lambda: "an answer")
        hung.set()


async def test_a_file_with_nothing_in_it_to_tell_of_is_told_as_a_warning(inbox: Path) -> None:
    """Nothing in it is wrong, so it is done; but so is one in a wrong encoding, of which `only` fits no record."""
    desk = Desk()
    receipts = {"new": Receipt(recorded=1), "again": Receipt(duplicates=1), "empty": Receipt()}
    desk.answer = lambda path: receipts[path.name]
    for name in receipts:
        (inbox / name).write_text(name)

    def told() -> dict[str, str]:
        return {one["file"]: one["log_level"] for one in logs if one["event"] == "folder_file_through"}

    with capture_logs() as logs:
        async with watched(inbox, desk):
            await eventually(lambda: len(told()) == len(receipts))
    assert {"new": "info", "again": "info", "empty": "warning"} == told()
    assert sorted(receipts) == _names(inbox / "done")
