"""The journal's file: one hub at a time, opened, checked and brought to the present schema."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hub.journal import file_schema
from hub.store.connection import StoreConnection, StoreFailedError
from hub.store.sqlite import FileConnection, file_identity


class FileStore:
    """A journal in a file of SQLite's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._claim: FileClaim | None = None

    def open_writer(self) -> StoreConnection:
        """Claim the file, make it if need be, bring its schema to the present version."""
        if self._claim is None:
            self._claim = FileClaim(self._path)
        connection = FileConnection(self._path)
        try:
            _migrate(self._path, connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def open_reader(self) -> StoreConnection:
        return FileConnection(self._path, reads_only=True)

    def open_beside(self) -> StoreConnection:
        if file_identity(self._path) is None:
            raise StoreFailedError(f"store {self._path}: there is no such file: the hub makes it when it is started")
        connection = FileConnection(self._path, is_there=True)
        try:
            _see_that_it_is_present(self._path, _version(self._path, connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def is_claimed(self, beside: StoreConnection) -> bool:  # noqa: ARG002 - a server's store needs it
        return is_claimed(self._path)

    def release(self) -> None:
        if self._claim is not None:
            self._claim.release()
            self._claim = None


class FileClaim:
    """Holds the file for this process: a second hub on one journal would number events twice.

    The lock is on a file beside it, since closing any descriptor of the database itself would drop SQLite's locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = _lock_of(path)
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreFailedError(
                f"store {path}: can't write in its folder ({error.strerror}): the folder must exist "
                "and belong to the hub's user"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise StoreFailedError(
                f"store {path} is in use by another running hub: stop that one, or name another file in store.url"
            ) from error

    def release(self) -> None:
        os.close(self._descriptor)


def is_claimed(path: Path) -> bool:
    """Return whether some process holds the file. Raises StoreFailedError where that can't be seen."""
    try:
        descriptor = os.open(_lock_of(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreFailedError(f"store {path}: can't see whether a hub has it ({error.strerror})") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-lock")


def _version(path: Path, connection: StoreConnection) -> int:
    """Return the schema's version. Raises StoreFailedError for one that this hub doesn't know."""
    owner = connection.rows("PRAGMA application_id")[0][0]
    if owner not in (0, file_schema.APPLICATION_ID):
        raise StoreFailedError(f"store {path} is another program's database: name another file in store.url")
    present = len(file_schema.MIGRATIONS)
    version: int = connection.rows("PRAGMA user_version")[0][0]
    if version > present:
        raise StoreFailedError(
            f"store {path} was written by a newer ctihub (schema {version}, this one knows {present}): "
            "install that version again, or put back a backup from before"
        )
    return version


def _see_that_it_is_present(path: Path, version: int) -> None:
    present = len(file_schema.MIGRATIONS)
    if version < present:
        raise StoreFailedError(
            f"store {path} was written by an older ctihub (schema {version}, this one knows {present}): "
            "start the hub of this version once"
        )


def _migrate(path: Path, connection: StoreConnection) -> None:
    version = _version(path, connection)
    for number, migration in enumerate(file_schema.MIGRATIONS[version:], start=version + 1):
        with connection.transaction():
            for statement in migration:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {file_schema.APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
