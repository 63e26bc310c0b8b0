"""A connection that counts how often a store is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.store.connection import StoreConnection


class Counted:
    """A connection; `ways` is how often a server would have been asked something and waited for."""

    def __init__(self, connection: StoreConnection) -> None:
        self._connection = connection
        self.ways = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        self.ways += 1
        return self._connection.rows(statement, values)

    def rows_of_each(self, statement: str, rows: Sequence[Sequence[Any]]) -> Sequence[tuple[Any, ...]]:
        self.ways += bool(rows)
        return self._connection.rows_of_each(statement, rows)
