"""Kinds of connectors that other packages bring, installed from wheels as a site would."""

import asyncio
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

import connectors
from tests.servers.ports import LOOPBACK, free_tcp_port

PAGE = (Path(connectors.__file__).parent / "README.md").read_text("utf-8")
CONFIG = """\
hub: {{region: DE}}
store: {{url: "sqlite:///journal.db"}}
pbx: {{main: {{host: 127.0.0.1, port: {port}, username: u, secret: geheim}}}}
connectors:
  acme: {acme}
"""
REST = """\
{kind: rest, url: "http://127.0.0.1:1/", mapping: crm, operations: {by_id: {key: id, steps: [{name: a, path: /a}]}}}
"""


def block(language: str) -> str:
    """Return the page's block in that language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def wheel(folder: Path, name: str, module: str, source: str, entries: dict[str, str]) -> Path:
    """Make a wheel of one module (binary distribution format 1.0)."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    files = {
        f"{module}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[ctihub.connectors]\n" + "".join(f"{key} = {at}\n" for key, at in entries.items()),
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    made = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(file, text)
    return made


class Site:
    """A folder with a configuration, and packages installed beside ctihub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._packages = folder / "packages"
        self._packages.mkdir()

    def install(self, name: str, module: str, source: str, entries: dict[str, str]) -> None:
        made = wheel(self.folder, name, module, source, entries)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
        subprocess.run(
            [*pip, "--no-deps", "--no-compile", "--target", str(self._packages), str(made)], check=True, timeout=60
        )

    def ctihub(self, verb: str, acme: str) -> tuple[int, str]:
        """Run a verb on a configuration with that connector; return its status and all that it says."""
        (self.folder / "ctihub.yaml").write_text(CONFIG.format(port=free_tcp_port(), acme=acme))
        done = subprocess.run(
            [sys.executable, "-m", "hub", verb, "--config", "ctihub.yaml"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": f"{self._packages}:{Path(connectors.__file__).parents[1]}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/crm.yaml").write_text("source: s\nversion: 1\ntarget: customer\nfields: {id: id}\n")
    return Site(tmp_path)


@pytest.fixture
def acme(site: Site) -> Site:
    """Install the package that the page shows."""
    project = tomllib.loads(block("toml"))["project"]
    site.install(project["name"], "acme_ctihub", block("python"), project["entry-points"]["ctihub.connectors"])
    return site


@contextmanager
def directory() -> Iterator[int]:
    """Serve Acme's protocol in a thread, and give its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readline()).decode().strip()
        writer.write(b"17;Petra Vogt\n" if asked == "+493515550123" else b"\n")
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(answer, LOOPBACK, 0))
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


def test_a_kind_from_another_package(acme: Site) -> None:
    """Its configuration is linted with its own model, and `check` connects by it."""
    with directory() as port:
        used = f"{{kind: acme, host: {LOOPBACK}, port: {port}}}"
        assert (0, True) == ((linted := acme.ctihub("lint", used))[0], "nothing wrong" in linted[1]), linted[1]
        assert re.search(r"ok +connector +acme +the directory answers", acme.ctihub("check", used)[1])
    status, said = acme.ctihub("lint", "{kind: acme, hots: there}")
    assert 1 == status
    assert "unknown key 'hots' in connectors.acme; did you mean 'host'?" in said
    said = acme.ctihub("check", f"{{kind: acme, host: {LOOPBACK}, port: {free_tcp_port()}}}")[1]
    assert re.search(r"FAIL +connector +acme +unreachable: acme", said)


@pytest.mark.parametrize(
    ("source", "entries", "words"),
    [
        ("import not_there_at_all", {"acme": "broken:KIND"}, "No module named 'not_there_at_all'"),
        ("raise SystemExit(3)", {"acme": "broken:KIND"}, "SystemExit: 3"),
        ("KIND = 7", {"acme": "broken:KIND"}, "gives no ConnectorKind"),
        (block("python"), {"acme": "broken:NOTHING"}, "has no attribute 'NOTHING'"),
        (block("python").replace('Literal["acme"]', 'Literal["other"]'), {"acme": "broken:KIND"}, "kind: Literal["),
    ],
)
def test_a_package_that_is_broken(site: Site, source: str, entries: dict[str, str], words: str) -> None:
    """It is told where its kind is used, with the package's name, and costs nothing where it is not."""
    site.install("broken-ctihub", "broken", source, entries)
    status, said = site.ctihub("lint", "{kind: acme, host: h}")
    assert 1 == status
    assert said.startswith("ctihub.yaml:5:16: connectors.acme.kind: broken-ctihub"), said
    assert words in said
    assert "Traceback" not in said
    status, said = site.ctihub("lint", REST)
    assert (0, True) == (status, "nothing wrong" in said), said


def test_a_kind_that_is_there_already(acme: Site) -> None:
    """A package can take neither ctihub's own kinds nor another package's: it is not even imported."""
    acme.install("rude-ctihub", "rude", "raise SystemExit('imported')", {"rest": "rude:KIND", "acme": "rude:KIND"})
    status, said = acme.ctihub("lint", REST)
    assert (0, True) == (status, "nothing wrong" in said), said
    status, said = acme.ctihub("lint", "{kind: acme, host: h}")
    assert 1 == status
    assert "acme-ctihub and rude-ctihub both bring it: remove one of them" in said
