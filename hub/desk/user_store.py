"""Who may sign in, and who has: users and sessions in the hub's SQLite file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import msgspec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    agent TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL REFERENCES users (agent) ON DELETE CASCADE,
    expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_agent ON sessions (agent);
"""
_BUSY_S = 10.0


class User(msgspec.Struct, frozen=True, kw_only=True):
    agent: str
    created_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in. `id` is the SHA-256 of the browser's token, in hex: the file holds nothing that signs in.

    `expires_at` is in seconds since the epoch.
    """

    id: str
    agent: str
    expires_at: float


class UserStoreError(Exception):
    """The users' file can't be used; the message says which file and why."""


class UserStore:
    """Users and their sessions. Blocking, short, and safe to call from any thread and from several processes.

    Every method raises `UserStoreError` when the file can't be read or written.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._make_private()
        with self._errors_in_words():
            self._database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA foreign_keys = ON")
            self._database.executescript(_SCHEMA)

    def _make_private(self) -> None:
        """Make the file, if there is none, for the hub's user alone; SQLite's own files beside it get the same mode.

        An existing file is not opened: closing it would drop the locks that this process holds on the journal, and
        the next program to close the file would take the write-ahead log away from under the hub (POSIX, fcntl).
        """
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise UserStoreError(f"{self._path}: can't be opened for writing: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def save(self, agent: str, password_hash: str) -> None:
        """Let an agent sign in with a new password; sessions opened with the old one are over."""
        with self._exclusive() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                database.execute("DELETE FROM sessions WHERE agent = ?", (agent,))
                database.execute(
                    "INSERT INTO users (agent, password_hash, created_at) VALUES (?, ?, ?)"
                    " ON CONFLICT (agent) DO UPDATE SET password_hash = excluded.password_hash",
                    (agent, password_hash, datetime.now(UTC).isoformat()),
                )
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    def remove(self, agent: str) -> bool:
        """Take away an agent's password and sessions. Return whether there was one."""
        with self._exclusive() as database:
            return database.execute("DELETE FROM users WHERE agent = ?", (agent,)).rowcount > 0

    def users(self) -> list[User]:
        with self._exclusive() as database:
            rows = database.execute("SELECT agent, created_at FROM users ORDER BY agent").fetchall()
        return [User(agent=agent, created_at=datetime.fromisoformat(created)) for agent, created in rows]

    def password_hash(self, agent: str) -> str | None:
        with self._exclusive() as database:
            row = database.execute("SELECT password_hash FROM users WHERE agent = ?", (agent,)).fetchone()
        return None if row is None else str(row[0])

    def replace_hash(self, agent: str, old: str, new: str) -> None:
        """Store the same password hashed anew, unless it was changed meanwhile."""
        with self._exclusive() as database:
            database.execute(
                "UPDATE users SET password_hash = ? WHERE agent = ? AND password_hash = ?", (new, agent, old)
            )

    def open_session(self, session: Session, *, now: float, verified_hash: str) -> bool:
        """Store a session if the password that was checked is still the agent's. Sessions that are over go."""
        with self._exclusive() as database:
            database.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
            inserted = database.execute(
                "INSERT INTO sessions (id, agent, expires_at)"
                " SELECT ?, agent, ? FROM users WHERE agent = ? AND password_hash = ?",
                (session.id, session.expires_at, session.agent, verified_hash),
            )
            return inserted.rowcount == 1

    def session(self, session_id: str, *, now: float) -> Session | None:
        with self._exclusive() as database:
            row = database.execute(
                "SELECT id, agent, expires_at FROM sessions WHERE id = ? AND expires_at > ?", (session_id, now)
            ).fetchone()
        return None if row is None else Session(id=row[0], agent=row[1], expires_at=row[2])

    def close_session(self, session_id: str) -> None:
        with self._exclusive() as database:
            database.execute("DELETE FROM sessions WHERE id = ?", (session_id,))

    def over(self, session_ids: Iterable[str], *, now: float) -> frozenset[str]:
        """Return those of `session_ids` that are no more valid."""
        asked = frozenset(session_ids)
        with self._exclusive() as database:
            rows = database.execute("SELECT id FROM sessions WHERE expires_at > ?", (now,)).fetchall()
        return asked - {row[0] for row in rows}

    @contextmanager
    def _exclusive(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors_in_words():
            yield self._database

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UserStoreError(f"{self._path}: {error}") from error
