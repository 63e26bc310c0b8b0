"""The SOAP server of npm's `soap`, hosting a WSDL: its own parser reads what we send, and its own writer answers."""

import json
import re
import shutil
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.folders import own_folder
from tests.servers.npm import NpmApp
from tests.servers.process import OwnedProcess

APP = NpmApp(Path(__file__).with_name("soap_app"), "soap")
USERNAME, PASSWORD = "ctihub", "gehe!m<&>"
START_SECONDS = 60.0
_LISTENING = "listening on "

Replies = Mapping[str, Sequence[Mapping[str, Any]]]
"""What each operation answers: one after the other, the last from then on. `{"Fault": ..}` is thrown."""


class SoapServer:
    """One server on a private port; `start` blocks until it answers."""

    def __init__(
        self, packages: Path, wsdl: Path, replies: Replies, *, imported: Mapping[str, Path] | None = None
    ) -> None:
        """Write down what to host; `imported` are the files for the addresses that the WSDL and its schemas import."""
        self._folder = own_folder("ctihub-soap-")
        for file in {wsdl, *(imported or {}).values()}:
            (self._folder / file.name).write_text(_local(file.read_text("utf-8-sig"), imported or {}), "utf-8")
        config = {
            "path": "/soap",
            "wsdl": str(self._folder / wsdl.name),
            "replies": replies,
            "username": USERNAME,
            "password": PASSWORD,
        }
        (self._folder / "config.json").write_text(json.dumps(config), "utf-8")
        shutil.copy(APP.folder / "server.js", self._folder / "server.js")
        (self._folder / "node_modules").symlink_to(packages / "node_modules")
        self._output = self._folder / "output"
        argv = [*APP.node, str(self._folder / "server.js"), str(self._folder / "config.json")]
        self._server = OwnedProcess(argv, output=self._output)

    @property
    def port(self) -> int:
        said = re.search(rf"{_LISTENING}(\d+)", self._output.read_text("utf-8"))
        assert said is not None, "not started"
        return int(said[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/soap"

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerFailedError."""
        self._server.start()
        self._server.wait_for_output(_LISTENING, START_SECONDS)

    def asked(self) -> list[dict[str, Any]]:
        """Return what was called, in order: `operation`, `parameters` and `header` as the server understood them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/asked", timeout=10) as reply:
            asked: list[dict[str, Any]] = json.load(reply)
        return asked

    def remove(self) -> None:
        """End it and delete all that it wrote."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def _local(text: str, imported: Mapping[str, Path]) -> str:
    """Lead imports to the files beside."""
    for address, file in imported.items():
        for written in (address, address.replace("&", "&amp;")):
            text = text.replace(f'"{written}"', f'"{file.name}"')
    return text
