"""SQLite, whose file is read by a thread: the time limit is looked at while a statement runs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.elements import TextClause

from connectors.sql.database import Database
from hub.domain.customer import Problem

_STEPS_BETWEEN_LOOKS = 5_000
_LOCKED_S = 1.0
"""How long another program's lock is waited for, which can't be cut short; writers hold it for milliseconds."""
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


class _Connection(aiosqlite.Connection):
    """Lets it be known when its thread has ended, so that none outlives the loop that it reports to."""

    ends: set[asyncio.Future[object]]

    @classmethod
    def made(cls, ends: set[asyncio.Future[object]], file: str, **options: Any) -> _Connection:
        connection = cls(lambda: sqlite3.connect(file, **options), iter_chunk_size=64)
        connection.ends = ends
        # A program ends although a connection was forgotten.
        connection._thread.daemon = True
        return connection

    def stop(self) -> asyncio.Future[object] | None:
        end: asyncio.Future[object] | None = super().stop()
        if end is not None:
            self.ends.add(end)
            end.add_done_callback(self.ends.discard)
        return end


class SQLite(Database):
    title = "SQLite"
    errors = (SQLAlchemyError, sqlite3.Error, OSError)

    _ends: set[asyncio.Future[object]]

    async def open(self) -> None:
        self._ends = set()
        self.reading = self._opened("ro", "PRAGMA query_only = ON")
        self.writing = self._opened("rw", "PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        await super().close()
        await asyncio.gather(*self._ends, return_exceptions=True)

    def _opened(self, mode: str, pragma: str) -> AsyncEngine:
        # Neither mode makes a file that is not there (SQLite, "URI filenames").
        file = Path(self.address.name).absolute().as_uri()
        url = URL.create("sqlite+aiosqlite", database=file, query={"mode": mode, "uri": "true"})
        # Statements that are kept prepared would let `examine` see the tables of before.
        engine = self.engine(
            url,
            timeout=min(self.timeout_s, _LOCKED_S),
            cached_statements=0,
            async_creator_fn=partial(_Connection.made, self._ends),
        )

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

    async def examine(self, connection: AsyncConnection, statement: TextClause) -> None:
        """Look at the tables there are now: EXPLAIN alone goes by those that the connection knew."""
        (await connection.exec_driver_sql("SELECT name FROM sqlite_master LIMIT 1")).close()
        await super().examine(connection, statement)

    def diagnose(self, error: BaseException) -> tuple[Problem, str]:
        """Tell by the result code (SQLite, "Result and Error Codes"), of which the lowest byte is the kind."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN and not os.path.exists(self.address.name):  # noqa: PTH110 - never raises
            return Problem.UNREACHABLE, "{file}: there is no such file"
        return _MEANINGS.get(code, (Problem.FAULT, "{said}"))
