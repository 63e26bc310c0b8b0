"""Packages from PyPI in the cache, in a virtual environment of their own: installed once, in pinned versions."""

import hashlib
import sys
from pathlib import Path

from tests.servers import cache, debian


class PypiApp:
    """A folder with a requirements.txt that pins everything; `name` is that of its folder in the cache."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._name = name

    def installed(self) -> str | None:
        """Return where the environment is, None if it isn't there in the versions of the file."""
        folder = cache.cache_folder() / self._cached_name()
        return str(folder) if folder.is_dir() else None

    def install(self) -> Path:
        """Make the environment in the cache. Raises CannotInstallError."""
        return cache.build_once(self._cached_name(), self._install_into)

    def prepare(self, environment: Path) -> None:
        """Do what is left to do once, when the packages are there. Raises CannotInstallError."""

    def _cached_name(self) -> str:
        parts = [self.folder.joinpath("requirements.txt").read_bytes(), f"{sys.version_info[:2]}".encode()]
        return f"{self._name}-{hashlib.sha256(b''.join(parts)).hexdigest()[:16]}"

    def _install_into(self, target: Path) -> None:
        run(sys.executable, "-m", "venv", "--without-pip", str(target))
        requirements = str(self.folder / "requirements.txt")
        pip = (sys.executable, "-m", "pip", "--python", str(target / "bin/python"), "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "--no-deps", "--only-binary=:all:", "-r", requirements)
        self.prepare(target)


def program(environment: Path, name: str) -> list[str]:
    """Return the command for a package's script.

    Its own first line names the folder that it was installed into, before the finished environment was renamed.
    """
    return [str(environment / "bin/python"), str(environment / "bin" / name)]


def run(*argv: str, environment: dict[str, str] | None = None) -> None:
    """Run a command of an installation. Raises CannotInstallError with its last line if it fails."""
    done = debian.run_quietly(list(argv), environment=environment)
    if done.returncode != 0:
        raise debian.CannotInstallError(f"{' '.join(argv[:4])} failed: {debian.last_line(done.stderr)}")
