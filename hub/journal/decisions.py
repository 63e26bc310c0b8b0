"""What people decided of who is who, as the derived tables have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from hub.domain.event import decode_event
from hub.domain.identity import IdentityDecision
from hub.journal import statements
from hub.journal.writes import index_key
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

MAX_KEYS: Final = 256
MAX_DECISIONS_OF_A_KEY: Final = 200


def decisions(connection: StoreConnection, keys: Sequence[str]) -> Sequence[IdentityDecision]:
    """Return those that stand about any of `keys`, the oldest first; of one key the newest few hundred."""
    asked = [(index_key(key), MAX_DECISIONS_OF_A_KEY) for key in keys[:MAX_KEYS]]
    found: dict[int, bytes] = dict(connection.rows_of_each(statements.DECISIONS_OF_KEY, asked))
    told = (_decision(position, found[position]) for position in sorted(found))
    return [decision for decision in told if decision is not None]


def decision(connection: StoreConnection, decision_id: str) -> IdentityDecision | None:
    """Return it as it is now, also one that was taken back."""
    rows = connection.rows(statements.DECISION, (index_key(decision_id),))
    return _decision(*rows[0]) if rows else None


def _decision(position: int, body: bytes) -> IdentityDecision | None:
    try:
        data = decode_event(body).data
    except msgspec.ValidationError as error:
        log.warning("journal_event_unreadable", position=position, reason=str(error))
        return None
    return data if isinstance(data, IdentityDecision) else None
