"""The journal's events, looked through for those that may be about somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from hub.domain.event import Event, decode_event
from hub.store.connection import StoreConnection

PAGE: Final = 500
_READ: Final = "SELECT position, partitionkey, subject, body FROM events WHERE position > $1 ORDER BY position LIMIT $2"
_NUMBER_TAIL: Final = 8
"""Digits by which a number is found however it was written; it is compared as a whole after that."""


class Row(NamedTuple):
    """What is read of a stored event."""

    position: int
    partitionkey: str
    subject: str
    body: bytes

    def event(self) -> Event | None:
        """Return it decoded; None where it does not fit today's types."""
        try:
            return decode_event(self.body)
        except msgspec.ValidationError:
            return None


class Needles:
    """Bytes of which an event that is about somebody has at least one: a cheap look before it is decoded."""

    def __init__(self, keys: Iterable[str], calls: Collection[str] = (), names: Iterable[str] = ()) -> None:
        self._calls = calls
        # A surname alone is many people's.
        told = {_in_json(name)[1:-1] for name in names if " " in name}
        self._needles = tuple({needle for key in keys for needle in _needles(key)} | told)

    def are_in(self, row: Row) -> bool:
        if row.partitionkey in self._calls:
            return True
        body = row.body.lower()
        return any(needle in body for needle in self._needles)


def rows(connection: StoreConnection, after: int = 0) -> Iterator[Sequence[Row]]:
    """Yield the journal's events a page at a time; between two pages nothing is held."""
    while page := connection.rows(_READ, (after, PAGE)):
        yield [Row(*row) for row in page]
        after = page[-1][0]


def _needles(key: str) -> Iterator[bytes]:
    if key.startswith("tel:"):
        yield key.removeprefix("tel:+").encode()[-_NUMBER_TAIL:]
    elif key.startswith("mailto:"):
        yield _in_json(key.removeprefix("mailto:"))[1:-1]
    else:
        identity = key.removeprefix("id:").partition(":")[2]
        yield _in_json(identity)
        yield _in_json(key)[1:-1]


def _in_json(value: Any) -> bytes:
    return msgspec.json.encode(value).lower()
