"""SAP's own CAP with its OData V2 adapter, from npm: an S/4HANA as far as a protocol goes, on a private port.

Models that lie in `cap_app/srv` are served, or SAP's published description of a service (EDMX) in place of one.
"""

import csv
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hub.desk.web.build import tools
from tests.servers import debian
from tests.servers.folders import own_folder
from tests.servers.npm import NpmApp
from tests.servers.ports import free_tcp_port
from tests.servers.process import OwnedProcess

APP = Path(__file__).with_name("cap_app")
USERNAME, PASSWORD = "CTIHUB", "geheim"
START_SECONDS = 60.0
PACKAGES = NpmApp(APP, "cap")
_MODEL_OF = {"API_BUSINESS_PARTNER": "business_partner.cds"}

Tables = Mapping[str, Iterable[Mapping[str, Any]]]
"""Rows by service and entity set, as in `API_SALES_ORDER_SRV.A_SalesOrder`."""


class Cap:
    """One CAP server with rows of one's own; `start` blocks for some seconds."""

    def __init__(self, packages: Path, tables: Tables, *, descriptions: Mapping[str, Path] | None = None) -> None:
        """`descriptions` are EDMX files by service, each served instead of the model of that service."""
        self._packages = packages
        self.port = free_tcp_port()
        self._folder = own_folder("ctihub-cap-")
        self._node = tools()[1]
        shutil.copytree(APP, self._folder / "app")
        (self._folder / "app/node_modules").symlink_to(packages / "node_modules")
        for service, file in (descriptions or {}).items():
            (self._folder / "app/srv" / _MODEL_OF[service]).unlink()
            self._import(service, file)
        self._write(tables)
        self._server = OwnedProcess(
            [*self._node, str(packages / "node_modules/@sap/cds/bin/serve.js"), "--project", str(self._folder / "app")],
            output=self._folder / "output",
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder), "PORT": str(self.port)},
        )

    @property
    def url(self) -> str:
        """The address by which CAP knows itself: its links to next pages begin with it."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerFailedError."""
        self._server.start()
        self._server.wait_for_output("server listening on", START_SECONDS)

    def remove(self) -> None:
        """End it and delete all that it wrote."""
        self._server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _import(self, service: str, edmx: Path) -> None:
        """Turn SAP's description into a model with SAP's own tool, and let it have tables here."""
        source = self._folder / f"{service}.edmx"
        shutil.copy(edmx, source)
        target = self._folder / "imported"
        target.mkdir(exist_ok=True)
        argv = [
            *self._node,
            str(self._packages / "node_modules/@sap/cds-dk/bin/cds.js"),
            *("import", str(source), "--no-save", "--no-copy", "--as", "csn", "-o", f"{target}/"),
        ]
        done = subprocess.run(
            argv,
            cwd=self._folder / "app",
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        imported = target / f"{service}.csn"
        if not imported.is_file():
            raise debian.CannotInstallError(f"cds import failed: {done.stdout}{done.stderr}")
        model = _with_tables(json.loads(imported.read_text("utf-8")), service)
        (self._folder / "app/srv" / f"{service}.csn").write_text(json.dumps(model), "utf-8")

    def _write(self, tables: Tables) -> None:
        data = self._folder / "app/db/data"
        data.mkdir(parents=True)
        for name, rows in tables.items():
            listed = list(rows)
            with (data / f"{name.replace('.', '-')}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(listed[0]), delimiter=";")
                writer.writeheader()
                writer.writerows(listed)


def _with_tables(model: dict[str, Any], service: str) -> dict[str, Any]:
    """Make an imported model one that is served from tables: links by the keys that both sides have."""
    definitions = model["definitions"]
    definitions[service]["@path"] = f"/v4/{service}"
    for definition in definitions.values():
        definition.pop("@cds.external", None)
        definition.pop("@cds.persistence.skip", None)
        for name, element in list(definition.get("elements", {}).items()):
            if element.get("type") != "cds.Association":
                continue
            shared = [key for key in _keys(definition) if key in _keys(definitions[element["target"]])]
            if not shared or not re.fullmatch(r"to_\w+", name):
                del definition["elements"][name]
                continue
            element.pop("keys", None)
            element["on"] = _all_equal(name, shared)
    return model


def _keys(definition: Mapping[str, Any]) -> list[str]:
    return [name for name, element in definition.get("elements", {}).items() if element.get("key")]


def _all_equal(link: str, fields: list[str]) -> list[Any]:
    """Return a CSN condition: each field of the link's target equals the one here."""
    terms = [[{"ref": [link, field]}, "=", {"ref": [field]}] for field in fields]
    return terms[0] + [word for term in terms[1:] for word in ("and", *term)]
