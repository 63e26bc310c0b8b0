"""python -m tests.servers install: put in place what the tests need beyond Python."""

import sys

from tests.servers.requirements import REQUIREMENTS, ensure


def main() -> int:
    """Print a line for each; return 1 when the command line is wrong.

    A server that can't be installed is no error here: its tests are skipped and say so.
    """
    if sys.argv[1:] != ["install"]:
        print("usage: python -m tests.servers install", file=sys.stderr)
        return 1
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


if __name__ == "__main__":
    sys.exit(main())
