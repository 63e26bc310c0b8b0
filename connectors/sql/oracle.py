"""Oracle by python-oracledb in its thin mode, which needs no client of Oracle's."""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Any

import oracledb
from sqlalchemy import URL, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from connectors.sql.database import Database
from hub.domain.customer import Problem

_CODE = re.compile(r"\b(?:ORA|DPY)-\d{4,5}\b")
_KINDS = (
    (
        Problem.REFUSED,
        "{said}: check user and password",
        {"ORA-01017", "ORA-01005", "ORA-28000", "ORA-28001", "ORA-01045", "ORA-28009"},
    ),
    (Problem.REFUSED, "{said}: ask for the permission", {"ORA-01031", "ORA-41900"}),
    (Problem.REFUSED, "{said}: a lookup changes nothing", {"ORA-01456", "ORA-16000"}),
    (
        Problem.TIMEOUT,
        "the statement took longer than {seconds:g} s (timeout_s)",
        {"DPY-4024", "ORA-01013", "ORA-00051"},
    ),
    (
        Problem.THROTTLED,
        "{said}: lower max_concurrent, or let the server take more sessions",
        {"ORA-00018", "ORA-00020", "ORA-12519", "ORA-12520", "ORA-02391"},
    ),
    (
        Problem.UNREACHABLE,
        "no connection to {place}: {said}",
        {"DPY-6005", "DPY-4011", "DPY-1001", "DPY-6000", "DPY-6001", "DPY-6003", "ORA-03113", "ORA-03114"}
        | {"ORA-03135", "ORA-01033", "ORA-01034", "ORA-01089", "ORA-12541", "ORA-12514", "ORA-12505", "ORA-12537"}
        | {"ORA-12170"},
    ),
)
_MEANINGS = {code: (problem, words) for problem, words, codes in _KINDS for code in codes}


class Oracle(Database):
    title = "Oracle Database"
    errors = (SQLAlchemyError, oracledb.Error, OSError)

    async def open(self) -> None:
        address = self.address
        url = URL.create("oracle+oracledb_async", username=address.username, password=address.password)
        context = None
        if self._trust is not None:
            from connectors.tls import tls_context

            context = await asyncio.to_thread(tls_context, self._trust)
        engine = self.engine(url, **self.connect_arguments(context))

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            connection.driver_connection.call_timeout = int(self.timeout_s * 1_000)

        self.reading = self.writing = engine

    def connect_arguments(self, context: ssl.SSLContext | None = None) -> dict[str, Any]:
        """Return what the driver is given beside user and password; with a `context` it connects by TLS."""
        address = self.address
        protected = {"protocol": "tcps", "ssl_context": context} if context is not None else {}
        verified = {"ssl_server_dn_match": self._trust.verify} if self._trust is not None else {}
        return {
            "host": address.host,
            "port": address.port,
            "tcp_connect_timeout": self.timeout_s,
            "retry_count": 0,
            "program": "ctihub",
            **({"service_name": address.service} if address.service else {"sid": address.name}),
            **protected,
            **verified,
        }

    async def begin(self, connection: AsyncConnection, *, reading: bool) -> None:
        if reading:
            # Must be a transaction's first statement; lasts until its end (SQL Language Reference, SET TRANSACTION).
            await connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    looking = ""

    async def examine(self, connection: AsyncConnection, statement: TextClause) -> None:
        """Have it parsed: EXPLAIN PLAN would write to a table."""
        compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        driver = (await connection.get_raw_connection()).driver_connection
        cursor = driver.cursor()  # type: ignore[union-attr]  # connected, it has one
        try:
            await cursor.parse(str(compiled))
        finally:
            cursor.close()

    def diagnose(self, error: BaseException) -> tuple[Problem, str]:
        """Tell by the code that Oracle (ORA-) or the driver (DPY-) puts before its message."""
        match = _CODE.search(self.said(error))
        if match is None:
            return Problem.UNREACHABLE if isinstance(error, OSError) else Problem.FAULT, "{said}"
        return _MEANINGS.get(match[0], (Problem.FAULT, "{said}"))
