"""Tryton, a business system that others wrote: its JSON-RPC, on a private port, over a database of its own."""

import base64
import json
import os
import shutil
import sqlite3
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers.folders import own_folder
from tests.servers.ports import free_tcp_port
from tests.servers.process import OwnedProcess
from tests.servers.pypi import PypiApp, program, run
from tests.waiting import eventually_blocking

FOLDER = Path(__file__).with_name("tryton_app")
DATABASE = "crm"
USER = "admin"
PASSWORD = "geheim-1"
START_SECONDS = 30.0
_EMPTY = "empty.sqlite"


class _App(PypiApp):
    def prepare(self, environment: Path) -> None:
        """Make the database that each test begins with: its modules are installed, nobody is in it."""
        database = environment / f"{DATABASE}.sqlite"
        database.touch()
        password = environment / "password"
        password.write_text(PASSWORD, "utf-8")
        settings = _settings(environment)
        admin = program(environment, "trytond-admin")
        modules = ("-u", "party", "--activate-dependencies", "--email", "admin@example.com")
        run(*admin, "-d", DATABASE, *modules, environment={**settings, "TRYTONPASSFILE": str(password)})
        database.rename(environment / _EMPTY)


PACKAGES = _App(FOLDER, "tryton")


class Tryton:
    """A Tryton with an empty database; `start` blocks until it answers, `call` is an administrator's."""

    def __init__(self, environment: Path) -> None:
        self.port = free_tcp_port()
        self._folder = own_folder("ctihub-tryton-")
        self._database = self._folder / f"{DATABASE}.sqlite"
        shutil.copy(environment / _EMPTY, self._database)
        (self._folder / "web.conf").write_text(f"[web]\nlisten = 127.0.0.1:{self.port}\n", "utf-8")
        configuration = [str(FOLDER / "trytond.conf"), str(self._folder / "web.conf")]
        self._server = OwnedProcess(
            [*program(environment, "trytond"), "-c", *configuration, "-d", DATABASE],
            output=self._folder / "output",
            env=_settings(self._folder),
        )
        self._session = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerFailedError."""
        self._server.start()
        eventually_blocking(self._answers, "Tryton answering a login", START_SECONDS)
        self._server.raise_if_dead()

    def remove(self) -> None:
        """End it and delete all that it wrote."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, *params: Any) -> Any:
        """Call a method as administrator and return its result."""
        sign_in = {"Authorization": f"Session {base64.b64encode(self._session.encode()).decode()}"}
        request = urllib.request.Request(  # noqa: S310 - this server's own address
            f"{self.url}/rpc/",
            json.dumps({"id": 1, "method": method, "params": params}).encode(),
            {"Content-Type": "application/json", **(sign_in if self._session else {})},
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS) as reply:  # noqa: S310
            return json.load(reply)["result"]

    def end_sessions(self) -> int:
        """End the sessions of everybody but the administrator of `call`; return how many there were."""
        own = self._session.rpartition(":")[2]
        with sqlite3.connect(self._database, timeout=START_SECONDS) as database:
            ended = database.execute("DELETE FROM ir_session WHERE key <> ?", (own,)).rowcount
        database.close()
        return ended

    def _answers(self) -> bool:
        self._server.raise_if_dead()
        try:
            user, session, *_ = self.call("common.db.login", USER, {"password": PASSWORD})
        except OSError:
            return False
        self._session = f"{USER}:{user}:{session}"
        return True


def _settings(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "TRYTOND_DATABASE__PATH": str(folder)}
