"""PostgreSQL by asyncpg, which takes a cancelled statement back by itself."""

from __future__ import annotations

import asyncio
import ssl

import asyncpg
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from connectors.sql.database import Database
from hub.domain.customer import Problem

_NUMBERS = (Problem.FAULT, "{said}; where a number is compared, give the value `type: number`")
_MEANINGS = {
    "28": (Problem.REFUSED, "{said}: check user and password, and the server's pg_hba.conf"),
    "42501": (Problem.REFUSED, "{said}: ask for the permission"),
    "25006": (Problem.REFUSED, "{said}: a lookup changes nothing"),
    "57014": (Problem.TIMEOUT, "the statement took longer than {seconds:g} s (timeout_s)"),
    "53300": (Problem.THROTTLED, "{said}: lower max_concurrent, or let the server take more connections"),
    "3D000": (Problem.FAULT, "{said}: correct the url"),
    "42883": _NUMBERS,
    "42804": _NUMBERS,
    "08": (Problem.UNREACHABLE, "{place}: {said}"),
    "57": (Problem.UNREACHABLE, "{place}: {said}"),
}


class PostgreSQL(Database):
    title = "PostgreSQL"
    errors = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

    async def open(self) -> None:
        address = self.address
        url = URL.create(
            "postgresql+asyncpg",
            username=address.username or None,
            password=address.password or None,
            host=address.host,
            port=address.port,
            database=address.name,
        )
        milliseconds = str(int(self.timeout_s * 1_000))
        settings = {
            "application_name": "ctihub",
            "statement_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
            "timezone": "UTC",
        }
        encryption: ssl.SSLContext | str = "prefer"
        if self._trust is not None:
            from connectors.tls import tls_context

            encryption = await asyncio.to_thread(tls_context, self._trust)
        self.writing = self.engine(url, timeout=self.timeout_s, server_settings=settings, ssl=encryption)
        # Each transaction begins as READ ONLY, which nothing in it can take back.
        self.reading = self.writing.execution_options(postgresql_readonly=True)

    async def close(self) -> None:
        await self.writing.dispose()

    def diagnose(self, error: BaseException) -> tuple[Problem, str]:
        """Tell by the SQLSTATE (PostgreSQL, appendix A), or by its class."""
        state: str = getattr(error, "sqlstate", None) or ""
        if not state:
            return self._without_state(error)
        return _MEANINGS.get(state) or _MEANINGS.get(state[:2]) or (Problem.FAULT, "{said}")

    def driver_error(self, error: BaseException) -> BaseException:
        # SQLAlchemy's own stands before the driver's, which has the message apart from what quotes rows.
        return error.__cause__ or error

    def said(self, error: BaseException) -> str:
        # The detail and the hint, which follow the message, quote rows.
        return super().said(error) if getattr(error, "message", None) is None else str(error.message)  # type: ignore[attr-defined]  # see before

    def _without_state(self, error: BaseException) -> tuple[Problem, str]:
        match error:
            case ssl.SSLError() | asyncpg.ClientConfigurationError():
                return Problem.UNREACHABLE, "{place} does not encrypt as `tls` wants it: {said}"
            case TimeoutError():
                return Problem.TIMEOUT, "no connection to {place} within {seconds:g} s"
            case OSError() | asyncpg.InterfaceError() | asyncpg.PostgresConnectionError():
                return Problem.UNREACHABLE, "no connection to {place}: {said}"
            case _:
                # What the driver could not even send: a number too large for its column, and the like.
                return Problem.FAULT, "{said}"
