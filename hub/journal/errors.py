"""What goes wrong with the journal's file, in words for the person who can mend it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hub.domain.ports import EventRefusedError as EventRefusedError  # noqa: PLC0414 - told to the feeds
from hub.domain.ports import StoreError


class JournalError(StoreError):
    """The journal can't do what was asked; the message says why and what to do."""


class JournalFullError(JournalError):
    """Writing fails for so long that no more events fit in memory; this one was not taken."""


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


def explain(path: Path, error: Exception) -> str:
    """Say in one sentence what `error` of SQLite on the file `path` means and what helps."""
    name: str = getattr(error, "sqlite_errorname", "") or ""
    for code, advice in _ADVICE.items():
        if name == code or name.startswith(f"{code}_"):
            return f"journal {path}: {advice}"
    return f"journal {path}: {error}"


def is_about_the_file(error: Exception) -> bool:
    """Whether SQLite failed because of the file or disk (worth a retry), not because of the row it was given."""
    about_the_row = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.NotSupportedError)
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, about_the_row)
