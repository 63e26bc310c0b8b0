"""Statements with bound parameters: lookups in transactions that are read only, each write in one of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from collections.abc import Mapping as Section
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from connectors.base import ConnectorError
from connectors.resolve import Scope
from connectors.rows import MAX_ROWS, Row
from connectors.sql.database import Database
from connectors.sql.values import bound, cell, names_of, samples, size_of
from connectors.stepped import SteppedConnector
from connectors.tracing import asked, current_trace
from hub.config.operations import OperationBase
from hub.config.sql import SqlConnector as SqlConfig
from hub.config.sql import SqlOperation, SqlStep, SqlWrite
from hub.config.sql_address import DatabaseKind
from hub.config.writes import WriteOperationBase
from hub.domain.customer import Problem
from hub.domain.writeback import WriteBack, WriteResult
from hub.mapping.mapping import Mapping

log = structlog.get_logger(__name__)

_BATCH = 100

Answer = TypeVar("Answer")


class _Transaction:
    """A write's connection, which its steps take turns with."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.turn = asyncio.Lock()


_TRANSACTION: ContextVar[_Transaction | None] = ContextVar("transaction", default=None)


def _sqlite(config: SqlConfig) -> Database:
    from connectors.sql.sqlite import SQLite

    return SQLite(config)


def _postgresql(config: SqlConfig) -> Database:
    from connectors.sql.postgresql import PostgreSQL

    return PostgreSQL(config)


def _oracle(config: SqlConfig) -> Database:
    from connectors.sql.oracle import Oracle

    return Oracle(config)


_DATABASES: dict[DatabaseKind, Callable[[SqlConfig], Database]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "oracle": _oracle,
}


def database_of(config: SqlConfig) -> Database:
    """Return the database that a configuration names; nothing is connected yet."""
    return _DATABASES[config.address.kind](config)


class SqlConnector(SteppedConnector[SqlStep]):
    def __init__(self, name: str, config: SqlConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._sql = config
        self._database = database_of(config)
        self._slots = asyncio.Semaphore(config.max_concurrent)
        self._opening = asyncio.Lock()
        self._is_started = self._is_open = False

    async def start(self) -> None:
        self._is_started = True

    async def close(self) -> None:
        self._is_started = False
        if self._is_open:
            self._is_open = False
            await self._database.close()

    async def _opened(self) -> Database:
        """Return the database. Raises ConnectorError if the certificates to trust can't be read."""
        async with self._opening:
            if not self._is_started:
                raise ConnectorError(Problem.INTERNAL, "the connector is not started")
            if not self._is_open:
                await self._database.open()
                self._is_open = True
        return self._database

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[SqlStep]:
        return operation.steps if isinstance(operation, SqlOperation | SqlWrite) else ()

    async def _ask(self, step: SqlStep, scope: Scope) -> list[Row]:
        statement = text(step.text.template).bindparams(*bound(step.text, step.values, scope))
        transaction = _TRANSACTION.get()
        sent = msgspec.json.encode(statement.compile().params, enc_hook=str) if current_trace() else b""
        with asked(step.statement, self._database.address.shown, sent) as exchange:
            if transaction is None:
                rows = await self._again_if_stale(partial(self._looked_up, statement))
            else:
                async with transaction.turn:
                    rows = await self._done(transaction.connection, step, statement)
            if exchange is not None:
                exchange.status, exchange.reply_body = 0, msgspec.json.encode(rows)
        return rows

    async def _looked_up(self, statement: TextClause) -> list[Row]:
        async with self._connected(reading=True) as connection:
            return await self._streamed(connection, statement)

    async def _done(self, connection: AsyncConnection, step: SqlStep, statement: TextClause) -> list[Row]:
        if step.only_looks:
            return await self._streamed(connection, statement)
        with self._explained(statement):
            result: CursorResult[Any] = await connection.execute(statement)
            if not result.returns_rows:
                return [{"changed": result.rowcount}] if result.rowcount else []
            names = names_of(list(result.keys()))
            return [dict(zip(names, map(cell, row), strict=True)) for row in result.fetchmany(MAX_ROWS)]

    async def _streamed(self, connection: AsyncConnection, statement: TextClause) -> list[Row]:
        """Read no more rows than are used, and no more bytes than are allowed."""
        rows: list[Row] = []
        size = 0
        with self._explained(statement):
            async with connection.stream(statement) as result:
                names = names_of(list(result.keys()))
                async for batch in result.partitions(_BATCH):
                    size += sum(size_of(value) for row in batch for value in row)
                    if size > self._sql.max_reply_bytes:
                        raise ConnectorError(
                            Problem.TOO_LARGE,
                            f"the rows hold more than {self._sql.max_reply_bytes} bytes (max_reply_bytes): "
                            "select fewer columns or rows",
                        )
                    rows += (dict(zip(names, map(cell, row), strict=True)) for row in batch)
                    if len(rows) > MAX_ROWS:
                        log.warning("rows left out", kept=MAX_ROWS)
                        return rows[:MAX_ROWS]
        return rows

    async def _written(self, operation: WriteOperationBase, entry: WriteBack) -> WriteResult:
        return await self._again_if_stale(partial(self._written_whole, operation, entry))

    async def _written_whole(self, operation: WriteOperationBase, entry: WriteBack) -> WriteResult:
        async with self._connected(reading=False) as connection:
            token = _TRANSACTION.set(_Transaction(connection))
            try:
                result = await super()._written(operation, entry)
            finally:
                _TRANSACTION.reset(token)
            with self._explained(None):
                await connection.commit()
            return result

    async def _again_if_stale(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do it a second time where the connection was one that the database had closed in the meantime.

        Nothing has been changed then, and what is written is written once in any case.
        """
        try:
            return await work()
        except _StaleConnectionError:
            log.info("connected again", connector=self._name)
        try:
            return await work()
        except _StaleConnectionError as error:
            raise error.reason from None

    @contextlib.asynccontextmanager
    async def _connected(self, *, reading: bool) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction, which is rolled back unless it was committed."""
        database = await self._opened()
        engine = database.reading if reading else database.writing
        async with self._slots, contextlib.AsyncExitStack() as stack:
            with self._explained(None):
                connection = await stack.enter_async_context(engine.connect())
                await database.begin(connection, reading=reading)
            yield connection

    @contextlib.contextmanager
    def _explained(self, statement: TextClause | None) -> Iterator[None]:
        values = statement.compile().params.values() if statement is not None else ()
        try:
            yield
        except self._database.errors as error:
            try:
                self._database.explain(error, values)
            except ConnectorError as reason:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise _StaleConnectionError(reason) from None
                raise

    async def _probe(self) -> str:
        """Have the database look at every statement; say its version."""
        named: list[tuple[str, OperationBase | WriteOperationBase]] = [
            *((f"operation {name}", operation) for name, operation in self._sql.operations.items()),
            *((f"write {kind}", operation) for kind, operation in self._sql.writes.items()),
        ]
        checked = 0
        version = ""
        for where, operation in named:
            for step in self._steps(operation):
                try:
                    version = await self._again_if_stale(partial(self._examined, step))
                except ConnectorError as error:
                    raise error.within(f"{where}, step {step.name}") from error
                checked += 1
        return f"{self._database.title} {version}, {_right(checked)}"

    async def _examined(self, step: SqlStep) -> str:
        before = self._database.looking
        statement = text(before + step.text.template).bindparams(*samples(step.text, step.values))
        async with self._connected(reading=True) as connection:
            with self._explained(statement):
                await self._database.examine(connection, statement)
            return ".".join(map(str, connection.dialect.server_version_info or ()))


def _right(statements: int) -> str:
    return "1 statement is right" if statements == 1 else f"{statements} statements are right"


class _StaleConnectionError(Exception):
    """A connection turned out to be closed; `reason` is what to say if it happens again."""

    def __init__(self, reason: ConnectorError) -> None:
        super().__init__(reason.message)
        self.reason = reason
