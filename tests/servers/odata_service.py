"""An OData service of a framework that others wrote (odatapy), on a private port."""

import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers.folders import own_folder
from tests.servers.ports import free_tcp_port
from tests.servers.process import OwnedProcess
from tests.servers.pypi import PypiApp

APP = Path(__file__).with_name("odata_app")
PACKAGES = PypiApp(APP, "odata")
START_SECONDS = 30.0


class ODataService:
    """Empty at first; `start` blocks until it answers."""

    def __init__(self, environment: Path) -> None:
        self.port = free_tcp_port()
        self._folder = own_folder("ctihub-odata-")
        self._server = OwnedProcess(
            [str(environment / "bin/python"), str(APP / "server.py"), str(self.port)],
            output=self._folder / "output",
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerFailedError."""
        self._server.start()
        self._server.wait_for_output("listening", START_SECONDS)

    def remove(self) -> None:
        """End it and delete all that it wrote."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def asked(self, path: str, entity: dict[str, Any] | None = None) -> Any:
        """GET a path, or POST an entity there; return the reply's document."""
        request = urllib.request.Request(  # noqa: S310 - this server's own address
            f"{self.url}/{path}",
            None if entity is None else json.dumps(entity).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS) as reply:  # noqa: S310
            return json.load(reply)
