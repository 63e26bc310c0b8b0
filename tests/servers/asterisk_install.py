"""Asterisk in a Debian of its own, beneath the cache: 22 for the tests, and an older one to record with.

The Debian of Asterisk 22 is new enough to have RabbitMQ 4, too, which is put beside it: one bootstrap is quicker
than two.
"""

import functools
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.servers import cache, debian
from tests.servers.folders import own_folder

PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
RABBITMQ_SERVER = Path("usr/lib/rabbitmq/bin/rabbitmq-server")
DEBOOTSTRAP_SCRIPTS = Path("/usr/share/debootstrap/scripts")


@dataclass(frozen=True)
class Release:
    """An Asterisk: the Debian suites that have it, the best first, and the packages that are put beside it."""

    name: str
    suites: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def cache_name(self) -> str:
        """What its folder in the cache is called."""
        return "-".join((self.name, *self.beside))


# A long-term release; sid has it where forky should lose it.
ASTERISK_22 = Release("asterisk-22", ("forky", "sid"), ("rabbitmq-server",))
# The last in Debian that still has chan_sip beside PJSIP.
ASTERISK_16 = Release("asterisk-16", ("bullseye",))
RELEASES = {release.name: release for release in (ASTERISK_22, ASTERISK_16)}


def installed_root(release: Release = ASTERISK_22) -> Path | None:
    """Return the folder that holds the Debian with Asterisk, or None."""
    root = cache.cache_folder() / release.cache_name
    return root if (root / "usr/sbin/asterisk").exists() else None


def root_with_rabbitmq() -> Path | None:
    """Return the folder that holds the Debian with RabbitMQ 4, or None."""
    root = installed_root()
    return root if root is not None and (root / RABBITMQ_SERVER).exists() else None


def instance_folder(root: Path) -> Path:
    """Make a folder in that Debian for one running server."""
    instances = root / "var/ctihub"
    instances.mkdir(exist_ok=True)
    return own_folder("", instances)


def install(release: Release = ASTERISK_22) -> Path:
    """Return the Debian with Asterisk, made if need be (a minute and a half, 700 MB).

    Raises debian.CannotInstallError with the reason.
    """
    root = installed_root(release)
    if root is not None:
        return root
    if not debian.is_root():
        raise debian.CannotInstallError("only root may run debootstrap and chroot")
    if shutil.which("debootstrap") is None:
        debian.install_packages(["debootstrap"])
    return cache.build_once(release.cache_name, functools.partial(_bootstrap, release))


def _bootstrap(release: Release, folder: Path) -> None:
    """Try each suite with what is wanted beside Asterisk, and in the end without."""
    reasons = []
    attempts = [(suite, (*PACKAGES, *release.beside)) for suite in release.suites]
    if release.beside:
        attempts += [(suite, PACKAGES) for suite in release.suites]
    for suite, packages in attempts:
        _teach_suite(suite)
        answer = debian.run_quietly(
            ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite, str(folder)]
        )
        if answer.returncode == 0 and (folder / "usr/sbin/asterisk").exists():
            shutil.rmtree(folder / "var/cache/apt/archives", ignore_errors=True)
            # Erlang asks for the machine's name.
            (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")
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
