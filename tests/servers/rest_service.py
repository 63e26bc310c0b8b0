"""A REST service and a token server that others wrote (json-server, oauth2-mock-server), on private ports."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.servers.folders import own_folder
from tests.servers.npm import NpmApp
from tests.servers.ports import free_tcp_port
from tests.servers.process import OwnedProcess

APP = Path(__file__).with_name("rest_app")
START_SECONDS = 30.0
PACKAGES = NpmApp(APP, "rest")


class RestService:
    """Serves `tables` (rows by name); `start` blocks until it answers."""

    def __init__(self, packages: Path, tables: Mapping[str, list[dict[str, Any]]]) -> None:
        self.port, self.token_port = free_tcp_port(), free_tcp_port()
        self._folder = own_folder("ctihub-rest-")
        shutil.copy(APP / "server.mjs", self._folder / "server.mjs")
        (self._folder / "node_modules").symlink_to(packages / "node_modules")
        self._tables = self._folder / "tables.json"
        self._tables.write_text(json.dumps(tables), "utf-8")
        self._server = OwnedProcess(
            [*PACKAGES.node, str(self._folder / "server.mjs")],
            output=self._folder / "output",
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder),
                "PORT": str(self.port),
                "TOKEN_PORT": str(self.token_port),
                "TABLES": str(self._tables),
            },
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token_url(self) -> str:
        return f"http://localhost:{self.token_port}/token"

    @property
    def tables(self) -> Any:
        """What it keeps now."""
        return json.loads(self._tables.read_text("utf-8"))

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerFailedError."""
        self._server.start()
        self._server.wait_for_output("listening", START_SECONDS)

    def remove(self) -> None:
        """End it and delete all that it wrote."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
