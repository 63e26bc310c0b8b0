"""Folders of servers that run for this process alone; what test runs left that were killed is removed."""

import os
import re
import shutil
import tempfile
from pathlib import Path


def own_folder(prefix: str, within: Path | None = None) -> Path:
    """Make a folder whose name says whose it is; remove those of the same prefix whose process has ended.

    It is made `within` a folder, by default the machine's for temporary files.
    """
    place = Path(tempfile.gettempdir()) if within is None else within
    of_a_process = re.compile(rf"{re.escape(prefix)}(\d+)-\w+")
    for folder in place.iterdir():
        owner = of_a_process.fullmatch(folder.name)
        if owner and not Path("/proc", owner[1]).exists():
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=place))
