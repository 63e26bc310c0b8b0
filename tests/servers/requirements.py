"""What the tests need beyond Python: whether it is there, how it gets there, and what if not."""

import functools
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import playwright
import pytest

from tests.servers import (
    amqplib,
    asterisk_install,
    cache,
    cap,
    debian,
    dovecot,
    odata_service,
    postgresql,
    rest_service,
    soap_server,
    tryton,
)

BARESIP_MODULES = Path("/usr/lib/baresip/modules")
INSTALL_COMMAND = "python -m tests.servers install"


@dataclass(frozen=True)
class Requirement:
    """`found` says where it is, or None; `install` raises CannotInstallError with the reason."""

    name: str
    found: Callable[[], str | None]
    install: Callable[[], object]


def _asterisk() -> str | None:
    root = asterisk_install.installed_root()
    # A Debian in a folder is of no use to one who may not change the root folder to it.
    return str(root) if root is not None and debian.is_root() else None


def _rabbitmq() -> str | None:
    # The command on the PATH changes to the system's own user and folders; this one doesn't.
    server = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(server) if server.exists() and shutil.which("epmd") else None


def _rabbitmq_4() -> str | None:
    root = asterisk_install.root_with_rabbitmq()
    return str(root) if root is not None and debian.is_root() else None


def _postgresql() -> str | None:
    programs = postgresql.installed_programs()
    return str(programs) if programs else None


def _baresip() -> str | None:
    # The configuration names the folder of its modules, which Debian's package puts here.
    return shutil.which("baresip") if (BARESIP_MODULES / "ctrl_tcp.so").exists() else None


def _playwright() -> str | None:
    # Its own Node.js needs a library that a small Debian has not.
    driver = Path(playwright.__file__).parent / "driver/node"
    return str(driver) if driver.exists() and debian.run_quietly([str(driver), "--version"]).returncode == 0 else None


def _chinese_font() -> str | None:
    if shutil.which("fc-list") is None:
        return None
    fonts = debian.run_quietly(["fc-list", ":lang=zh", "file"], seconds=30).stdout.splitlines()
    return fonts[0].rstrip(": ") if fonts else None


def _package(name: str) -> Callable[[], None]:
    def install() -> None:
        with cache.locked("apt"):
            debian.install_packages([name])

    return install


REQUIREMENTS = {
    requirement.name: requirement
    for requirement in (
        Requirement("sipp", lambda: shutil.which("sipp"), _package("sip-tester")),
        Requirement("baresip", _baresip, _package("baresip-core")),
        Requirement("rabbitmq", _rabbitmq, _package("rabbitmq-server")),
        Requirement("postgresql", _postgresql, _package("postgresql")),
        Requirement("dovecot", dovecot.installed, _package("dovecot-imapd")),
        Requirement("chromium", lambda: shutil.which("chromium"), _package("chromium")),
        Requirement("playwright", _playwright, _package("libatomic1")),
        Requirement("chinese-font", _chinese_font, _package("fonts-wqy-zenhei")),
        Requirement("cap", cap.PACKAGES.installed, cap.PACKAGES.install),
        Requirement("rest-service", rest_service.PACKAGES.installed, rest_service.PACKAGES.install),
        Requirement("soap", soap_server.APP.installed, soap_server.APP.install),
        Requirement("amqplib", amqplib.PACKAGES.installed, amqplib.PACKAGES.install),
        Requirement("odata-service", odata_service.PACKAGES.installed, odata_service.PACKAGES.install),
        Requirement("tryton", tryton.PACKAGES.installed, tryton.PACKAGES.install),
        Requirement("asterisk", _asterisk, asterisk_install.install),
        Requirement("rabbitmq-4", _rabbitmq_4, asterisk_install.install),
    )
}


@dataclass(frozen=True)
class Outcome:
    """`place` is where it is; without one, `problem` says why it could not be installed."""

    place: str | None
    installed_now: bool = False
    problem: str = ""


@functools.cache
def ensure(name: str) -> Outcome:
    """Look for what is required, and install it when it is missing and we may."""
    requirement = REQUIREMENTS[name]
    place = requirement.found()
    if place is not None:
        return Outcome(place)
    try:
        requirement.install()
    except debian.CannotInstallError as error:
        return Outcome(None, problem=str(error))
    place = requirement.found()
    if place is None:
        return Outcome(None, problem="it was installed but is not where it should be")
    return Outcome(place, installed_now=True)


def require(*names: str) -> None:
    """Skip the running test unless all these are here; under CI=true fail it instead."""
    missing = {name: ensure(name).problem for name in names if ensure(name).place is None}
    if not missing:
        return
    reasons = "; ".join(f"{name} is missing: {problem}" for name, problem in missing.items())
    message = f"{reasons} (to install what the tests need, as root: {INSTALL_COMMAND})"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def place_of(name: str) -> str:
    """Return where a requirement is; the running test is skipped as `require` does."""
    require(name)
    place = ensure(name).place
    assert place is not None  # for require() has not returned otherwise
    return place
