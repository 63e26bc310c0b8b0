"""PostgreSQL by asyncpg, on an event loop in a thread of its own: whoever has the connection waits for it."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from hub.domain.store_place import ServerPlace
from hub.store.connection import StoreFailedError, ValuesRefusedError
from hub.store.server_words import explain

T = TypeVar("T")

SCHEMA: Final = "ctihub"
"""The hub's own schema: other programs' tables in the same database are never looked at."""

CONNECT_S: Final = 5.0
ANSWER_S: Final = 30.0
"""How long one statement may take before the server counts as away: a large group of events takes its time."""

GIVEN_UP_S: Final = 1.0
"""How long the server goes on with a statement that nobody waits for any more."""

CLOSE_S: Final = 2.0

_SETTINGS: Final = {
    "application_name": "ctihub",
    "search_path": SCHEMA,
    "timezone": "UTC",
    "client_encoding": "UTF8",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    # A commit that was confirmed is on the server's disk, whatever the server's own default is.
    "synchronous_commit": "on",
    # All that the hub asks for it finds by index, in milliseconds: neither is worth its beginning.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # A hub that stands still in a transaction must not keep the others from the rows for ever.
    "idle_in_transaction_session_timeout": "60000",
    # The server finds out within half a minute that a hub's machine is gone, and lets another hub in.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_ABOUT_THE_VALUES = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    OverflowError,
    UnicodeError,
)


class ServerConnection:
    """A connection to a database; blocking, whatever runs in the thread that asks, for `answer_s` a statement.

    PostgreSQL's text holds no NUL: U+FFFD stands for it, in what is looked for as in what is stored.
    """

    def __init__(self, place: ServerPlace, *, answer_s: float | None = None) -> None:
        self._place = place
        self._is_lost = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="store-connection", daemon=True)
        self._thread.start()
        try:
            self._connection = self._answer(_connect(place, answer_s or ANSWER_S))
        except BaseException as error:
            self._end_loop()
            if not isinstance(error, Exception):
                raise
            raise StoreFailedError(explain(place, error)) from error

    @property
    def is_lost(self) -> bool:
        return self._is_lost or self._connection.is_closed()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        found = self._wait(lambda: self._connection.fetch(statement, *_row(values)))
        return [tuple(record) for record in found]

    def rows_of_each(self, statement: str, rows: Sequence[Sequence[Any]]) -> Sequence[tuple[Any, ...]]:
        if not rows:
            return ()
        found = self._wait(lambda: self._connection.fetchmany(statement, [_row(row) for row in rows]))
        return [tuple(record) for record in found]

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        status: str = self._wait(lambda: self._connection.execute(statement, *_row(values)))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._wait(lambda: self._connection.executemany(statement, [_row(row) for row in rows]))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if not self.is_lost:
                self.execute("ROLLBACK")
            raise

    def check(self) -> None:
        self.rows("SELECT 1")

    def close(self) -> None:
        if not self._thread.is_alive():
            return
        try:
            if not self.is_lost:
                self._answer(self._connection.close(timeout=CLOSE_S))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            self._loop.call_soon_threadsafe(self._connection.terminate)
        finally:
            self._is_lost = True
            self._end_loop()

    def _wait(self, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._is_lost:
            raise StoreFailedError(f"store {self._place}: the connection is closed")
        try:
            return self._answer(question())
        except _ABOUT_THE_VALUES as error:
            # The message of these may quote a value, the type does not.
            raise ValuesRefusedError(f"PostgreSQL does not take it: {type(error).__name__}") from error
        except Exception as error:
            if not isinstance(error, asyncpg.PostgresError):
                # Whatever it was, what the server still says on this connection can't be told apart any more.
                self._loop.call_soon_threadsafe(self._connection.terminate)
                self._is_lost = True
            raise StoreFailedError(explain(self._place, error)) from error

    def _answer(self, question: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()

    def _end_loop(self) -> None:
        self._answer(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_tasks() -> None:
    """Let asyncpg end what it still does on the loop, as telling the server that nobody waits any more; else end it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if not others:
        return
    _, waiting = await asyncio.wait(others, timeout=CLOSE_S)
    for task in waiting:
        task.cancel()
    if waiting:
        await asyncio.wait(waiting, timeout=CLOSE_S)


async def _connect(place: ServerPlace, answer_s: float) -> Any:
    encryption: ssl.SSLContext | str = "prefer"
    if place.verified:
        encryption = ssl.create_default_context(cafile=place.ca_file)
    return await asyncpg.connect(
        host=place.host,
        port=place.port,
        user=place.user,
        password=place.password or None,
        database=place.database,
        ssl=encryption,
        timeout=CONNECT_S,
        command_timeout=answer_s,
        # The hub has few statements: none is to be planned again because nobody asked for five minutes.
        max_cached_statement_lifetime=0,
        server_settings=_SETTINGS | {"statement_timeout": str(round((answer_s + GIVEN_UP_S) * 1_000))},
    )


def _row(values: Sequence[Any]) -> Sequence[Any]:
    return [_value(value) for value in values]


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [_value(item) for item in value] if isinstance(value, list) else value
