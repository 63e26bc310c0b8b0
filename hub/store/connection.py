"""What the store's users see of it: one blocking connection, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from hub.domain.ports import StoreError


class StoreFailedError(StoreError):
    """The store can't be used at the moment; the message says which, why, and what helps."""


class ValuesRefusedError(Exception):
    """These values can't be stored whatever becomes of the store; the message shows nothing of them."""


class StoreConnection(Protocol):
    """A connection for one thread at a time. Statements are PostgreSQL's as far as SQLite has the same.

    Placeholders are $1, $2; a list of texts goes into `= ANY ($1)`; text is ordered by its bytes. Where no more is
    wanted of a member of a UNION ALL than of the whole, each says so in brackets, in the words of the whole. Every
    method raises StoreFailedError when the store fails and ValuesRefusedError when it is about the values.
    """

    @property
    def is_lost(self) -> bool:
        """Whether this connection will never work again; a new one may."""

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Return what a statement finds."""

    def rows_of_each(self, statement: str, rows: Sequence[Sequence[Any]]) -> Sequence[tuple[Any, ...]]:
        """Return what a statement finds for each row of values, one after the other: one way to a server and back."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Carry out a statement; return how many rows it changed."""

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out a statement for each row of values, in order."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make what is written meanwhile durable together, or not at all when the block raises."""

    def check(self) -> None:
        """Raise StoreFailedError if nothing could be written now."""

    def close(self) -> None: ...
