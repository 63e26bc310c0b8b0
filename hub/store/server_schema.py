"""The hub's schema in a PostgreSQL database: made, brought to the present version, refused when it isn't the hub's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.store_place import ServerPlace
from hub.store.connection import StoreConnection, StoreFailedError
from hub.store.postgresql import SCHEMA, ServerConnection

Migrations = Sequence[Sequence[str]]
"""Each entry takes a part of the schema one version further. Never edit a past one."""

_LOCKS: Final = 0x43544948
"""The first half of the hub's advisory locks in a database; the letters CTIH."""

_ONE_HUB: Final = (_LOCKS, 1)
_ONE_MIGRATION: Final = (_LOCKS, 2)

_VERSIONS: Final = "store_versions"


def claim(connection: StoreConnection) -> bool:
    """Hold the database for this connection as long as it lives; False if another hub has it."""
    return bool(connection.rows("SELECT pg_try_advisory_lock($1, $2)", _ONE_HUB)[0][0])


def is_claimed(connection: StoreConnection) -> bool:
    """Return whether a hub has the database."""
    # A lock of two numbers has the first as classid, the second as objid, and 2 as objsubid (pg_locks).
    return bool(
        connection.rows(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2 "
            "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            _ONE_HUB,
        )
    )


def migrate(connection: StoreConnection, place: ServerPlace, part: str, migrations: Migrations) -> None:
    """Bring one part of the schema to the present version; programs that do so at the same time follow each other."""
    with connection.transaction():
        connection.rows("SELECT pg_advisory_xact_lock($1, $2)", _ONE_MIGRATION)
        if not connection.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", (SCHEMA,)):
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
        if not _is_ours(connection, place):
            connection.execute(f"CREATE TABLE {_VERSIONS} (part TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        version = _version(connection, place, part, len(migrations))
        for migration in migrations[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(
            f"INSERT INTO {_VERSIONS} (part, version) VALUES ($1, $2)"  # noqa: S608 - a name of ours
            " ON CONFLICT (part) DO UPDATE SET version = excluded.version",
            (part, len(migrations)),
        )


def see_that_it_is_present(connection: StoreConnection, place: ServerPlace, part: str, migrations: Migrations) -> None:
    """Raise StoreFailedError where a part of the schema is not there yet, or of another version."""
    is_there = _is_ours(connection, place)
    version = _version(connection, place, part, len(migrations)) if is_there else 0
    if version < len(migrations):
        raise StoreFailedError(
            f"store {place}: the hub's tables are not there, or of an older ctihub: start the hub of this version once"
        )


def check_server(place: ServerPlace) -> str:
    """Return what is there. Raises StoreFailedError where a hub could not keep anything; nothing is changed."""
    connection = ServerConnection(place)
    try:
        if connection.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", (SCHEMA,)):
            may_write = "has_schema_privilege($1, 'CREATE')"
            is_ours = _is_ours(connection, place)
        else:
            may_write, is_ours = "has_database_privilege(current_database(), 'CREATE') AND $1 <> ''", False
        if not connection.rows(f"SELECT {may_write}", (SCHEMA,))[0][0]:
            raise StoreFailedError(
                f"store {place}: the user may not make the schema {SCHEMA} and tables in it: "
                "GRANT CREATE ON DATABASE, or make it the schema's owner"
            )
        if not is_ours:
            return "will get the hub's tables at the first start"
        size: int = connection.rows("SELECT pg_database_size(current_database())")[0][0]
        return f"can be written, {size / 1_000_000:.1f} MB"
    finally:
        connection.close()


def _is_ours(connection: StoreConnection, place: ServerPlace) -> bool:
    """Whether the schema has the hub's mark; False for an empty one. Raises StoreFailedError for another program's."""
    tables = {name for (name,) in connection.rows("SELECT tablename FROM pg_tables WHERE schemaname = $1", (SCHEMA,))}
    if tables and _VERSIONS not in tables:
        raise StoreFailedError(
            f"store {place}: the schema {SCHEMA} holds another program's tables: name another database in store.url"
        )
    return bool(tables)


def _version(connection: StoreConnection, place: ServerPlace, part: str, present: int) -> int:
    found = connection.rows(f"SELECT version FROM {_VERSIONS} WHERE part = $1", (part,))  # noqa: S608 - a name of ours
    version: int = found[0][0] if found else 0
    if version > present:
        raise StoreFailedError(
            f"store {place} was written by a newer ctihub (schema {version} of {part}, this one knows {present}): "
            "install that version again, or put back a backup from before"
        )
    return version
