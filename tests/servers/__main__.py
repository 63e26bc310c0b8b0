"""python -m tests.servers install: put in place what the tests need beyond Python.

`python -m tests.servers install asterisk-16` puts an Asterisk in place that no test needs, for tests.servers.record.
"""

import sys

from tests.servers import asterisk_install, debian
from tests.servers.requirements import REQUIREMENTS, ensure


def main() -> int:
    """Print a line for each; return 1 when the command line is wrong.

    A server that can't be installed is no error here: its tests are skipped and say so.
    """
    if sys.argv[1:2] != ["install"] or not set(sys.argv[2:]) <= set(asterisk_install.RELEASES):
        print(f"usage: python -m tests.servers install [{'|'.join(asterisk_install.RELEASES)}]", file=sys.stderr)
        return 1
    if sys.argv[2:]:
        return _install_releases(sys.argv[2:])
    for name, requirement in REQUIREMENTS.items():
        if requirement.found() is None:
            print(f"{name}: not there yet ...", flush=True)
        outcome = ensure(name)
        if outcome.place is None:
            print(f"{name}: missing, its tests will be skipped: {outcome.problem}")
        elif outcome.installed_now:
            print(f"{name}: installed now, {outcome.place}")
        else:
            print(f"{name}: there, {outcome.place}")
    return 0


def _install_releases(names: list[str]) -> int:
    """Install these; return 1 when one can't be, for they were asked for by name."""
    try:
        for name in names:
            print(f"{name}: there, {asterisk_install.install(asterisk_install.RELEASES[name])}")
    except debian.CannotInstallError as error:
        print(f"{name}: missing: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
