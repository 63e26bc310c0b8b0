"""The journal's file: made, migrated, claimed, and refused in plain words."""

import sqlite3
import stat
from pathlib import Path

import msgspec
import pytest

from hub.journal import file_schema
from hub.journal.derived import call_log_entry
from hub.journal.errors import JournalError
from hub.journal.journal import Journal
from hub.store.sqlite import explain
from tests.unit.journal import samples


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_the_file_is_private(tmp_path: Path) -> None:
    """Customers' data are for the hub's user alone, in the write-ahead log too."""
    journal = await Journal.open(tmp_path / "journal.db")
    await journal.append(samples.step(samples.call(1)))
    modes = _modes(tmp_path)
    await journal.close()
    assert {"journal.db", "journal.db-wal", "journal.db-shm", "journal.db-lock"} == set(modes)
    assert {0o600} == set(modes.values())


async def test_a_second_hub_is_refused(tmp_path: Path) -> None:
    """Two writers would number events twice; the second is told so, and may open it when the first is gone."""
    first = await Journal.open(tmp_path / "journal.db")
    with pytest.raises(JournalError, match="in use by another running hub"):
        await Journal.open(tmp_path / "journal.db")
    await first.close()
    await (await Journal.open(tmp_path / "journal.db")).close()


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An older hub must not write where a newer one has been."""
    path = tmp_path / "journal.db"
    await (await Journal.open(path)).close()
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version = {len(file_schema.MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(JournalError, match="written by a newer ctihub"):
        await Journal.open(path)


async def test_migrations_run_in_order_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the schema before gets just the missing steps and keeps its events."""
    path = tmp_path / "journal.db"
    journal = await Journal.open(path)
    await journal.append(samples.step(samples.call(1)))
    await journal.close()
    later = (*file_schema.MIGRATIONS, ("CREATE TABLE added (a)",), ("ALTER TABLE added ADD COLUMN b",))
    monkeypatch.setattr(file_schema, "MIGRATIONS", later)
    for _ in range(2):
        journal = await Journal.open(path)
        assert await journal.last_position() == 1
        await journal.close()
    with sqlite3.connect(path) as reader:
        assert [("a",), ("b",)] == reader.execute("SELECT name FROM pragma_table_info('added')").fetchall()
        assert [(len(later),)] == reader.execute("PRAGMA user_version").fetchall()
    reader.close()


async def test_a_call_logged_by_a_hub_from_before_keeps_its_customer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That hub wrote the name into the entry itself."""
    path = tmp_path / "journal.db"
    step = next(
        number for number, migration in enumerate(file_schema.MIGRATIONS) if "ADD COLUMN customer" in migration[0]
    )
    with monkeypatch.context() as before:
        before.setattr(file_schema, "MIGRATIONS", file_schema.MIGRATIONS[:step])
        await (await Journal.open(path)).close()
    entry = msgspec.structs.replace(call_log_entry(samples.call(1)), customer="Maria Huber")
    with sqlite3.connect(path) as older:
        older.execute("INSERT INTO calls VALUES (?, ?, ?)", ("main-1", 0, msgspec.json.encode(entry)))
    older.close()
    journal = await Journal.open(path)
    assert [entry] == list(await journal.calls())
    await journal.close()


async def test_a_failed_migration_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is done whole or not at all."""
    path = tmp_path / "journal.db"
    await (await Journal.open(path)).close()
    present = len(file_schema.MIGRATIONS)
    broken = (*file_schema.MIGRATIONS, ("CREATE TABLE half (a)", "CREATE TABLE half (a)"))
    monkeypatch.setattr(file_schema, "MIGRATIONS", broken)
    with pytest.raises(JournalError, match="half already exists"):
        await Journal.open(path)
    with sqlite3.connect(path) as reader:
        assert [(present,)] == reader.execute("PRAGMA user_version").fetchall()
        assert [] == reader.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()
    reader.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Garbage is named as such and left as it is."""
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(JournalError, match="is not an SQLite database"):
        await Journal.open(path)
    assert path.read_bytes().startswith(b"not a database")


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A file that carries another program's mark is not written to."""
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA application_id = 1234")
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(JournalError, match="another program's database"):
        await Journal.open(path)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("missing/journal.db", "folder must exist"),
        (":memory:", "needs a file"),
        (".", "can't be opened"),
    ],
)
async def test_a_place_where_no_file_can_be_is_refused(
    tmp_path: Path, place: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing folder, no file at all, a folder: each in words that help."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match=message):
        await Journal.open(Path("folder" if place == "." else place))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SQLITE_FULL", "disk is full"),
        ("SQLITE_READONLY_DBMOVED", "read-only"),
        ("SQLITE_IOERR_WRITE", "disk can't be read or written"),
        ("SQLITE_CORRUPT_INDEX", "damaged"),
        ("SQLITE_BUSY_SNAPSHOT", "locked by another program"),
    ],
)
def test_sqlite_codes_become_advice(code: str, words: str) -> None:
    """Extended codes are understood by their family."""
    error = sqlite3.OperationalError("terse")
    error.sqlite_errorname = code
    assert words in explain(Path("x.db"), error)
