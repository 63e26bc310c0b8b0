"""The project's own Asterisk configuration, as docker/asterisk/render.sh writes it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docker" / "asterisk"
PHONES = ("1001", "1002", "1003", "1004")


def render(target: Path, values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Write the configuration to the folder `target`; the answer's status and stderr tell how it went."""
    return subprocess.run(
        ["sh", str(FOLDER / "render.sh"), str(target)],
        env={"PATH": os.environ["PATH"], **values},
        check=False,
        capture_output=True,
        text=True,
    )
