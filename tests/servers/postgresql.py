"""A running PostgreSQL of the tests' own: private port, data and superuser."""

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from hub.domain.store_place import ServerPlace
from tests.servers.certificates import Pair
from tests.servers.debian import is_root, run_quietly
from tests.servers.folders import own_folder
from tests.servers.ports import LOOPBACK, free_tcp_port
from tests.servers.process import OwnedProcess, ServerFailedError
from tests.waiting import eventually_blocking

START_SECONDS = 30.0
OWNER = "postgres"
"""The user whom Debian's package makes; PostgreSQL refuses to run as root."""

_SETTINGS = {
    # What a machine that loses its power would lose is not what the tests are about.
    "fsync": "off",
    "max_connections": "100",
    "log_statement": "none",
}


class PostgreSQL:
    """One PostgreSQL: start, kill, start again with the data it had.

    `start`, `kill` and `stop` block for up to several seconds: from a coroutine that shares its loop with the hub, call
    them with `asyncio.to_thread`.
    """

    host = LOOPBACK
    username = "ctihub"

    def __init__(
        self, programs: Path, *, settings: Mapping[str, str] | None = None, inside: Path | None = None
    ) -> None:
        self._programs = programs
        self.port = free_tcp_port()
        self.password = secrets.token_urlsafe(12)
        self._folder = own_folder("ctihub-postgresql-", inside)
        given = {**_SETTINGS, **(settings or {})}
        self._server = OwnedProcess(
            [
                *_as_owner(),
                str(programs / "postgres"),
                *("-D", str(self._folder / "data")),
                *("-h", LOOPBACK, "-p", str(self.port), "-k", ""),
                *(word for name, value in given.items() for word in ("-c", f"{name}={value}")),
            ],
            output=self._folder / "output",
        )
        self._made = False

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database with user and password, as ctihub.yaml takes it."""
        return f"postgresql://{self.username}:{self.password}@{self.host}:{self.port}/{database}"

    def place(self, database: str = "postgres") -> ServerPlace:
        """Return a database as a place for the hub's store."""
        return ServerPlace(
            host=self.host, port=self.port, database=database, user=self.username, password=self.password
        )

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._server.running

    def start(self) -> None:
        """Start it and return when it takes connections; the port is the same at each start."""
        if not self._made:
            self._make_cluster()
            self._made = True
        self._server.start()
        eventually_blocking(
            lambda: not self.running or self._is_ready(), "PostgreSQL taking connections", START_SECONDS
        )
        if not self.running:
            raise ServerFailedError(f"PostgreSQL ended:\n{self._server.output_end()}")

    def kill(self) -> None:
        """SIGKILL it and all its sessions, as when the machine loses its power."""
        sessions = self._sessions()
        self._server.kill()
        # Each session is a process group of its own, which would end by itself a little later, and until then keep
        # the shared memory that a new start wants.
        for session in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(session, signal.SIGKILL)
        eventually_blocking(lambda: not any(map(_lives, sessions)), "the end of all sessions")

    def _sessions(self) -> list[int]:
        if not self.running:
            return []
        pid = self._server.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def cpu_s(self) -> float:
        """Return the processor time of all its processes since it was started, in seconds."""
        pids = (self._server.pid, *self._sessions())
        return sum(_ticks(pid) for pid in pids) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ask it to end at once, whoever is connected, and wait until it has."""
        if self.running:
            os.kill(self._server.pid, signal.SIGINT)
        self._server.stop()

    def remove(self) -> None:
        """End it and delete all it wrote."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def encrypt(self, pair: Pair) -> None:
        """Start it anew with this certificate."""
        for file, name in ((pair.certificate, "server.crt"), (pair.key, "server.key")):
            copied = self._folder / "data" / name
            copied.write_bytes(file.read_bytes())
            copied.chmod(0o600)
            if is_root():
                shutil.chown(copied, OWNER, OWNER)
        with (self._folder / "data/postgresql.conf").open("a") as configuration:
            configuration.write("ssl = on\n")
        self.stop()
        self.start()

    async def make_database(self, *statements: str) -> str:
        """Make a database of a name of its own, run statements in it, and return the name."""
        name = f"test_{secrets.token_hex(6)}"
        await self.run("postgres", f'CREATE DATABASE "{name}"')
        await self.run(name, *statements)
        return name

    async def run(self, database: str, *statements: str) -> None:
        """Run statements as the superuser, each as a transaction."""
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def rows(self, database: str, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return what a statement finds."""
        connection = await asyncpg.connect(self.url(database))
        try:
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def end_sessions(self, database: str) -> int:
        """End what is connected to a database, in the middle of whatever it does; return how many."""
        ended = await self.rows(
            "postgres", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", database
        )
        return len(ended)

    def _make_cluster(self) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self.password)
        if is_root():
            for path in (self._folder, password_file):
                shutil.chown(path, OWNER, OWNER)
        done = run_quietly(
            [
                *_as_owner(),
                str(self._programs / "initdb"),
                *("-D", str(self._folder / "data"), "-U", self.username, "--pwfile", str(password_file)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            seconds=60,
        )
        if done.returncode != 0:
            raise ServerFailedError(f"initdb:\n{done.stdout}{done.stderr}")

    def _is_ready(self) -> bool:
        return asyncio.run(self._answers())

    async def _answers(self) -> bool:
        try:
            await (await asyncpg.connect(self.url(), timeout=1)).close()
        except (OSError, asyncpg.PostgresError):
            return False
        return True


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ticks(pid: int) -> int:
    """Return the processor time of a process, and of its children that have ended; of one that has, none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15])


def installed_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs."""
    found = [
        server.parent for server in Path("/usr/lib/postgresql").glob("*/bin/postgres") if server.parts[-3].isdigit()
    ]
    return max(found, key=lambda folder: int(folder.parts[-2])) if found and _owner_is_there() else None


def _owner_is_there() -> bool:
    try:
        pwd.getpwnam(OWNER)
    except KeyError:
        return not is_root()
    return True


def _as_owner() -> tuple[str, ...]:
    """Return what runs a command as a user who is not root, and has it end when the tests do."""
    if not is_root():
        return ()
    return ("setpriv", "--reuid", OWNER, "--regid", OWNER, "--clear-groups", "--pdeathsig", "INT", "--")
