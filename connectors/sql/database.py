"""What the databases do differently: how they are connected to, kept from writing, and what their errors mean."""

from __future__ import annotations

import os
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, NoReturn

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.elements import TextClause

from connectors.base import ConnectorError
from connectors.tls import distrust
from connectors.wording import backend_words
from hub.config.sql import SqlConnector as SqlConfig
from hub.domain.customer import Problem

RECYCLE_S = 1_800
_MIN_HIDDEN = 2


class Database(ABC):
    """One configured database. `reading` refuses every change, `writing` does not; both connect when first used."""

    title: str
    """As it calls itself."""

    errors: tuple[type[Exception], ...]
    """What comes up with a connection or a statement: SQLAlchemy's own, and what it lets through of the driver's."""

    def __init__(self, config: SqlConfig) -> None:
        self.address = config.address
        self.timeout_s = config.timeout_s
        self._connections = config.max_concurrent
        self._trust = config.tls if "tls" in config.model_fields_set else None

    reading: AsyncEngine
    writing: AsyncEngine

    @abstractmethod
    async def open(self) -> None:
        """Make the engines; nothing is connected yet."""

    async def close(self) -> None:
        await self.reading.dispose()
        if self.writing is not self.reading:
            await self.writing.dispose()

    def engine(self, url: URL, **arguments: Any) -> AsyncEngine:
        return create_async_engine(
            url,
            pool_size=self._connections,
            max_overflow=0,
            pool_recycle=RECYCLE_S,
            # What was asked for belongs to nobody's log.
            hide_parameters=True,
            connect_args=arguments,
        )

    async def begin(self, connection: AsyncConnection, *, reading: bool) -> None:  # noqa: B027 - most need nothing
        """Say at the begin of a transaction what the engine's options could not."""

    async def examine(self, connection: AsyncConnection, statement: TextClause) -> None:
        """Have the database look at a statement without running it, where EXPLAIN does that."""
        (await connection.execute(statement)).close()

    looking = "EXPLAIN "
    """What stands before a statement that `examine` gets."""

    @abstractmethod
    def diagnose(self, error: BaseException) -> tuple[Problem, str]:
        """Return the kind of problem and what to say of it, with `{said}` where the database's words go."""

    def explain(self, error: Exception, bound: Iterable[Any] = ()) -> NoReturn:
        """Raise what an error of the database means, in plain words without the values that were sent."""
        original: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        original = self.driver_error(original)
        problem, words = self.diagnose(original)
        said = backend_words(_without(self.said(original), bound))
        place = f"{self.address.host}:{self.address.port}"
        message = words.format(said=said, place=place, file=self.address.name, seconds=self.timeout_s)
        raise ConnectorError(problem, message) from None

    def driver_error(self, error: BaseException) -> BaseException:
        """Return the error that says most, where several stand behind each other."""
        return error

    def said(self, error: BaseException) -> str:
        """Return what the database, or the system, says of an error: one line."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {distrust(error)}"
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and (error.errno or 0) > 0:
            return os.strerror(error.errno or 0).lower()
        text = str(getattr(error, "strerror", None) or error).strip()
        return text.splitlines()[0] if text else type(error).__name__


def _without(message: str, bound: Iterable[Any]) -> str:
    values = {str(one) for value in bound for one in (value if isinstance(value, list) else [value])}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _MIN_HIDDEN:
            message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "***", message)
    return message
