"""The journal's file: one hub at a time, opened, checked and brought to the present schema."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hub.journal import statements
from hub.journal.errors import JournalError, explain

LOCKED_WAIT_S: Final = 5.0
"""How long a statement waits for another program's lock on the file."""


class FileClaim:
    """Holds the file for this process: a second hub on one journal would number events twice.

    The lock is on a file beside it, since closing any descriptor of the database itself would drop SQLite's locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-lock")
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(
                f"journal {path}: can't write in its folder ({error.strerror}): the folder must exist "
                "and belong to the hub's user"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise JournalError(
                f"journal {path} is in use by another running hub: stop that one, or name another file in store.url"
            ) from error

    def release(self) -> None:
        os.close(self._descriptor)


def open_writer(path: Path) -> tuple[sqlite3.Connection, int]:
    """Open the file for writing, made if need be, its schema brought to the present version; tell the last position.

    A commit is on the disk when it returns (`synchronous=FULL`). Raises JournalError in plain words.
    """
    _make_private(path)
    try:
        connection = _connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(path, connection)
            position: int = connection.execute(statements.LAST_POSITION).fetchone()[0]
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise JournalError(explain(path, error)) from error
    return connection, position


def _make_private(path: Path) -> None:
    """Make the file, if there is none, for the hub's user alone; SQLite's own files beside it get the same mode.

    An existing file is not even opened: closing it would drop the locks of other connections in this process.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise JournalError(f"journal {path}: can't be made: {error.strerror}") from error


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells this file from another of the same name; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the file for queries alone; one that is not there is not made. Raises sqlite3.Error."""
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
    connection.execute("PRAGMA query_only = ON")
    return connection


def open_beside(path: Path) -> sqlite3.Connection:
    """Open the file of a hub that runs or not, without claiming or changing it. Raises JournalError, sqlite3.Error."""
    if file_identity(path) is None:
        raise JournalError(f"journal {path}: there is no such file: the hub makes it when it is started")
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
    try:
        _see_that_it_is_present(path, _version(path, connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _see_that_it_is_present(path: Path, version: int) -> None:
    present = len(statements.MIGRATIONS)
    if version < present:
        raise JournalError(
            f"journal {path} was written by an older ctihub (schema {version}, this one knows {present}): "
            "start the hub of this version once"
        )


_PLACEHOLDER: Final = re.compile(r"\$(\d+)")
_ANY: Final = re.compile(r"= ANY \(\$(\d+)\)")


@functools.cache
def _in_dialect(statement: str) -> str:
    """Return a portable statement, with $1 and = ANY ($1), as SQLite reads it: a list comes to it as JSON."""
    return _PLACEHOLDER.sub(r"?\1", _ANY.sub(r"IN (SELECT value FROM json_each($\1))", statement))


def _value(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value


def rows(connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
    """Return what a portable statement finds."""
    return connection.execute(_in_dialect(statement), [_value(value) for value in values]).fetchall()


def execute(connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> int:
    """Carry out a portable statement; return how many rows it changed."""
    return connection.execute(_in_dialect(statement), [_value(value) for value in values]).rowcount


def _connect(place: Path | str) -> sqlite3.Connection:
    """Connect to a path, or to a URI of SQLite."""
    connection = sqlite3.connect(
        place,
        uri=isinstance(place, str),
        timeout=LOCKED_WAIT_S,
        isolation_level=None,
        # A connection is used by one thread at a time, but not always the one that opened it.
        check_same_thread=False,
        cached_statements=64,
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _version(path: Path, connection: sqlite3.Connection) -> int:
    """Return the schema's version. Raises JournalError for one that this hub doesn't know."""
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner not in (0, statements.APPLICATION_ID):
        raise JournalError(f"journal {path} is another program's database: name another file in store.url")
    present = len(statements.MIGRATIONS)
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > present:
        raise JournalError(
            f"journal {path} was written by a newer ctihub (schema {version}, this one knows {present}): "
            "install that version again, or put back a backup from before"
        )
    return version


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    version = _version(path, connection)
    for number, migration in enumerate(statements.MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migration:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {statements.APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
