"""An erasure as the store has it: begun by whoever erases, heard of and told by a hub."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from hub.journal.erasure_scope import Scope
from hub.store.connection import StoreConnection

BEGIN_ERASURE: Final = "INSERT INTO erasures (id, at, by_whom, state, events, scope) VALUES ($1, $2, $3, $4, 0, $5)"
MOVE_ERASURE: Final = "UPDATE erasures SET state = $2 WHERE id = $1 AND state = $3"
COUNT_ERASED: Final = "UPDATE erasures SET events = events + $2 WHERE id = $1"
END_ERASURE: Final = "UPDATE erasures SET state = $2, scope = $3 WHERE id = $1"
_ERASURES: Final = "SELECT id, state, by_whom, events, scope FROM erasures WHERE state = ANY ($1) ORDER BY at"
_ERASURE: Final = "SELECT id, state, by_whom, events, scope FROM erasures WHERE id = $1"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Scope)


class ErasureState(enum.StrEnum):
    """`begun` by whoever erases, `heard` by a running hub, `done` in the store, `told` to everybody by a hub."""

    BEGUN = "begun"
    HEARD = "heard"
    DONE = "done"
    TOLD = "told"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """`scope` is whose data; once it is done, of those nothing but the ids of records is kept."""

    id: str
    state: ErasureState
    by: str
    events: int
    scope: Scope


def erasures(connection: StoreConnection, states: Collection[ErasureState]) -> Sequence[Erasure]:
    """Return the erasures in these states, the oldest first."""
    return [_erasure(*row) for row in connection.rows(_ERASURES, ([state.value for state in states],))]


def erasure(connection: StoreConnection, erasure_id: str) -> Erasure | None:
    found = connection.rows(_ERASURE, (erasure_id,))
    return _erasure(*found[0]) if found else None


def encoded(scope: Scope) -> bytes:
    return _encoder.encode(scope)


def _erasure(identity: str, state: str, by: str, events: int, scope: Any) -> Erasure:
    return Erasure(id=identity, state=ErasureState(state), by=by, events=events, scope=_decoder.decode(scope))
