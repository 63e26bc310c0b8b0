"""Real databases with the suite's customers: a SQLite file, and a PostgreSQL behind a port that can be closed."""

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.conformance.servers.customer_rows import ROWS, TABLES, sql_config
from tests.conformance.servers.relay import Relay
from tests.servers.ports import LOOPBACK
from tests.servers.postgresql import PostgreSQL

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"


class SqliteDatabase:
    version = "SQLite 3."
    endless = ENDLESS
    secret = "nothing is secret here"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "customers of 2026.db"
        self._away = folder / "away.db"

    async def make(self) -> None:
        await self.run(*TABLES, *ROWS)

    @property
    def gone(self) -> str:
        return f"{self.file}: there is no such file"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def config(self) -> dict[str, Any]:
        return sql_config(self.url)

    async def start(self) -> None:
        if self._away.exists():
            self._away.rename(self.file)

    async def stop(self) -> None:
        self.file.rename(self._away)

    async def run(self, *statements: str) -> None:
        with sqlite3.connect(self.file) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        connection = sqlite3.connect(self.file)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement)]
        finally:
            connection.close()


class PostgresDatabase:
    version = "PostgreSQL "
    endless = f"SELECT i FROM ({ENDLESS}) AS endless"
    user = "reader"
    secret = "ge/hei@m: 100%"

    def __init__(self, server: PostgreSQL) -> None:
        self.server = server
        self.relay = Relay(server.port)
        self.name = ""

    async def make(self) -> None:
        self.name = await self.server.make_database(*TABLES, *ROWS)
        await self.server.run(
            self.name,
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader')"
            f" THEN CREATE ROLE reader LOGIN PASSWORD '{self.secret}'; END IF; END $$",
            "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO reader",
        )
        await self.relay.start()

    @property
    def gone(self) -> str:
        return f"no connection to {LOOPBACK}:{self.relay.port}"

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}:{quote(self.secret, safe='')}@{LOOPBACK}:{self.relay.port}/{self.name}"

    def config(self) -> dict[str, Any]:
        return sql_config(self.url)

    async def start(self) -> None:
        await self.relay.start()

    async def stop(self) -> None:
        await self.relay.stop()

    async def run(self, *statements: str) -> None:
        await self.server.run(self.name, *statements)

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        return await self.server.rows(self.name, statement)
