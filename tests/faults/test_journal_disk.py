"""A disk that fails: said in plain words, events kept and written when it works again, losses counted."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.domain.inbound import DeadLetter, Transport
from hub.domain.ports import Appended, EventRefusedError
from hub.journal import writer
from hub.journal.errors import JournalError, JournalFullError
from hub.journal.journal import Journal
from hub.store import sqlite
from hub.store.connection import StoreFailedError
from tests.unit.journal import samples
from tests.waiting import eventually


def _database(journal: Journal) -> sqlite3.Connection:
    connection = journal._writer._connection
    assert isinstance(connection, sqlite.FileConnection)
    return connection._database


def _fill_the_disk(journal: Journal) -> None:
    """Let SQLite answer SQLITE_FULL, as it does for a full disk, from the next page on."""
    pages = _database(journal).execute("PRAGMA page_count").fetchone()[0]
    _database(journal).execute(f"PRAGMA max_page_count = {pages}")


def _free_the_disk(journal: Journal) -> None:
    _database(journal).execute("PRAGMA max_page_count = 1000000")


def _says(journal: Journal, words: str) -> bool:
    return words in (journal.problem() or "")


async def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path) -> None:
    """While the disk is full the problem is told and reading works; after it all events are there in order."""
    journal = await Journal.open(tmp_path / "journal.db")
    await journal.append(samples.step(samples.call(0)))
    _fill_the_disk(journal)
    events = [samples.step(samples.call(number)) for number in range(1, 200)]
    for event in events:
        journal.publish(event)
    waiting = asyncio.ensure_future(journal.append(samples.step(samples.call(200))))
    await eventually(lambda: _says(journal, "disk is full"))
    assert len(await journal.read(0, 1000)) == await journal.last_position()
    _free_the_disk(journal)
    assert await asyncio.wait_for(waiting, 10) == 201
    assert [event.id for event in events] == [stored.id for stored in await journal.read(1, 199)]
    assert (None, 0) == (journal.problem(), journal.dropped_total)
    await journal.close()


async def test_losses_beyond_the_backlog_are_counted(tmp_path: Path) -> None:
    """A bound on memory means losses in the end: they are counted and told, and an append is refused."""
    journal = await Journal.open(tmp_path / "journal.db", backlog=300)
    _fill_the_disk(journal)
    for number in range(400):
        journal.publish(samples.step(samples.call(number)))
    await eventually(lambda: _says(journal, "disk is full"))
    for number in range(400, 500):
        journal.publish(samples.step(samples.call(number)))
    with pytest.raises(JournalFullError, match="backlog in memory is full"):
        await journal.append(samples.step(samples.call(500)))
    assert _says(journal, f"{journal.dropped_total} lost")
    lost = journal.dropped_total
    _free_the_disk(journal)
    await eventually(lambda: journal.pending == 0 and journal.position > 0)
    assert (500 - lost, lost) == (await journal.last_position(), journal.dropped_total)
    assert lost >= 100
    await journal.close()


async def test_feeds_leave_room_for_calls_while_the_disk_fails(tmp_path: Path) -> None:
    """What somebody waits for is refused at half of the backlog and may come again; no step of a call is lost to it."""
    journal = await Journal.open(tmp_path / "journal.db", backlog=200)
    _fill_the_disk(journal)

    async def hand_in(feed: int) -> Sequence[Appended | EventRefusedError]:
        return await journal.append_all([samples.step(samples.call(10 * feed + number)) for number in range(10)])

    handed_in = [asyncio.ensure_future(hand_in(feed)) for feed in range(50)]
    await eventually(lambda: _says(journal, "disk is full"))
    for number in range(1_000, 1_090):
        journal.publish(samples.step(samples.call(number)))
    assert 0 == journal.dropped_total
    _free_the_disk(journal)
    outcomes = await asyncio.gather(*handed_in, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, JournalFullError)]
    assert len(refused) >= 30
    await eventually(lambda: journal.pending == 0)
    assert 10 * (50 - len(refused)) + 90 == await journal.last_position()
    await journal.close()


async def test_a_group_is_taken_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one for which there is no room nothing is stored later; one larger than all the room is taken by itself."""

    def fail(*_: object, **__: object) -> None:
        raise StoreFailedError("the disk is full")

    large, small, other = ([samples.step(samples.call(10 * group + at)) for at in range(9)] for group in range(3))
    journal = await Journal.open(tmp_path / "journal.db", backlog=10)
    with monkeypatch.context() as patched:
        patched.setattr(writer, "write_batch", fail)
        taken = [journal.append_all(large)]
        with pytest.raises(JournalFullError, match="backlog in memory is full"):
            journal.append_all(small[:1])
    await taken.pop()
    await eventually(lambda: journal.pending == 0)
    with monkeypatch.context() as patched:
        patched.setattr(writer, "write_batch", fail)
        taken = [journal.append_all(small[:3])]
        with pytest.raises(JournalFullError):
            journal.append_all(other[:3])
        taken.append(journal.append_all(other[3:5]))
    stored = [event.id for event in [*large, *small[:3], *other[3:5]]]
    await asyncio.gather(*taken)
    assert stored == [event.id for event in await journal.read(0, 50)]
    await journal.close()


async def test_originals_of_dead_letters_are_bounded_by_their_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty thousand of a megabyte each would not fit into memory; one alone always may wait."""
    monkeypatch.setattr(writer, "MAX_HELD_BYTES", 3_000)
    journal = await Journal.open(tmp_path / "journal.db")
    _fill_the_disk(journal)
    for number in range(200):
        journal.publish(samples.step(samples.call(number)))
    await eventually(lambda: _says(journal, "disk is full"))
    letters = [
        DeadLetter(
            id=f"d{number}",
            origin="/feed/shop",
            at=datetime.now(UTC),
            reason="no",
            transport=Transport.HTTP,
            body=b"x" * 2_000,
        )
        for number in range(3)
    ]
    first = asyncio.ensure_future(journal.keep_dead(letters[:1]))
    await asyncio.sleep(0)
    for letter in letters[1:]:
        with pytest.raises(JournalFullError):
            await journal.keep_dead([letter])
    _free_the_disk(journal)
    await first
    await eventually(lambda: journal.pending == 0)
    await journal.keep_dead(letters[1:2])
    assert 2 == await journal.count_dead()
    await journal.close()


async def test_closing_with_a_failing_disk_ends_in_bounded_time(tmp_path: Path) -> None:
    """Who waits for an event that never reached the disk is told so when the journal closes."""
    journal = await Journal.open(tmp_path / "journal.db")
    journal._writer._close_wait_s = 0.2
    _fill_the_disk(journal)
    waiting = [asyncio.ensure_future(journal.append(samples.step(samples.call(number)))) for number in range(300)]
    await eventually(lambda: _says(journal, "disk is full"))
    await journal.close()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, JournalError)]
    assert refused
    assert journal.dropped_total == len(refused)
    assert "disk is full" in str(refused[0])


async def test_a_file_moved_away_takes_no_more_and_loses_nothing(tmp_path: Path) -> None:
    """Nothing is called durable in a file that nobody would find again; once it is back, what waited is written."""
    file, away = tmp_path / "journal.db", tmp_path / "away.db"
    journal = await Journal.open(file)
    await journal.append(samples.step(samples.call(1)))
    file.rename(away)
    waiting = asyncio.ensure_future(journal.append(samples.step(samples.call(2))))
    await eventually(lambda: _says(journal, "was deleted, moved or replaced"))
    with pytest.raises(JournalError, match="can't be opened"):
        await journal.calls()
    assert (False, False) == (waiting.done(), file.exists())
    away.rename(file)
    assert 2 == await asyncio.wait_for(waiting, 10)
    assert (None, 2) == (journal.problem(), len(await journal.read(0, 10)))
    await journal.close()


async def test_another_file_in_its_place_is_not_written(tmp_path: Path) -> None:
    """A new file under the old name belongs to somebody else; closing says what was not written."""
    file = tmp_path / "journal.db"
    journal = await Journal.open(file)
    journal._writer._close_wait_s = 0.2
    file.unlink()
    file.write_bytes(b"mine")
    waiting = asyncio.ensure_future(journal.append(samples.step(samples.call(1))))
    await eventually(lambda: _says(journal, "was deleted, moved or replaced"))
    await journal.close()
    with pytest.raises(JournalError, match="was deleted, moved or replaced"):
        await waiting
    assert b"mine" == file.read_bytes()


async def test_a_locked_file_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program holds the file for long: told in plain words, written when it lets go."""
    monkeypatch.setattr(sqlite, "LOCKED_WAIT_S", 0.05)
    journal = await Journal.open(tmp_path / "journal.db")
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(journal.append(samples.step(samples.call(1))))
    await eventually(lambda: _says(journal, "locked by another program"))
    other.execute("ROLLBACK")
    other.close()
    assert await asyncio.wait_for(waiting, 10) == 1
    await journal.close()


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """Pages overwritten with garbage: the hub says at its start that the file is damaged."""
    path = tmp_path / "journal.db"
    await _write_some(path)
    _overwrite(path, first_page=2)
    with pytest.raises(JournalError, match="damaged"):
        await Journal.open(path)


async def test_damage_that_shows_later_is_told(tmp_path: Path) -> None:
    """One damaged index lets the hub start: the first write says what is wrong, and the event waits."""
    path = tmp_path / "journal.db"
    await _write_some(path)
    database_file = sqlite3.connect(path)
    query = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_events_1'"
    page = database_file.execute(query).fetchone()[0]
    database_file.close()
    _overwrite(path, first_page=page, pages=1)
    journal = await Journal.open(path)
    journal._writer._close_wait_s = 0.1
    journal.publish(samples.step(samples.call(501)))
    await eventually(lambda: _says(journal, "damaged"))
    with pytest.raises(JournalError, match="damaged"):
        await journal.position_of("any")
    await journal.close()
    assert journal.dropped_total == 1


async def _write_some(path: Path) -> None:
    journal = await Journal.open(path)
    for number in range(500):
        journal.publish(samples.step(samples.call(number)))
    await journal.close()


def _overwrite(path: Path, first_page: int, pages: int | None = None) -> None:
    page_size = 4096
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek((first_page - 1) * page_size)
        file.write(b"\xa5" * (size - file.tell() if pages is None else pages * page_size))
