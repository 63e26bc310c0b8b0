from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.ports import free_tcp_port
from tests.unit.cli.conftest import CONFIG, Ctihub

SECRET = "s3cret-ami"


@pytest.fixture
def port(config_file: Path) -> int:
    """Have the hub listen on a free port, and its PBX be nowhere."""
    number = free_tcp_port()
    text = CONFIG.replace("127.0.0.1:8080", f"127.0.0.1:{number}").replace(
        "username", f"port: {free_tcp_port()}, username"
    )
    config_file.write_text(text)
    return number


@contextmanager
def running(config_file: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "run", "--config", str(config_file)],
        env={**os.environ, "AMI_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_it_lives(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    pytest.fail(f"the hub did not come up, status {process.poll()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(config_file: Path, port: int, number: signal.Signals) -> None:
    """It starts though its PBX is away, logs JSON without the secret, and ends with status 0."""
    with running(config_file) as process:
        wait_until_it_lives(process, port)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert 0 == process.returncode, errors
    assert "" == output
    entries = [json.loads(line) for line in errors.splitlines()]
    assert {"event", "level", "timestamp", "logger"} <= entries[0].keys()
    assert not [entry for entry in entries if entry["level"] in {"error", "critical"}]
    assert SECRET not in errors


def test_a_port_in_use_is_told_in_words(ctihub_process: Ctihub, config_file: Path) -> None:
    """Which setting, and what to do; no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        config_file.write_text(CONFIG.replace("127.0.0.1:8080", f"127.0.0.1:{number}"))
        done = ctihub_process("run")
    assert 2 == done.returncode
    assert f"127.0.0.1:{number}: the port is in use" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("port")
def test_the_port_of_routing_in_use_is_told_by_its_own_key(ctihub_process: Ctihub, config_file: Path) -> None:
    """Who has two ports to set is told which one it is about."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        config_file.write_text(config_file.read_text() + f'routing: {{listen: "127.0.0.1:{number}"}}\n')
        done = ctihub_process("run")
    assert 2 == done.returncode
    assert f"routing.listen 127.0.0.1:{number}: the port is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_told_in_words(ctihub_process: Ctihub, config_file: Path) -> None:
    """192.0.2.0/24 belongs to nobody (RFC 5737)."""
    config_file.write_text(CONFIG.replace("127.0.0.1:8080", "192.0.2.1:8080"))
    done = ctihub_process("run")
    assert 2 == done.returncode
    assert "this machine does not have this address" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("url", ["sqlite:///nix/ctihub.db", "sqlite:///folder"])
def test_a_store_that_can_not_be_written_is_told_in_words(
    ctihub_process: Ctihub, config_file: Path, port: int, url: str
) -> None:
    """The store's own words, exit status 2."""
    assert port
    (config_file.parent / "folder").mkdir()
    config_file.write_text(config_file.read_text() + f"store: {{url: '{url}'}}\n")
    done = ctihub_process("run")
    assert 2 == done.returncode
    assert f"store {config_file.parent / url.removeprefix('sqlite:///')}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_is_no_database_is_told_in_words(ctihub_process: Ctihub, config_file: Path, port: int) -> None:
    """Somebody's text file is left as it is."""
    assert port
    (config_file.parent / "ctihub.db").write_text("not a database, but longer than its header of 100 bytes. " * 3)
    done = ctihub_process("run")
    assert 2 == done.returncode
    assert "is not an SQLite database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_to_listen_on_that_nobody_knows_is_told_in_words(ctihub_process: Ctihub, config_file: Path) -> None:
    """With the key that names it."""
    config_file.write_text(CONFIG.replace("127.0.0.1:8080", "no-such-host.invalid:8080"))
    done = ctihub_process("run")
    assert 2 == done.returncode
    assert "ctihub run: hub.listen no-such-host.invalid:8080: the host name is not known" in done.stderr
    assert "Traceback" not in done.stderr
