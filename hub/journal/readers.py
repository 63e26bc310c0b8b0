"""Queries on connections of their own, in threads, so that no query holds up the event loop or the writer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hub.journal.errors import JournalError
from hub.journal.store import JournalStore
from hub.store.connection import StoreConnection, StoreFailedError, ValuesRefusedError

T = TypeVar("T")


class Readers:
    """A few reading threads over one store."""

    def __init__(self, store: JournalStore, *, threads: int = 2) -> None:
        self._store = store
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="journal-reader")
        self._idle: deque[StoreConnection] = deque()
        self._closed = False

    async def run(self, query: Callable[[StoreConnection], T]) -> T:
        """Run `query` in a thread. Raises JournalError in plain words when the store can't be read."""
        if self._closed:
            raise JournalError("the journal is closed")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._answer, query)

    async def close(self) -> None:
        """Let queries under way finish, then close the connections."""
        self._closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._executor.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _answer(self, query: Callable[[StoreConnection], T]) -> T:
        try:
            # That a connection was cut while nobody used it shows when it is used: the others may be cut, too.
            while (connection := self._idle_one()) is not None:
                try:
                    return self._with(connection, query)
                except StoreFailedError:
                    if not connection.is_lost:
                        raise
            return self._with(self._store.open_reader(), query)
        except (StoreFailedError, ValuesRefusedError) as error:
            raise JournalError(str(error)) from error

    def _with(self, connection: StoreConnection, query: Callable[[StoreConnection], T]) -> T:
        try:
            return query(connection)
        finally:
            if connection.is_lost:
                connection.close()
            else:
                self._idle.append(connection)

    def _idle_one(self) -> StoreConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None
