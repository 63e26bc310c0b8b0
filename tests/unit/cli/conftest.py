from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli.main import main

CONFIG = """\
hub: {listen: "127.0.0.1:8080", region: DE}
pbx:
  main: {host: 127.0.0.1, username: hub, secret: "${AMI_SECRET}"}
agents:
  alice: {name: Alice, devices: ["PJSIP/1001"]}
"""

Ctihub = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ctihub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ctihub:
    """Run the command within this process (which is quicker), in an empty folder."""

    def run(
        *words: str, stdin: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        for name, value in {"AMI_SECRET": "s3cret-ami", **(environment or {})}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        status = main(words)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, said.out, said.err)

    return run


@pytest.fixture
def ctihub_process(tmp_path: Path) -> Ctihub:
    """Run the command as a process of its own, in an empty folder."""

    def run(
        *words: str, stdin: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hub", *words],
            cwd=tmp_path,
            env={**os.environ, "AMI_SECRET": "s3cret-ami", "PYTHONWARNINGS": "error", **(environment or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "ctihub.yaml"
    path.write_text(CONFIG)
    return path
