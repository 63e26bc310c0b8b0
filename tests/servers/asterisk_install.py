"""Asterisk in a Debian of its own, beneath the cache: 22 for the tests, and an older one to record with."""

import functools
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.servers import cache, debian

PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
DEBOOTSTRAP_SCRIPTS = Path("/usr/share/debootstrap/scripts")


@dataclass(frozen=True)
class Release:
    """An Asterisk: what the cache calls it, and the Debian suites that have it, the best first."""

    cache_name: str
    suites: tuple[str, ...]


# A long-term release; sid has it where forky should lose it.
ASTERISK_22 = Release("asterisk-22", ("forky", "sid"))
# The last in Debian that still has chan_sip beside PJSIP.
ASTERISK_16 = Release("asterisk-16", ("bullseye",))
RELEASES = {release.cache_name: release for release in (ASTERISK_22, ASTERISK_16)}


def installed_root(release: Release = ASTERISK_22) -> Path | None:
    """Return the folder that holds the Debian with Asterisk, or None."""
    root = cache.cache_folder() / release.cache_name
    return root if (root / "usr/sbin/asterisk").exists() else None


def install(release: Release = ASTERISK_22) -> Path:
    """Return the Debian with Asterisk, made if need be (a minute, 500 MB).

    Raises debian.CannotInstallError with the reason.
    """
    root = installed_root(release)
    if root is not None:
        return root
    if not debian.is_root():
        raise debian.CannotInstallError("only root may run debootstrap and chroot")
    if shutil.which("debootstrap") is None:
        debian.install_packages(["debootstrap"])
    return cache.build_once(release.cache_name, functools.partial(_bootstrap, release.suites))


def _bootstrap(suites: tuple[str, ...], folder: Path) -> None:
    reasons = []
    for suite in suites:
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
