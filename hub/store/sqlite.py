"""SQLite: a file of the hub's own, which others may open beside it."""

from __future__ import annotations

import functools
import json
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hub.store.connection import StoreFailedError, ValuesRefusedError

LOCKED_WAIT_S: Final = 5.0
"""How long a statement waits for another program's lock on the file."""

_ADVICE = {
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_BUSY": "the file is locked by another program: end whatever has it open",
    "SQLITE_LOCKED": "the file is locked by another program: end whatever has it open",
    "SQLITE_READONLY": "the file is read-only: let the hub's user write it and its folder",
    "SQLITE_PERM": "the hub's user may not write the file: let it write the file and its folder",
    "SQLITE_CANTOPEN": "the file can't be opened: its folder must exist and the hub's user must be able to write there",
    "SQLITE_CORRUPT": "the file is damaged: put back a backup, or move the file away to start with an empty one",
    "SQLITE_NOTADB": "the file is not an SQLite database: name another one in store.url, or move it away",
    "SQLITE_IOERR": "the disk can't be read or written: look at the system's log for disk errors and free space",
}
_ABOUT_THE_VALUES = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.NotSupportedError,
    sqlite3.InterfaceError,
    OverflowError,
    UnicodeError,
)


def explain(path: Path, error: Exception) -> str:
    """Say in one sentence what `error` of SQLite on the file `path` means and what helps."""
    name: str = getattr(error, "sqlite_errorname", "") or ""
    for code, advice in _ADVICE.items():
        if name == code or name.startswith(f"{code}_"):
            return f"store {path}: {advice}"
    return f"store {path}: {error}"


@contextmanager
def failures_in_words(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into StoreFailedError, or ValuesRefusedError where it is about the values."""
    try:
        yield
    except _ABOUT_THE_VALUES as error:
        raise ValuesRefusedError(f"{type(error).__name__}: {error}") from error
    except sqlite3.Error as error:
        raise StoreFailedError(explain(path, error)) from error


class FileConnection:
    """A connection to a file, which is made if need be. With `reads_only`, or when it `is_there`, it is not made.

    A commit is on the disk when it returns (`synchronous=FULL`).
    """

    is_lost: Final = False

    def __init__(self, path: Path, *, reads_only: bool = False, is_there: bool = False) -> None:
        self._path = path
        if not (reads_only or is_there):
            _make_private(path)
        with failures_in_words(path):
            self._database = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=LOCKED_WAIT_S,
                isolation_level=None,
                # A connection is used by one thread at a time, but not always the one that opened it.
                check_same_thread=False,
                cached_statements=64,
            )
            try:
                self._set_up(reads_only=reads_only)
            except BaseException:
                self._database.close()
                raise
        self._identity = file_identity(path)

    def _set_up(self, *, reads_only: bool) -> None:
        self._database.execute("PRAGMA temp_store = MEMORY")
        if reads_only:
            self._database.execute("PRAGMA query_only = ON")
            return
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA foreign_keys = ON")

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        with failures_in_words(self._path):
            return self._database.execute(in_dialect(statement), _row(values)).fetchall()

    def rows_of_each(self, statement: str, rows: Sequence[Sequence[Any]]) -> Sequence[tuple[Any, ...]]:
        return [found for row in rows for found in self.rows(statement, row)]

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        with failures_in_words(self._path):
            return self._database.execute(in_dialect(statement), _row(values)).rowcount

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry it out for many rows in one go where its VALUES can be repeated.

        Python's interpreter lock is let go and taken again for each step of a statement, and taking it again may last
        milliseconds while another thread is at work: row by row, the events would wait for the lock, not for the disk.
        """
        with failures_in_words(self._path):
            if repeated(statement, 1) is None:
                self._database.executemany(in_dialect(statement), rows)
                return
            for first in range(0, len(rows), ROWS_TOGETHER):
                some = rows[first : first + ROWS_TOGETHER]
                many = repeated(statement, len(some)) or ""
                self._database.execute(many, [value for row in some for value in row])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.check()
        with failures_in_words(self._path):
            self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            with failures_in_words(self._path):
                self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def check(self) -> None:
        """Raise StoreFailedError when the file is gone: SQLite would write to what nobody finds again."""
        if file_identity(self._path) != self._identity:
            raise StoreFailedError(
                f"store {self._path}: the file was deleted, moved or replaced while the hub runs: put it back, "
                "with its -wal and -shm beside it; until then nothing is written, and a stop loses what waits"
            )

    def close(self) -> None:
        self._database.close()


def check_file(path: Path) -> None:
    """Raise StoreFailedError where a file can't be written, now or by this user; nothing in it is changed."""
    with failures_in_words(path):
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=LOCKED_WAIT_S
        )
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        finally:
            database.close()


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells this file from another of the same name; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _make_private(path: Path) -> None:
    """Make the file, if there is none, for the hub's user alone; SQLite's own files beside it get the same mode.

    An existing file is not opened: closing it would drop the locks that this process holds on it, and the next
    program to close the file would take the write-ahead log away from under the hub (POSIX, fcntl).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreFailedError(f"store {path}: can't be made: {error.strerror}") from error


ROWS_TOGETHER: Final = 128
_VALUES: Final = re.compile(r"VALUES (\((?:[^()]|\([^()]*\))*\))")


@functools.lru_cache(maxsize=2_000)
def repeated(statement: str, times: int) -> str | None:
    """Return a statement with the row of its VALUES so many times; None if it has none that holds all placeholders."""
    row = _VALUES.search(statement)
    placeholders = _PLACEHOLDER.findall(statement)
    if row is None or _PLACEHOLDER.findall(row[1]) != placeholders:
        return None
    if placeholders != [str(number + 1) for number in range(len(placeholders))]:
        return None
    rows = ", ".join([_PLACEHOLDER.sub("?", row[1])] * times)
    return f"{statement[: row.start(1)]}{rows}{statement[row.end(1) :]}"


_PLACEHOLDER: Final = re.compile(r"\$(\d+)")
_ANY: Final = re.compile(r"= ANY \(\$(\d+)\)")
_MEMBER: Final = re.compile(
    r"\((SELECT (?:[^()]|\([^()]*\))*)\s(ORDER BY [\w, ]+ LIMIT \$\d+)\)(?=\s+(?:UNION ALL\s+\(|\2))"
)


@functools.cache
def in_dialect(statement: str) -> str:
    """Return a statement as SQLite reads it; a list of texts comes to it as JSON.

    SQLite merges what is united in order, and takes no more of any member than is wanted of the whole: it need not, and
    can't, be told so of each.
    """
    united = _MEMBER.sub(r"\1", statement)
    return _PLACEHOLDER.sub(r"?\1", _ANY.sub(r"IN (SELECT value FROM json_each($\1))", united))


def _row(values: Sequence[Any]) -> Sequence[Any]:
    return [json.dumps(value) if isinstance(value, list) else value for value in values]
