"""Debian packages that the tests need, installed when we may."""

import functools
import os
import shutil
import subprocess

INSTALL_SECONDS = 900


class CannotInstallError(RuntimeError):
    """Why a server can't be installed here, in words for whoever runs the tests."""


def is_root() -> bool:
    """Whether this process may install packages and change its root folder."""
    return os.geteuid() == 0


def install_packages(packages: list[str]) -> None:
    """Install Debian packages, none of whose services is started.

    Raises CannotInstallError when we aren't root, this isn't Debian, or apt-get fails.
    """
    if shutil.which("apt-get") is None:
        raise CannotInstallError(f"there is no apt-get here to install {' '.join(packages)} with")
    if not is_root():
        raise CannotInstallError(f"only root may install it: apt-get install {' '.join(packages)}")
    _update_package_lists()
    _apt_get("install", "-q", "-y", "--no-install-recommends", *packages)


@functools.cache
def _update_package_lists() -> None:
    _apt_get("update", "-q")


def _apt_get(*arguments: str) -> None:
    # RUNLEVEL=1 keeps a package's scripts from starting its service.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    answer = run_quietly(["apt-get", *arguments], environment=environment)
    if answer.returncode != 0:
        raise CannotInstallError(f"apt-get {' '.join(arguments)} failed: {last_line(answer.stderr)}")


def run_quietly(
    argv: list[str], *, seconds: float = INSTALL_SECONDS, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command and return its output and status; CannotInstallError when it takes too long."""
    try:
        return subprocess.run(
            argv,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotInstallError(f"{argv[0]} did not end within {seconds:g} s") from error


def last_line(text: str) -> str:
    """Return the last line that isn't blank, or a word for there being none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
