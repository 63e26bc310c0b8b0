"""From a running Asterisk's own files to a hub that gets in there, without a line written by hand."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.servers.asterisk import Asterisk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ctihub(folder: Path, secret: str, *words: str) -> str:
    """Run a verb there; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *words),
        cwd=folder,
        env={**os.environ, "AMI_SECRET": secret, "API_TOKEN": "long-enough", "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert 0 == process.returncode, output.decode()
    return output.decode()


async def test_what_init_proposes_gets_in(asterisk: Asterisk, tmp_path: Path) -> None:
    """Account, address and port are right, and every phone and trunk that it names is there."""
    said = await ctihub(tmp_path, asterisk.ami_secret, "init", "--from-asterisk", str(asterisk.configuration))
    assert "4 agents, 1 trunk, " in said
    assert asterisk.ami_secret not in said + (tmp_path / "ctihub.yaml").read_text()
    rows = (await ctihub(tmp_path, asterisk.ami_secret, "check")).splitlines()
    (row,) = [row for row in rows if row.startswith("ok    pbx        main")]
    assert "5 endpoints" in row
