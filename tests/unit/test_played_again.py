"""A live test that passes only when it is played a second time is told of, not forgotten."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
PASSES_AT_SECOND = """
import pytest

played = []

@pytest.mark.flaky(reruns=1)
def test_a_call():
    played.append(1)
    assert len(played) == 2, "the phone did not ring"
"""


def test_a_test_that_was_played_again_is_named_with_its_failure(tmp_path: Path) -> None:
    """Who reads the end of the output sees what to look into."""
    file = tmp_path / "test_told.py"
    file.write_text(PASSES_AT_SECOND, encoding="utf-8")
    words = ["-q", "-p", "no:cacheprovider", "-c", str(PROJECT), "--rootdir", str(tmp_path), str(file)]
    done = subprocess.run([sys.executable, "-m", "pytest", *words], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    told = done.stdout.partition("rerun test summary info")[2]
    assert "RERUN test_told.py::test_a_call" in told
    assert "the phone did not ring" in told
