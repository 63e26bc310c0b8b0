"""An erasure knows every table that there is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hub.journal.erasure_tables import NOTHING_PERSONAL, OF_CUSTOMERS
from hub.journal.journal import Journal


async def test_every_table_is_erased_from_or_holds_nothing_personal(tmp_path: Path) -> None:
    """Whoever adds a table says which of the two: what is kept of a customer must be found again to be erased."""
    journal = await Journal.open(tmp_path / "journal.db")
    await journal.close()
    database = sqlite3.connect(tmp_path / "journal.db")
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    database.close()
    assert {name for name in tables if not name.startswith("sqlite_")} == OF_CUSTOMERS | NOTHING_PERSONAL
