"""Packages from npm in the cache: installed once in the versions of a lock file, scripts of theirs never run."""

import hashlib
import os
import shutil
from pathlib import Path

from hub.desk.web.build import BuildError, tools
from tests.servers import cache, debian

_FILES = ("package.json", "package-lock.json", ".npmrc")


class NpmApp:
    """A folder with a package.json and its lock file; `name` is that of its folder in the cache."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._name = name

    @property
    def node(self) -> list[str]:
        """The command for Node.js."""
        return tools()[1]

    def installed(self) -> str | None:
        """Return where the packages are, None if they aren't there in the versions of the lock file."""
        folder = cache.cache_folder() / self._cached_name()
        return str(folder) if folder.is_dir() else None

    def install(self) -> Path:
        """Install the packages into the cache. Raises CannotInstallError."""
        return cache.build_once(self._cached_name(), self._install_into)

    def _cached_name(self) -> str:
        lock = (self.folder / "package-lock.json").read_bytes()
        return f"{self._name}-{hashlib.sha256(lock).hexdigest()[:16]}"

    def _install_into(self, target: Path) -> None:
        for name in _FILES:
            shutil.copy(self.folder / name, target / name)
        try:
            npm, node = tools()
        except BuildError as error:
            raise debian.CannotInstallError(str(error)) from None
        argv = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(target)]
        path = f"{Path(node[0]).parent}{os.pathsep}{os.environ['PATH']}"
        done = debian.run_quietly(argv, environment={**os.environ, "PATH": path})
        if done.returncode != 0:
            raise debian.CannotInstallError(f"npm ci failed: {debian.last_line(done.stderr)}")
