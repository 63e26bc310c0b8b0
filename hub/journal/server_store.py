"""The journal in a PostgreSQL database: one hub at a time, by a lock that its writing connection holds."""

from __future__ import annotations

import time
from typing import Final

from hub.domain.store_place import ServerPlace
from hub.journal import server_schema
from hub.store.connection import StoreConnection, StoreFailedError
from hub.store.postgresql import ServerConnection
from hub.store.server_schema import claim, is_claimed, migrate, see_that_it_is_present

CLAIM_WAIT_S: Final = 3.0
"""How long a hub that starts waits for the server to notice that the one before it has ended."""

_LOOK_EVERY_S: Final = 0.1


class ServerStore:
    """A journal in the schema `ctihub` of a database."""

    def __init__(self, place: ServerPlace) -> None:
        self._place = place
        self._wait_s = CLAIM_WAIT_S

    def open_writer(self) -> StoreConnection:
        """Connect, claim the database, bring its schema to the present version.

        Only this connection writes events: when it is lost the claim is lost with it, so nothing is ever written
        without.
        """
        connection = ServerConnection(self._place)
        try:
            self._claim(connection)
            migrate(connection, self._place, server_schema.PART, server_schema.MIGRATIONS)
        except BaseException:
            connection.close()
            raise
        # One that was connected before and comes back is tried again by its writer, which tells meanwhile.
        self._wait_s = 0.0
        return connection

    def open_reader(self) -> StoreConnection:
        return ServerConnection(self._place)

    def open_beside(self) -> StoreConnection:
        connection = ServerConnection(self._place)
        try:
            see_that_it_is_present(connection, self._place, server_schema.PART, server_schema.MIGRATIONS)
        except BaseException:
            connection.close()
            raise
        return connection

    def is_claimed(self, beside: StoreConnection) -> bool:
        return is_claimed(beside)

    def release(self) -> None:
        """Do nothing: the claim goes with the connection."""

    def _claim(self, connection: StoreConnection) -> None:
        deadline = time.monotonic() + self._wait_s
        while not claim(connection):
            if time.monotonic() >= deadline:
                raise StoreFailedError(
                    f"store {self._place} is in use by another running hub: stop that one, "
                    "or name another database in store.url"
                )
            time.sleep(_LOOK_EVERY_S)
