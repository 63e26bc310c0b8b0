"""The journal's tests run on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from tests.servers.postgresql import PostgreSQL


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    """Give a place where there is nothing yet."""
    if request.param == "sqlite":
        yield tmp_path / "journal.db"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = asyncio.run(server.make_database())
    yield server.place(name)
    asyncio.run(server.run("postgres", f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def journal(place: StorePlace) -> AsyncIterator[Journal]:
    """Give an empty journal that is closed afterwards."""
    opened = await Journal.open(place)
    yield opened
    await opened.close()
