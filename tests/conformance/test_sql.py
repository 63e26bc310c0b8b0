"""The `sql` kind keeps the contract of all connectors, on SQLite."""

import asyncio
import os
import sqlite3
import time
from pathlib import Path

import pytest

from connectors.base import ConnectorError
from hub.domain.customer import Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.databases import SqliteDatabase
from tests.conformance.sql_behaviour import SqlBehaviour, written


class TestSqlite(SqlBehaviour):
    @pytest.fixture
    async def backend(self, tmp_path: Path) -> SqliteDatabase:
        database = SqliteDatabase(tmp_path)
        await database.make()
        return database

    async def test_no_file_is_made(self, tmp_path: Path) -> None:
        """A file that is not there is told, and not made: neither by a lookup nor by a write."""
        database = SqliteDatabase(tmp_path)
        connector = connector_for(database)
        await connector.start()
        for attempt in (connector.check(), connector.lookup(by_phone(KNOWN.phone)), connector.write(written())):
            with pytest.raises(ConnectorError) as raised:
                await attempt
            assert "there is no such file" in raised.value.message
        await connector.close()
        assert [] == os.listdir(tmp_path)  # noqa: PTH208 - pathlib's would block, too

    async def test_no_database(self, tmp_path: Path) -> None:
        """A file that is something else is told as that."""
        database = SqliteDatabase(tmp_path)
        database.file.write_text("id;name\n" * 100)
        error = await self.problem(database, "SELECT id FROM customers")
        assert Problem.MALFORMED == error.problem
        assert "not a database" in error.message

    async def test_locked(self, backend: SqliteDatabase) -> None:
        """A file that another program keeps locked is told as that, and a caller who gives up is not held."""
        connector = connector_for(backend, timeout_s=20, retry={"attempts": 1})
        await connector.start()
        other = sqlite3.connect(backend.file)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.TIMEOUT == raised.value.problem
        assert f"{backend.file} is locked by another program" in raised.value.message
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connector.lookup(by_phone(KNOWN.phone))
        assert time.monotonic() - began < 3.0
        other.rollback()
        other.close()
        assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone(KNOWN.phone))]
        await connector.close()
