"""Where the journal is kept: claimed for one hub at a time, with the tables of the present version."""

from __future__ import annotations

from typing import Protocol

from hub.domain.store_place import ServerPlace, StorePlace
from hub.store.connection import StoreConnection


class JournalStore(Protocol):
    """Every method blocks, and raises StoreFailedError or JournalError in plain words."""

    def open_writer(self) -> StoreConnection:
        """Return the connection that alone may write events; again after the last one was lost."""

    def open_reader(self) -> StoreConnection: ...

    def open_beside(self) -> StoreConnection:
        """Return a connection for another process than the hub, which may run meanwhile or not."""

    def is_claimed(self, beside: StoreConnection) -> bool:
        """Return whether a hub has it, as seen by a connection of `open_beside`."""

    def release(self) -> None:
        """Let another hub have it."""


def store_at(place: StorePlace) -> JournalStore:
    """Return the store of a place; nothing is opened yet."""
    if isinstance(place, ServerPlace):
        # asyncpg is not needed where the store is a file.
        from hub.journal.server_store import ServerStore

        return ServerStore(place)
    from hub.journal.file_store import FileStore

    return FileStore(place)
