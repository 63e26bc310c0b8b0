"""Queries on connections of their own, in threads, so that no query holds up the event loop or the writer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hub.journal.database import open_reader
from hub.journal.errors import JournalError, explain

T = TypeVar("T")


class Readers:
    """A few reading threads over one file."""

    def __init__(self, path: Path, *, threads: int = 2) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="journal-reader")
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in a thread. Raises JournalError in plain words when the file can't be read."""
        if self._closed:
            raise JournalError(f"journal {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._with_connection, query)

    async def close(self) -> None:
        """Let queries under way finish, then close the connections."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)
        while self._idle:
            self._idle.pop().close()

    def _with_connection(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._take()
        except sqlite3.Error as error:
            raise JournalError(explain(self._path, error)) from error
        try:
            return query(connection)
        except sqlite3.Error as error:
            raise JournalError(explain(self._path, error)) from error
        finally:
            self._idle.append(connection)

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return open_reader(self._path)
