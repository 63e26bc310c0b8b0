"""What is left of erased data in the store's free space, and how it goes.

SQLite overwrites what is deleted (`secure_delete`) and the write-ahead log is emptied, but pages that were split long
ago may hold copies in their free part. So the file is looked through, and written anew (`VACUUM`) if a trace is found.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from hub.domain.store_place import ServerPlace
from hub.journal.erasure_tables import OF_CUSTOMERS
from hub.store.connection import StoreConnection, StoreFailedError

VACUUM_S: Final = 3_600.0
"""A large table takes its time, and nobody waits for it but whoever erases."""
_CHUNK: Final = 8 * 1024 * 1024
_LOG_IN_USE: Final = (
    "{path}-wal: the write-ahead log is in use and could not be emptied: it is once the hub stops, or by the same "
    "command again"
)
_NOT_WRITTEN: Final = (
    "{path}: traces stand in the file's free space, and it could not be written anew ({reason}): run the same command "
    "again"
)
_SERVER: Final = (
    "PostgreSQL: the old rows are free for use again (VACUUM) and overwritten in time, at once with VACUUM FULL on the "
    "tables of schema ctihub; its write-ahead log, replicas and backups keep them as long as you keep those"
)


def clean_file(connection: StoreConnection, path: Path, *, is_clean: bool) -> tuple[str, ...]:
    """Empty the log, and write the file anew where it is not clean; return what could not be done."""
    left: list[str] = []
    if not is_clean:
        try:
            # A copy of the whole file does not belong into memory.
            connection.execute("PRAGMA temp_store = FILE")
            connection.execute("VACUUM")
        except StoreFailedError as error:
            left.append(_NOT_WRITTEN.format(path=path, reason=error))
    if not empty_log(connection):
        left.append(_LOG_IN_USE.format(path=path))
    return tuple(left)


def clean_server(place: ServerPlace) -> tuple[str, ...]:
    """Have the space of old rows used again; return what is beyond that, and what could not be done."""
    # asyncpg is not needed where the store is a file.
    from hub.store.postgresql import ServerConnection

    try:
        connection = ServerConnection(place, answer_s=VACUUM_S)
        try:
            for table in sorted(OF_CUSTOMERS):
                connection.execute(f"VACUUM {table}")
        finally:
            connection.close()
    except StoreFailedError as error:
        return (f"PostgreSQL: VACUUM could not be done ({error}): the server does it by itself in time", _SERVER)
    return (_SERVER,)


def empty_log(connection: StoreConnection) -> bool:
    """Take the write-ahead log into the file and cut it; return whether nobody hindered it."""
    is_busy, _, _ = connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0]
    return not is_busy


def has_any(path: Path, traces: Collection[bytes]) -> bool:
    """Whether one of some texts stands in a file, read a piece at a time."""
    longest = max((len(trace) for trace in traces), default=0)
    if not longest:
        return False
    end = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            text = end + piece
            if any(trace in text for trace in traces):
                return True
            end = text[-longest:]
    return False
