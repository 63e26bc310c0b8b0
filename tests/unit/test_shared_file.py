"""The journal and the users share one SQLite file, and `ctihub user` opens it while the hub runs."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from hub.desk.user_store import UserStore
from hub.journal.journal import Journal

_ANOTHER_PROGRAM = (
    "import pathlib, sys; from hub.desk.user_store import UserStore; UserStore(pathlib.Path(sys.argv[1])).close()"
)


async def test_what_the_hub_writes_after_another_program_closed_the_file_is_there(tmp_path: Path) -> None:
    """The hub's locks outlive its user store's opening: nobody else may think that the file is in no one's hands."""
    path = tmp_path / "ctihub.db"
    journal = await Journal.open(path)
    users = UserStore(path)
    try:
        await journal.save_cursor("reader", 1)
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", _ANOTHER_PROGRAM, str(path))
        assert 0 == await other.wait()

        await journal.save_cursor("reader", 2)

        assert path.with_name("ctihub.db-wal").exists()
        onlooker = sqlite3.connect(path)
        try:
            assert [(2,)] == onlooker.execute("SELECT position FROM cursors").fetchall()
        finally:
            onlooker.close()
    finally:
        users.close()
        await journal.close()
