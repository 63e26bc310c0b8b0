"""How a file gets from the watched folder through the hub's own to where it ends."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from hub.bus.folder_moves import Claim, FolderError, FolderMoves, shown
from hub.config.inbound import FolderWatch


def _moves(folder: Path, feed: str = "erp", **settings: object) -> FolderMoves:
    watch = FolderWatch.model_validate({"path": str(folder), **settings})
    return FolderMoves(watch, feed)


def _claim(moves: FolderMoves, name: str) -> Claim:
    claim = moves.claim(name)
    assert claim is not None
    return claim


def _through(moves: FolderMoves, claim: Claim, target: str = "done") -> Path:
    place = moves.free_place(claim, target)
    moves.settle(claim, target, place)
    return place


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Give a folder to be watched with one file in it."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "orders.csv").write_text("1")
    return folder


def test_a_file_is_taken_out_begun_and_moved(inbox: Path) -> None:
    """It can be read meanwhile, its attempt is in the path, and nothing of the hub's is left when it is through."""
    moves = _moves(inbox)
    moves.prepare()
    claim = _claim(moves, "orders.csv")
    assert not (inbox / "orders.csv").exists()
    begun = moves.begin(claim)
    assert (1, "orders.csv", "1") == (begun.attempt, begun.name, begun.path.read_text())
    assert inbox / "done" / "orders.csv" == _through(moves, begun)
    assert "1" == (inbox / "done" / "orders.csv").read_text()
    assert [] == list((inbox / ".ctihub" / "erp").iterdir())


def test_a_name_that_is_taken_gets_a_number(inbox: Path) -> None:
    """Nothing is overwritten, however many of one name come."""
    moves = _moves(inbox)
    moves.prepare()
    for content in "123":
        (inbox / "orders.csv").write_text(content)
        _through(moves, _claim(moves, "orders.csv"))
    there = {path.name: path.read_text() for path in (inbox / "done").iterdir()}
    assert {"orders.csv": "1", "orders-1.csv": "2", "orders-2.csv": "3"} == there


def test_a_name_taken_at_the_last_moment_is_not_overwritten(inbox: Path) -> None:
    """Between the choice of a place and the move somebody else puts a file there: both are kept."""
    moves = _moves(inbox)
    moves.prepare()
    claim = _claim(moves, "orders.csv")
    place = moves.free_place(claim, "failed")
    place.write_text("of another feed")
    with pytest.raises(FileExistsError):
        moves.settle(claim, "failed", place)
    assert "of another feed" == place.read_text()
    assert [claim] == moves.left_over()
    assert "orders-1.csv" == _through(moves, claim, "failed").name


def test_what_was_begun_is_found_again_with_its_attempts(inbox: Path) -> None:
    """After a kill: in the order in which it was taken, each begun as often as before, also by another object."""
    moves = _moves(inbox)
    moves.prepare()
    first = moves.begin(moves.begin(_claim(moves, "orders.csv")))
    (inbox / "orders.csv").write_text("2")
    second = moves.begin(_claim(moves, "orders.csv"))
    assert [first, second] == _moves(inbox).left_over()
    assert [(2, "1"), (1, "2")] == [(claim.attempt, claim.path.read_text()) for claim in (first, second)]
    assert second._replace(attempt=0) == moves.not_begun(second)._replace(path=second.path)


def test_a_move_cut_in_half_by_a_kill_is_ended(inbox: Path) -> None:
    """The file has its new name and still the old one: it is one file, and ends as one."""
    moves = _moves(inbox)
    moves.prepare()
    claim = moves.begin(_claim(moves, "orders.csv"))
    os.link(claim.path, inbox / "done" / "orders.csv")
    (found,) = _moves(inbox).left_over()
    assert "orders.csv" == _through(moves, found).name
    assert ["orders.csv"] == [path.name for path in (inbox / "done").iterdir()]
    assert [] == moves.left_over()


def test_a_file_that_is_gone_or_is_none_any_more_is_not_taken(inbox: Path) -> None:
    """Between look and move its sender may have taken it back, or put a link or a folder in its place."""
    moves = _moves(inbox)
    moves.prepare()
    assert moves.claim("nothing.csv") is None
    (inbox / "link.csv").symlink_to("/etc/hostname")
    (inbox / "folder.csv").mkdir()
    assert moves.claim("link.csv") is None
    assert moves.claim("folder.csv") is None
    assert (inbox / "link.csv").is_symlink()
    assert (inbox / "folder.csv").is_dir()
    assert [] == list((inbox / ".ctihub" / "erp").iterdir())


def test_a_marker_goes_with_its_file(inbox: Path) -> None:
    """Left behind it would call the next file of that name complete."""
    moves = _moves(inbox, marker=".done")
    moves.prepare()
    (inbox / "orders.csv.done").touch()
    claim = _claim(moves, "orders.csv")
    assert not (inbox / "orders.csv.done").exists()
    assert [claim] == moves.left_over()
    _through(moves, claim)
    assert ["orders.csv"] == [path.name for path in (inbox / "done").iterdir()]
    assert [] == list((inbox / ".ctihub" / "erp").iterdir())
    (inbox / "orders.csv").write_text("2")
    assert moves.claim("orders.csv") is None
    assert (inbox / "orders.csv").exists()


def test_a_marker_whose_file_had_not_followed_goes_back(inbox: Path) -> None:
    """A hub killed between the two moves leaves the file with its marker as they were."""
    moves = _moves(inbox, marker=".done")
    moves.prepare()
    claimed = inbox / ".ctihub" / "erp" / "0190-0"
    claimed.mkdir()
    (claimed / "orders.csv.done").touch()
    assert [] == moves.left_over()
    assert (inbox / "orders.csv.done").exists()
    assert not claimed.exists()


def test_a_file_system_without_hard_links(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share may have none: files are moved all the same, and nothing is overwritten."""

    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    moves = _moves(inbox)
    moves.prepare()
    claim = _claim(moves, "orders.csv")
    place = moves.free_place(claim, "done")
    place.write_text("another")
    with pytest.raises(FileExistsError):
        moves.settle(claim, "done", place)
    assert "orders-1.csv" == _through(moves, claim).name
    assert "another" == place.read_text()


def test_folders_that_lead_elsewhere_are_refused(tmp_path: Path, inbox: Path) -> None:
    """Who may write in the watched folder could make `done` a link into another: nothing is moved through it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (inbox / "done").symlink_to(elsewhere)
    with pytest.raises(FolderError, match=r"in/done: done has to be a folder, and no link"):
        _moves(inbox).prepare()
    (inbox / "done").unlink()
    shutil.rmtree(inbox / ".ctihub")
    (inbox / ".ctihub").symlink_to(elsewhere)
    with pytest.raises(FolderError, match=r"\.ctihub has to be a folder, and no link"):
        _moves(inbox).prepare()
    assert [] == list(elsewhere.iterdir())


def test_folders_that_can_not_be_used_are_told(tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in words with its path, before a file is touched: missing, a file, without the right to write."""
    with pytest.raises(FolderError, match=r"there is no folder .*/nowhere: make it, or correct `folder.path`"):
        _moves(tmp_path / "nowhere").prepare()
    with pytest.raises(FolderError, match=r"folder .*orders.csv can't be read"):
        _moves(inbox / "orders.csv").prepare()
    (inbox / "failed").write_text("a file")
    with pytest.raises(FolderError, match=r"in/failed: failed has to be a folder"):
        _moves(inbox).prepare()
    (inbox / "failed").unlink()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "failed")
    with pytest.raises(FolderError, match=r"in/failed: the hub's user may not move files there"):
        _moves(inbox).prepare()
    assert ["orders.csv"] == [path.name for path in inbox.iterdir() if path.is_file()]


def test_a_check_makes_nothing(inbox: Path) -> None:
    """`ctihub check` tells the same, and leaves the folder as it is."""
    _moves(inbox).check()
    assert ["orders.csv"] == [path.name for path in inbox.iterdir()]
    (inbox / "done").write_text("a file")
    with pytest.raises(FolderError, match=r"in/done: done has to be a folder"):
        _moves(inbox).check()


def test_another_file_system_is_told(inbox: Path) -> None:
    """Files are moved, not copied: a target on another file system is said before a file is begun."""
    other = Path("/dev/shm")  # noqa: S108 - as good as any other file system that is there
    if not other.is_dir() or other.stat().st_dev == inbox.stat().st_dev:
        pytest.skip("there is one file system here")
    with pytest.raises(FolderError, match="is on another file system"):
        _moves(inbox, done=str(other)).prepare()


def test_targets_may_lie_elsewhere(tmp_path: Path, inbox: Path) -> None:
    """Beside the watched folder, or deeper in it: made if they are missing."""
    archive = tmp_path / "archive" / "taken"
    moves = _moves(inbox, done=str(archive), failed="../broken")
    moves.prepare()
    assert archive / "orders.csv" == _through(moves, _claim(moves, "orders.csv"), str(archive))
    (inbox / "orders.csv").write_text("2")
    assert tmp_path / "broken" / "orders.csv" == _through(moves, _claim(moves, "orders.csv"), "../broken")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"orders.csv", "orders.csv"),
        ("grüße 订单.csv".encode(), "grüße 订单.csv"),
        (b"gr\xfc\xdfe.csv", "gr%FC%DFe.csv"),
        (b"two\nlines\x1b[2J.csv", "two%0Alines%1B[2J.csv"),
        (b"a\xe2\x80\xae.csv", "a%E2%80%AE.csv"),
        (b"\xff" * 100 + b".csv", "%FF" * 83 + "%F" + ".csv"),
        (("ü" * 127).encode(), "ü" * 127),
        (b"a" * 250 + b"\n.csv", "a" * 250 + "%" + ".csv"),
    ],
)
def test_names_can_be_shown_and_stored(inbox: Path, name: bytes, expected: str) -> None:
    """What can't be printed, bytes of another encoding included, is percent-encoded, within what a name may have."""
    assert expected == shown(os.fsdecode(name))
    moves = _moves(inbox)
    moves.prepare()
    (inbox / os.fsdecode(name)).write_text("content")
    claim = _claim(moves, os.fsdecode(name))
    assert [claim] == moves.left_over()
    for _ in range(2):
        place = _through(moves, claim)
        assert "content" == place.read_text()
        (inbox / os.fsdecode(name)).write_text("content")
        claim = _claim(moves, os.fsdecode(name))


def test_two_feeds_share_a_folder(inbox: Path) -> None:
    """Each has its own files in hand, and takes no other's for left over."""
    moves, other = _moves(inbox), _moves(inbox, "crm")
    moves.prepare()
    other.prepare()
    claim = _claim(moves, "orders.csv")
    assert [] == other.left_over()
    assert [claim] == moves.left_over()
