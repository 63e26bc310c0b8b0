"""The log of who saw whose data, as the tables hold it: a row for each access and key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.domain.ports import Access, AccessAction
from hub.journal.queries import MAX_KEYS, bounded
from hub.journal.writes import index_key, microseconds
from hub.store.connection import StoreConnection

KEEP_ACCESS: Final = """INSERT INTO accesses (key, at, viewer, action, call_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING"""
_ACCESSES: Final = """SELECT key, at, viewer, action, call_id FROM accesses WHERE key = ANY ($1) AND at < $2
    ORDER BY at DESC, viewer, action, call_id, key LIMIT $3"""
FORGET_ACCESSES: Final = """DELETE FROM accesses WHERE at < $1 AND at <= coalesce(
    (SELECT max(at) FROM (SELECT at FROM accesses WHERE at < $1 ORDER BY at LIMIT $2) AS oldest), -1)"""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE: Final = 2**62


def rows_of(accesses: Sequence[Access]) -> Sequence[Sequence[Any]]:
    """Return the values of KEEP_ACCESS; one that found nobody has a row without a key."""
    return [
        (index_key(key), microseconds(one.at), one.viewer, one.action.value, index_key(one.call_id))
        for one in accesses
        for key in one.keys or ("",)
    ]


def accesses(
    connection: StoreConnection, keys: Sequence[str], before: datetime | None = None, limit: int = 100
) -> Sequence[Access]:
    """Return who saw what is known by any of `keys`, the newest first; what was seen together is one access."""
    wanted = [index_key(key) for key in keys[:MAX_KEYS]]
    until = _FAR_FUTURE if before is None else microseconds(before)
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for key, at, viewer, action, call_id in connection.rows(_ACCESSES, (wanted, until, bounded(limit))):
        found.setdefault((at, viewer, action, call_id), []).append(key)
    return [
        Access(
            at=_EPOCH + timedelta(microseconds=at),
            viewer=viewer,
            action=AccessAction(action),
            keys=tuple(seen),
            call_id=call_id,
        )
        for (at, viewer, action, call_id), seen in found.items()
    ]
