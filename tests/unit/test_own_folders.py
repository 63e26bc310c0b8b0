"""Folders of the tests' own servers: a run that is killed can't remove its own, so the next one does."""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers.folders import own_folder


def test_folders_of_runs_that_were_killed_are_removed(tmp_path: Path) -> None:
    """Those of processes that live, of other servers, and what only looks alike, stay."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    left = tmp_path / f"ctihub-broker-{ended.pid}-a_b3"
    stay = [
        tmp_path / name
        for name in (
            f"ctihub-broker-{os.getpid()}-abc",
            f"ctihub-store-{ended.pid}-abc",
            f"ctihub-broker-{ended.pid}",
            "ctihub-broker-notes",
        )
    ]
    for folder in (left, *stay):
        folder.mkdir()
        (folder / "data").write_text("some")
    made = own_folder("ctihub-broker-", tmp_path)
    assert sorted([made, *stay]) == sorted(tmp_path.iterdir())
    assert made.name.startswith(f"ctihub-broker-{os.getpid()}-")
