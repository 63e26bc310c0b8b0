"""Who may sign in, and who has: users and sessions, where the hub keeps everything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec

from hub.domain.ports import StoreError
from hub.domain.store_place import ServerPlace, StorePlace
from hub.store.connection import StoreConnection, StoreFailedError, ValuesRefusedError
from hub.store.sqlite import FileConnection

T = TypeVar("T")

_PART: Final = "users"
_ANSWER_S: Final = 5.0
"""How long a database may take for an answer: somebody waits at the sign-in."""

_FILE_TABLES = (
    """CREATE TABLE IF NOT EXISTS users (
        agent TEXT PRIMARY KEY,
        password_hash TEXT NOT NULL,
        created_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY,
        agent TEXT NOT NULL REFERENCES users (agent) ON DELETE CASCADE,
        expires_at REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS sessions_by_agent ON sessions (agent)",
)
_SERVER_MIGRATIONS = (
    (
        """CREATE TABLE users (
            agent TEXT COLLATE "C" PRIMARY KEY,
            password_hash TEXT NOT NULL,
            created_at TEXT NOT NULL
        )""",
        """CREATE TABLE sessions (
            id TEXT COLLATE "C" PRIMARY KEY,
            agent TEXT COLLATE "C" NOT NULL REFERENCES users (agent) ON DELETE CASCADE,
            expires_at DOUBLE PRECISION NOT NULL
        )""",
        "CREATE INDEX sessions_by_agent ON sessions (agent)",
    ),
)


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


class UserStoreError(StoreError):
    """The users can't be read or written; the message says where and why."""


class UserStore:
    """Users and their sessions. Blocking, short, and safe to call from any thread and from several processes.

    Every method raises `UserStoreError` when the store can't be read or written.
    """

    def __init__(self, place: StorePlace) -> None:
        self._place = place
        self._lock = threading.Lock()
        try:
            self._connection = _open(place)
        except StoreFailedError as error:
            raise UserStoreError(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def save(self, agent: str, password_hash: str) -> None:
        """Let an agent sign in with a new password; sessions opened with the old one are over."""

        def save(store: StoreConnection) -> None:
            with store.transaction():
                store.execute("DELETE FROM sessions WHERE agent = $1", (agent,))
                store.execute(
                    "INSERT INTO users (agent, password_hash, created_at) VALUES ($1, $2, $3)"
                    " ON CONFLICT (agent) DO UPDATE SET password_hash = excluded.password_hash",
                    (agent, password_hash, datetime.now(UTC).isoformat()),
                )

        self._ask(save)

    def remove(self, agent: str) -> bool:
        """Take away an agent's password and sessions. Return whether there was one."""
        return self._execute("DELETE FROM users WHERE agent = $1", agent) > 0

    def users(self) -> list[User]:
        rows = self._rows("SELECT agent, created_at FROM users ORDER BY agent")
        return [User(agent=agent, created_at=datetime.fromisoformat(created)) for agent, created in rows]

    def password_hash(self, agent: str) -> str | None:
        rows = self._rows("SELECT password_hash FROM users WHERE agent = $1", agent)
        return str(rows[0][0]) if rows else None

    def replace_hash(self, agent: str, old: str, new: str) -> None:
        """Store the same password hashed anew, unless it was changed meanwhile."""
        self._execute("UPDATE users SET password_hash = $1 WHERE agent = $2 AND password_hash = $3", new, agent, old)

    def open_session(self, session: Session, *, now: float, verified_hash: str) -> bool:
        """Store a session if the password that was checked is still the agent's. Sessions that are over go."""
        self._execute("DELETE FROM sessions WHERE expires_at <= $1", now)
        # Where the answer to the statement was lost, the same session is stored once more.
        stored = self._execute(
            "INSERT INTO sessions (id, agent, expires_at)"
            " SELECT CAST($1 AS TEXT), agent, CAST($2 AS DOUBLE PRECISION) FROM users"
            " WHERE agent = $3 AND password_hash = $4"
            " ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE sessions.agent = excluded.agent",
            *(session.id, session.expires_at, session.agent, verified_hash),
        )
        return stored == 1

    def session(self, session_id: str, *, now: float) -> Session | None:
        rows = self._rows(
            "SELECT id, agent, expires_at FROM sessions WHERE id = $1 AND expires_at > $2", session_id, now
        )
        return Session(id=rows[0][0], agent=rows[0][1], expires_at=rows[0][2]) if rows else None

    def close_session(self, session_id: str) -> None:
        self._execute("DELETE FROM sessions WHERE id = $1", session_id)

    def over(self, session_ids: Iterable[str], *, now: float) -> frozenset[str]:
        """Return those of `session_ids` that are no more valid."""
        asked = frozenset(session_ids)
        rows = self._rows("SELECT id FROM sessions WHERE expires_at > $1", now)
        return asked - {row[0] for row in rows}

    def _rows(self, statement: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        return self._ask(lambda store: store.rows(statement, values))

    def _execute(self, statement: str, *values: Any) -> int:
        return self._ask(lambda store: store.execute(statement, values))

    def _ask(self, question: Callable[[StoreConnection], T]) -> T:
        """Put a question that may be put twice: a connection that was cut is found out when it is used."""
        with self._lock:
            try:
                try:
                    return question(self._connected())
                except StoreFailedError:
                    if not self._connection.is_lost:
                        raise
                    return question(self._connected())
            except (StoreFailedError, ValuesRefusedError) as error:
                raise UserStoreError(str(error)) from error

    def _connected(self) -> StoreConnection:
        if self._connection.is_lost:
            self._connection.close()
            self._connection = _open(self._place)
        return self._connection


def _open(place: StorePlace) -> StoreConnection:
    if isinstance(place, ServerPlace):
        return _open_on_server(place)
    connection = FileConnection(place)
    try:
        for statement in _FILE_TABLES:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_on_server(place: ServerPlace) -> StoreConnection:
    # asyncpg is not needed where the store is a file.
    from hub.store.postgresql import ServerConnection
    from hub.store.server_schema import migrate

    connection = ServerConnection(place, answer_s=_ANSWER_S)
    try:
        migrate(connection, place, _PART, _SERVER_MIGRATIONS)
    except BaseException:
        connection.close()
        raise
    return connection
