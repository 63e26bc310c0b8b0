"""A store in a file taken over into PostgreSQL by COPY: row by row through the hub ten million would take hours."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, Final

import asyncpg

from hub.domain.store_place import ServerPlace
from hub.journal.store import store_at
from hub.store.postgresql import SCHEMA

TOGETHER: Final = 50_000
"""Rows that are sent at once."""
_ORDER: Final = {
    "events": "position",
    "calls": "started_at",
    "call_agents": "started_at",
    "last_agents": "started_at",
    "lines": "line",
    "line_keys": "line",
    "customer_records": "number",
    "customer_terms": "number",
}
"""In which rows came to the hub: so they lie on a server's disk."""

_INDEXES: Final = """SELECT index.relname AS name, rule.conname AS rule, pg_get_indexdef(index.oid) AS made_by,
        pg_get_constraintdef(rule.oid) AS rule_made_by
    FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
    LEFT JOIN pg_constraint AS rule ON rule.conindid = index.oid
    WHERE indrelid = $1::regclass ORDER BY indisprimary DESC, name"""


def copy(file: Path, place: ServerPlace) -> None:
    """Make the hub's tables in an empty database and fill them with what the file has."""
    store = store_at(place)
    store.open_writer().close()
    store.release()
    rows = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        asyncio.run(_copy(rows, place))
    finally:
        rows.close()


async def _copy(rows: sqlite3.Connection, place: ServerPlace) -> None:
    connection = await asyncpg.connect(
        host=place.host, port=place.port, user=place.user, password=place.password, database=place.database
    )
    try:
        await connection.execute(
            f"SET search_path = {SCHEMA}; SET synchronous_commit = off; SET maintenance_work_mem = '1GB'"
        )
        for (table,) in rows.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall():
            await _copy_table(rows, connection, table)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _copy_table(rows: sqlite3.Connection, connection: Any, table: str) -> None:
    """Fill a table that has no index meanwhile: made at the end each takes a fraction of the time."""
    indexes = await connection.fetch(_INDEXES, table)
    for index in indexes:
        await connection.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {index['rule']}" if index["rule"] else f"DROP INDEX {index['name']}"
        )
    await connection.execute(f"TRUNCATE {table}")
    found = rows.execute(f"SELECT * FROM {table} ORDER BY {_ORDER.get(table, '1')}")
    columns = [column[0] for column in found.description]
    for some in iter(lambda: found.fetchmany(TOGETHER), []):
        await connection.copy_records_to_table(table, records=some, columns=columns)
    for index in indexes:
        await connection.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {index['rule']} {index['rule_made_by']}"
            if index["rule"]
            else index["made_by"]
        )
