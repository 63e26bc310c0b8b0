"""SQLite, whose file is read by a thread: the time limit is looked at while a statement runs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from connectors.sql.database import Database
from hub.domain.customer import Problem

_STEPS_BETWEEN_LOOKS = 5_000
_LIMIT = "limit"
_LOCKED = (Problem.TIMEOUT, "{file} is locked by another program")
_DAMAGED = (Problem.MALFORMED, "{file}: {said}")
_FORBIDDEN = (Problem.REFUSED, "{file}: {said}; let the hub's user read it")
_MEANINGS = {
    sqlite3.SQLITE_INTERRUPT: (Problem.TIMEOUT, "the statement took longer than {seconds:g} s (timeout_s)"),
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CANTOPEN: (Problem.UNREACHABLE, "{file}: {said}"),
    sqlite3.SQLITE_IOERR: (Problem.UNREACHABLE, "{file}: {said}"),
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_AUTH: _FORBIDDEN,
    sqlite3.SQLITE_READONLY: (
        Problem.REFUSED,
        "{said}: a lookup changes nothing, and to write the hub's user must be allowed to",
    ),
}


class _Limit:
    """Whether a connection's statement has to end; asked by the connection's thread while it runs."""

    def __init__(self) -> None:
        self._at = float("inf")
        self._task: asyncio.Task[object] | None = None

    def begin(self, timeout_s: float) -> None:
        self._at = time.monotonic() + timeout_s
        self._task = asyncio.current_task()

    def is_over(self) -> bool:
        return time.monotonic() > self._at or (self._task is not None and self._task.cancelling() > 0)


class SQLite(Database):
    title = "SQLite"
    errors = (SQLAlchemyError, sqlite3.Error, OSError)

    async def open(self) -> None:
        self.reading = self._opened("ro", "PRAGMA query_only = ON")
        self.writing = self._opened("rw", "PRAGMA foreign_keys = ON")

    def _opened(self, mode: str, pragma: str) -> AsyncEngine:
        # Neither mode makes a file that is not there (SQLite, "URI filenames").
        file = Path(self.address.name).absolute().as_uri()
        url = URL.create("sqlite+aiosqlite", database=file, query={"mode": mode, "uri": "true"})
        engine = self.engine(url, timeout=self.timeout_s)

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(connection: Any, record: Any) -> None:
            limit = record.info[_LIMIT] = _Limit()
            connection.run_async(lambda driver: driver.set_progress_handler(limit.is_over, _STEPS_BETWEEN_LOOKS))
            cursor = connection.cursor()
            cursor.execute(pragma)
            cursor.close()

        return engine

    async def begin(self, connection: AsyncConnection, *, reading: bool) -> None:  # noqa: ARG002 - the file's mode says it
        limit: _Limit = (await connection.get_raw_connection()).info[_LIMIT]
        limit.begin(self.timeout_s)

    def diagnose(self, error: BaseException) -> tuple[Problem, str]:
        """Tell by the result code (SQLite, "Result and Error Codes"), of which the lowest byte is the kind."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        problem, words = _MEANINGS.get(code, (Problem.FAULT, "{said}"))
        said = self.said(error)
        if code == sqlite3.SQLITE_CANTOPEN:
            said = "it can't be opened" if os.path.exists(self.address.name) else "there is no such file"  # noqa: PTH110 - never raises
        return problem, words.format(said=said, file=self.address.name, seconds=self.timeout_s)
