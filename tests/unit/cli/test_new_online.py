"""`ctihub new connector` from the address of a contract: read, kept beside the configuration, and compared with it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.cli.conftest import Ctihub
from tests.unit.cli.contracts import EDMX_V4

CUSTOMER = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
FOUND = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": CUSTOMER}}}}}
PHONE = {"name": "phone", "in": "query", "schema": {"type": "string"}}


def openapi(**more: Any) -> bytes:
    paths = {"/customers": {"get": {"parameters": [PHONE], "responses": FOUND}}}
    return json.dumps({"openapi": "3.0.0", "info": {"title": "Shop"}, "paths": paths, **more}).encode()


@contextmanager
def serving(documents: dict[str, bytes]) -> Iterator[str]:
    """Serve these documents by path; whatever else is asked wants a sign-in."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = documents.get(self.path)
            self.send_response(401 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def section(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((tmp_path / "crm.ctihub.yaml").read_text("utf-8"))["connectors"]["crm"]
    return found


def test_from_the_address_of_metadata(ctihub: Ctihub, tmp_path: Path) -> None:
    """The service is where its metadata is; what it said is kept, and the configuration is right by it."""
    with serving({"/odata/v4/$metadata": EDMX_V4.encode()}) as server:
        done = ctihub("new", "connector", "crm", "--edmx", f"{server}/odata/v4/$metadata")
        moved = ctihub("new", "connector", "crm", "--edmx", f"{server}/odata/v4/$metadata", "--output", "out")
    assert (0, "") == (done.returncode, done.stderr)
    assert "written: crm.edmx" in done.stdout.splitlines()
    assert EDMX_V4.encode() == (tmp_path / "crm.edmx").read_bytes()
    assert (f"{server}/odata/v4", "crm.edmx") == (section(tmp_path)["url"], section(tmp_path)["metadata"])
    assert 0 == moved.returncode
    for file in ("crm.ctihub.yaml", "out/crm.ctihub.yaml"):
        assert (0, "") == ((linted := ctihub("lint", "-c", file)).returncode, linted.stderr)


@pytest.mark.parametrize(
    ("servers", "address"),
    [
        ([], ""),
        ([{"url": "/"}], ""),
        ([{"url": "/api/v2"}], "/api/v2"),
        ([{"url": "../v3"}], "/v3"),
        ([{"url": "https://shop.example.com/api"}], "https://shop.example.com/api"),
    ],
)
def test_from_the_address_of_an_openapi_document(
    ctihub: Ctihub, tmp_path: Path, servers: list[dict[str, str]], address: str
) -> None:
    """A server that is given without a host is where the document was."""
    with serving({"/docs/openapi.json": openapi(servers=servers)}) as server:
        done = ctihub("new", "connector", "crm", "--openapi", f"{server}/docs/openapi.json")
    assert (0, "") == (done.returncode, done.stderr)
    assert (address if "://" in address else server + address) == section(tmp_path)["url"]
    assert "crm.openapi" == section(tmp_path)["openapi"]


def test_nothing_is_overwritten(ctihub: Ctihub, tmp_path: Path) -> None:
    """A contract that is there already stays, and nothing else is written; --list writes nothing anyway."""
    (tmp_path / "crm.edmx").write_text("mine")
    with serving({"/$metadata": EDMX_V4.encode()}) as server:
        assert 0 == ctihub("new", "connector", "crm", "--edmx", f"{server}/$metadata", "--list").returncode
        done = ctihub("new", "connector", "crm", "--edmx", f"{server}/$metadata")
    assert 2 == done.returncode
    assert "crm.edmx is there already" in done.stderr
    assert ["mine"] == [file.read_text() for file in tmp_path.iterdir()]


def test_a_contract_that_wants_a_sign_in(ctihub: Ctihub) -> None:
    """What can't be read is told with what to do."""
    with serving({}) as server:
        done = ctihub("new", "connector", "crm", "--edmx", f"{server}/$metadata")
    assert 2 == done.returncode
    assert "HTTP 401" in done.stderr
    assert "fetch it with its sign-in (curl) and give the file" in done.stderr
    gone = ctihub("new", "connector", "crm", "--openapi", f"{server}/openapi.json")
    assert 2 == gone.returncode
    assert gone.stderr.endswith("connection refused\n")
