from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[3] / "docker"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "ctihub.yaml"
    path.write_text("x: 1\n")
    return path


def entrypoint(folder: Path, config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint with a `ctihub` that prints the words it was given."""
    command = folder / "ctihub"
    command.write_text('#!/bin/sh\necho "ctihub $*"\n')
    command.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CTIHUB_CONFIG": str(config)}
    return subprocess.run(
        [str(DOCKER / "entrypoint.sh"), *words],
        env=environment, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "ctihub run --config {config}"),
        (["run"], "ctihub run --config {config}"),
        (["check", "--timeout", "5"], "ctihub check --config {config} --timeout 5"),
        (["lint"], "ctihub lint --config {config}"),
        (["user", "add", "alice"], "ctihub user add --config {config} alice"),
        (["user", "list"], "ctihub user list --config {config}"),
        (["user"], "ctihub user --help"),
        (["--version"], "ctihub --version"),
        (["test"], "ctihub test"),
        (["echo", "something", "else"], "something else"),
    ],
)
def test_verbs_get_the_mounted_configuration(tmp_path: Path, config: Path, words: list[str], expected: str) -> None:
    """`docker run IMAGE VERB` needs no path; what is no verb is run as it is."""
    done = entrypoint(tmp_path, config, *words)
    assert (0, expected.format(config=config)) == (done.returncode, done.stdout.strip())


def test_a_missing_configuration_is_told(tmp_path: Path) -> None:
    """The usual mistake with a container: nothing was mounted."""
    done = entrypoint(tmp_path, tmp_path / "nix.yaml")
    assert 2 == done.returncode
    assert f"there is no configuration at {tmp_path / 'nix.yaml'}: mount one there" in done.stderr


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    running = http.server.HTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize(("path", "status"), [("/livez", 0), ("/down", 1)])
def test_the_health_check_asks_livez(server: str, path: str, status: int) -> None:
    """Healthy with 200 alone."""
    environment = {"CTIHUB_HEALTH_URL": server + path}
    done = subprocess.run(
        [sys.executable, str(DOCKER / "healthcheck.py")],
        env=environment, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert status == done.returncode
    assert (path in done.stderr) == (status != 0)
