"""Where installed servers are kept, and how one is built there just once."""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "ctihub-test"


def cache_folder() -> Path:
    """Return the cache's folder, made if need be.

    CTIHUB_TEST_CACHE names it; otherwise it is ctihub-test beneath XDG_CACHE_HOME or ~/.cache, and where nothing
    can be written there, beneath the virtual environment.
    """
    named = os.environ.get("CTIHUB_TEST_CACHE")
    if named:
        return _made(Path(named))
    return _folder_of_user() or _made(Path(sys.prefix) / NAME)


def _folder_of_user() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = _made((Path(base) if base else Path.home() / ".cache") / NAME)
    except (OSError, RuntimeError):  # a home that can't be written to; a user without one
        return None
    return folder if os.access(folder, os.W_OK) else None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cache's lock `name`: of several processes one goes in, the others wait."""
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_once(name: str, build: Callable[[Path], None]) -> Path:
    """Return the cached folder `name`, built by `build(folder)` when it isn't there.

    It is built under another name and renamed when done, so what is there is whole.
    Whatever `build` raises is passed on and nothing is left behind.
    """
    target = cache_folder() / name
    if target.exists():
        return target
    with locked(name):
        if target.exists():
            return target
        unfinished = Path(tempfile.mkdtemp(prefix=f"{name}.unfinished-", dir=cache_folder()))
        try:
            build(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return target
