"""Asterisk 22 in a Debian of its own, beneath the cache."""

import shutil
from pathlib import Path

from tests.servers import cache, debian

CACHE_NAME = "asterisk-22"
PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
# forky has Asterisk 22, a long-term release; sid has it where forky should lose it.
SUITES = ("forky", "sid")
DEBOOTSTRAP_SCRIPTS = Path("/usr/share/debootstrap/scripts")


def installed_root() -> Path | None:
    """Return the folder that holds the Debian with Asterisk, or None."""
    root = cache.cache_folder() / CACHE_NAME
    return root if (root / "usr/sbin/asterisk").exists() else None


def install() -> Path:
    """Return the Debian with Asterisk, made if need be (a minute, 500 MB).

    Raises debian.CannotInstallError with the reason.
    """
    root = installed_root()
    if root is not None:
        return root
    if not debian.is_root():
        raise debian.CannotInstallError("only root may run debootstrap and chroot")
    if shutil.which("debootstrap") is None:
        debian.install_packages(["debootstrap"])
    return cache.build_once(CACHE_NAME, _bootstrap)


def _bootstrap(folder: Path) -> None:
    reasons = []
    for suite in SUITES:
        _teach_suite(suite)
        answer = debian.run_quietly(
            ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(folder)]
        )
        if answer.returncode == 0 and (folder / "usr/sbin/asterisk").exists():
            shutil.rmtree(folder / "var/cache/apt/archives", ignore_errors=True)
            return
        reasons.append(f"debootstrap {suite}: {debian.last_line(answer.stdout + answer.stderr)}")
        _empty(folder)
    raise debian.CannotInstallError("; ".join(reasons))


def _teach_suite(suite: str) -> None:
    """Let an older debootstrap know a newer suite: its scripts are all the one for sid."""
    script = DEBOOTSTRAP_SCRIPTS / suite
    if not script.exists() and DEBOOTSTRAP_SCRIPTS.is_dir():
        script.symlink_to("sid")


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
