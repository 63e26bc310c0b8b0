"""Where everything is kept: in a file of SQLite's, or in a database on a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ServerPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A database on a PostgreSQL server. With `verified` the connection is encrypted and the certificate checked.

    `ca_file` holds whom to trust for that; without it those whom the system trusts.
    """

    host: str
    port: int
    database: str
    user: str
    password: str
    verified: bool = False
    ca_file: str | None = None

    def __str__(self) -> str:
        """Return the place without user and password."""
        return f"postgresql://{self.host}:{self.port}/{self.database}"

    def __repr__(self) -> str:
        return f"ServerPlace({self})"


StorePlace = Path | ServerPlace
