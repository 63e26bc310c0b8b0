"""Which files of a folder are complete, and in which order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.bus import folder_look
from hub.bus.folder_look import CompleteFiles
from hub.config.inbound import FolderWatch


class Clock:
    """Time that a test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _write(path: Path, text: str = "x", *, age: int = 0) -> Path:
    path.write_text(text)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def _files(folder: Path, clock: Clock | None = None, **settings: object) -> CompleteFiles:
    watch = FolderWatch.model_validate({"path": str(folder), **settings})
    return CompleteFiles(watch, clock or Clock())


def test_a_file_is_complete_when_it_has_not_grown_for_a_while(tmp_path: Path) -> None:
    """Seen once it may still grow; each growth begins the wait anew, a change of the same size too."""
    clock = Clock()
    files = _files(tmp_path, clock, settle_s=2)
    file = _write(tmp_path / "orders.csv", "a")
    assert [] == files.look(10)
    clock.now += 1.9
    assert [] == files.look(10)
    _write(file, "ab")
    clock.now += 1
    assert [] == files.look(10)
    _write(file, "cd", age=5)
    clock.now += 1.9
    assert [] == files.look(10)
    clock.now += 2
    assert ["orders.csv"] == files.look(10)


def test_a_file_put_in_place_of_another_has_its_own_wait(tmp_path: Path) -> None:
    """Same name, size and time, but another file: what was seen of the old one says nothing of it."""
    clock = Clock()
    files = _files(tmp_path, clock, settle_s=2)
    _write(tmp_path / "orders.csv", "a")
    files.look(10)
    clock.now += 2
    _write(tmp_path / "other", "b").replace(tmp_path / "orders.csv")
    assert [] == files.look(10)


def test_without_a_wait_a_file_is_complete_at_once(tmp_path: Path) -> None:
    """`settle_s: 0` is for senders who rename."""
    _write(tmp_path / "orders.csv")
    assert ["orders.csv"] == _files(tmp_path, settle_s=0).look(10)


def test_a_marker_says_that_a_file_is_complete(tmp_path: Path) -> None:
    """Without it a file waits however old; with it there is no wait; the marker itself, or a link as one, is none."""
    files = _files(tmp_path, marker=".done", settle_s=50)
    for name in ("marked.csv", "unmarked.csv", "linked.csv"):
        _write(tmp_path / name, age=1000)
    _write(tmp_path / "marked.csv.done")
    (tmp_path / "linked.csv.done").symlink_to(tmp_path / "marked.csv")
    assert ["marked.csv"] == files.look(10)


def test_the_oldest_comes_first(tmp_path: Path) -> None:
    """By modification time, then by name; no more than asked for."""
    for name, age in (("b", 5), ("a", 5), ("newest", 0), ("oldest", 9)):
        _write(tmp_path / name, age=age)
    files = _files(tmp_path, settle_s=0)
    assert ["oldest", "a", "b", "newest"] == files.look(10)
    assert ["oldest", "a"] == files.look(2)


def test_what_is_no_file_of_the_sender_is_left_alone(tmp_path: Path) -> None:
    """Links, folders, pipes, hidden and unfinished files, and those that the pattern does not name."""
    outside = _write(tmp_path.parent / f"{tmp_path.name}-secret")
    inbox = tmp_path / "in"
    inbox.mkdir()
    _write(inbox / "good.csv")
    (inbox / "link.csv").symlink_to(outside)
    (inbox / "dangling.csv").symlink_to(tmp_path / "nothing")
    (inbox / "folder.csv").mkdir()
    os.mkfifo(inbox / "pipe.csv")
    for name in (".hidden.csv", "a.csv.tmp", "b.csv.part", "c.csv.PART", "d.csv.filepart", "other.txt", "good.CSV"):
        _write(inbox / name)
    assert ["good.csv"] == _files(inbox, settle_s=0, pattern="*.csv").look(10)
    everything = _files(inbox, settle_s=0).look(100)
    assert ["good.CSV", "good.csv", "other.txt"] == sorted(everything)


def test_more_files_than_are_kept_in_mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a folder that is too full only the oldest are watched, and the others after them: none is forgotten."""
    monkeypatch.setattr(folder_look, "MAX_SEEN", 3)
    clock = Clock()
    files = _files(tmp_path, clock, settle_s=2)
    for number in range(7):
        _write(tmp_path / f"{number}", age=10 - number)
    taken: list[str] = []
    for _ in range(20):
        clock.now += 1
        complete = files.look(10)
        assert len(complete) <= 3
        for name in complete:
            (tmp_path / name).unlink()
        taken += complete
    assert [str(number) for number in range(7)] == taken


def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    """A name with bytes of another encoding, or a line end, is a name like any other."""
    for name in (b"gr\xfc\xdfe.csv", b"two\nlines.csv", b"-rf.csv"):
        (tmp_path / os.fsdecode(name)).write_text("x")
    found = _files(tmp_path, settle_s=0, pattern="*.csv").look(10)
    assert {b"gr\xfc\xdfe.csv", b"two\nlines.csv", b"-rf.csv"} == {os.fsencode(name) for name in found}
