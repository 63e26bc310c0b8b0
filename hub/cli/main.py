"""The command `ctihub`: finds the verb and imports only what that verb needs."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from hub.cli.outcome import COULD_NOT_RUN, FINE, CannotRunError

VERBS = {
    "run": "start the hub",
    "demo": "show it: simulated PBX and backends, and the real hub between them",
    "init": "write a commented ctihub.yaml to begin with",
    "lint": "tell every error in a configuration or mapping as file:line:column: message",
    "test": "run the tests that lie beside mappings and routing rules",
    "check": "connect to everything the configuration names, a row each",
    "trace": "look a customer up as the hub does, with every request, reply and mapped field in sight",
    "call": "run one operation of a connector, or one of its backend, and print what it answers",
    "new": "begin a connector from a WSDL, EDMX or OpenAPI: its operations, a lookup, a mapping with its test",
    "list": "show the connectors, presets, kinds and mappings that there are",
    "tap": "show what happens on a running hub, live",
    "dlq": "list, show, replay or drop what could not be understood or written",
    "customer": "export or erase what is held of one customer, or tell who has seen it",
    "schema": "print the JSON Schema of the configuration or of mappings, for editors",
    "user": "add, list or remove who may sign in",
}


class Verb(Protocol):
    """What each module of a verb has."""

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; return its exit status: 0 fine, 1 found something wrong, 2 could not run."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in VERBS:
        return _without_verb(words)
    name = words[0]
    verb = cast("Verb", importlib.import_module(f"hub.cli.{name}"))
    parser = argparse.ArgumentParser(prog=f"ctihub {name}", description=f"{VERBS[name][0].upper()}{VERBS[name][1:]}.")
    verb.configure(parser)
    arguments = parser.parse_args(words[1:])
    try:
        return verb.run(arguments)
    except CannotRunError as error:
        print(f"ctihub {name}: {error}", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the output (head, less) has had enough; the interpreter shall not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return COULD_NOT_RUN


def _without_verb(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="ctihub",
        description="CTI middleware hub: shows the agent who is calling before the call is answered.",
        epilog="verbs:\n" + "\n".join(f"  {name:8} {does}" for name, does in VERBS.items())
        + "\n\nctihub VERB --help tells more. Exit status: 0 fine, 1 found something wrong, 2 could not run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("verb", nargs="?", choices=list(VERBS), metavar="VERB", help="what to do, see below")
    if parser.parse_args(words).version:
        from hub.version import VERSION

        print(f"ctihub {VERSION}")
        return FINE
    parser.print_help(sys.stderr)
    return COULD_NOT_RUN
