"""What events are derived into: statements with their values, and how the tables hold what comes from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

Write = tuple[str, Sequence[Any]]
"""A statement with its values."""

LONG_KEY: Final = 500
"""Characters of a text that goes into an index as it is; PostgreSQL's take no more than 2,700 bytes."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Derivation(NamedTuple):
    """What an event changes: `writes` in the order of `statements.DERIVED`.

    Events with the same `matter` change the same rows, and their order matters; those of others don't touch them.
    """

    matter: tuple[str, ...]
    writes: Sequence[Write]


def microseconds(moment: datetime) -> int:
    """Return a moment as the tables hold it."""
    return round(moment.timestamp() * 1_000_000)


def moment_of(microseconds: int) -> datetime:
    """Return what `microseconds` made of a moment, in UTC; of one that is none there, the nearest that is."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if microseconds > 0 else datetime.min.replace(tzinfo=UTC)


def index_key(text: str) -> str:
    """Return a text that came from outside as an index can hold it: a long one by its hash."""
    if len(text) <= LONG_KEY:
        return text
    return f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"
