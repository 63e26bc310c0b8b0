"""`ctihub test`: runs the tests beside mappings and rules of proposals, and those of the routing rules."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from hub.cli.mapping_paths import mapping_files
from hub.cli.options import DEFAULT_CONFIG
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError
from hub.config.anticipation import is_rule_file
from hub.config.mapping_files import SHIPPED
from hub.config.problem import ConfigError, Problem
from hub.mapping.testing import run_mapping_tests, tests_of

_OWN = Path("mappings")
_ROUTING = "routing.test.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="mappings, folders of them, routing.test.yaml (./mappings, else what ctihub ships; ./routing.test.yaml)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each case that failed, and how many passed and failed."""
    named: list[Path] = arguments.paths
    routing = [path for path in named or [Path(_ROUTING)] if path.name == _ROUTING and path.is_file()]
    mappings = [path for path in named or [_OWN if _OWN.is_dir() else SHIPPED] if path not in routing]
    files = list(mapping_files(mappings))
    if not files and not routing:
        raise CannotRunError("there is no mapping here: a mapping is a .yaml file, its tests lie beside it")
    outcomes = [outcome for file in files for outcome in _mapping_outcomes(file)]
    outcomes += [outcome for file in routing for outcome in _routing_outcomes(file)]
    wrong = [outcome for outcome in outcomes if outcome is not None]
    for problem in wrong:
        print(problem)
    print(f"{len(outcomes) - len(wrong)} passed, {len(wrong)} failed")
    return FOUND_WRONG if wrong else FINE


def _mapping_outcomes(file: Path) -> Iterator[object]:
    """Yield None for each case that passed, and what is wrong for each that didn't."""
    if not tests_of(file).is_file():
        yield Problem(str(file), 1, 1, f"has no tests: write {tests_of(file).name} beside it")
        return
    try:
        if is_rule_file(file):
            yield from _rule_outcomes(file)
            return
        for result in run_mapping_tests(file):
            yield None if result.passed else result.problem()
    except ConfigError as error:
        yield error


def _rule_outcomes(file: Path) -> Iterator[object]:
    from hub.context.anticipation.testing import run_rule_tests

    for result in run_rule_tests(file):
        yield result.problem


def _routing_outcomes(file: Path) -> Iterator[object]:
    from hub.context.routing_testing import run_routing_tests

    try:
        for result in run_routing_tests(file.with_name(DEFAULT_CONFIG.name)):
            yield result.problem
    except ConfigError as error:
        yield error
