"""Where the large store is made: a file, or a PostgreSQL that is started for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from hub.domain.event import Event
from hub.domain.store_place import StorePlace
from tests.bench.large_copy import copy
from tests.bench.large_store import fill
from tests.servers.postgresql import PostgreSQL, installed_programs

FILE_BYTES: Final = 1_600
"""What a contact takes on the disk, with all that it is found by."""
SERVER_BYTES: Final = 2_200

_SETTINGS: Final = {"fsync": "on", "shared_buffers": "1GB", "max_wal_size": "2GB"}


class Place(Protocol):
    """One place for a store."""

    @property
    def place(self) -> StorePlace: ...

    def fill(self, events: Iterable[Event]) -> int:
        """Make the store; return how many events that was."""

    def forget(self) -> None:
        """Have nothing of it in memory, as after a machine's start."""

    def read_through(self) -> None:
        """Have as much of it in memory as there is room for, as after some days of work."""

    def bytes(self) -> int:
        """Return what it takes on the disk."""

    def cpu_s(self) -> float:
        """Return how much processor time was used outside of this process."""


class InAFile:
    """A store in a file of SQLite's."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "large.db"

    def fill(self, events: Iterable[Event]) -> int:
        return fill(self.place, events)

    def forget(self) -> None:
        _forget([self.place])

    def read_through(self) -> None:
        _read([self.place])

    def bytes(self) -> int:
        return self.place.stat().st_size

    def cpu_s(self) -> float:
        return 0.0


class OnAServer:
    """A store in a database; `folder` is where the server keeps it."""

    def __init__(self, server: PostgreSQL, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._database = asyncio.run(server.make_database())
        self.place = server.place(self._database)

    def fill(self, events: Iterable[Event]) -> int:
        """Fill a file first, by the hub's own write path, and take that over."""
        file = self._folder / "large.db"
        count = fill(file, events)
        copy(file, self.place)
        file.unlink()
        return count

    def forget(self) -> None:
        self._server.stop()
        _forget(self._files())
        self._server.start()

    def read_through(self) -> None:
        _read(self._files())

    def bytes(self) -> int:
        rows = asyncio.run(self._server.rows(self._database, "SELECT pg_database_size(current_database()) AS size"))
        return int(rows[0]["size"])

    def cpu_s(self) -> float:
        return self._server.cpu_s()

    def _files(self) -> list[Path]:
        return [path for path in self._folder.glob("**/base/*/*") if path.is_file()]


@contextmanager
def place_in(folder: Path, *, on_a_server: bool) -> Iterator[Place]:
    """Give a place within a folder; a server is ended afterwards."""
    if not on_a_server:
        yield InAFile(folder)
        return
    programs = installed_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed")
    # The server's user passes through.
    folder.chmod(0o711)
    server = PostgreSQL(programs, settings=_SETTINGS, inside=folder)
    try:
        server.start()
        yield OnAServer(server, folder)
    finally:
        server.remove()


def _forget(files: Iterable[Path]) -> None:
    """Have the system give up what it holds of files in memory."""
    os.sync()
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _read(files: Iterable[Path]) -> None:
    for path in files:
        with path.open("rb") as file:
            while file.read(8 * 1024 * 1024):
                pass
