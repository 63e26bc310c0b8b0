"""`ctihub test`: runs the tests beside the mappings."""

from __future__ import annotations

import argparse
from pathlib import Path

from hub.cli.mapping_paths import mapping_files
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError
from hub.config.mapping_files import SHIPPED
from hub.config.problem import ConfigError, Problem
from hub.mapping.testing import run_mapping_tests, tests_of

_OWN = Path("mappings")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="mappings or folders of them (./mappings, or those that ctihub ships)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each case that failed, and how many passed and failed."""
    files = list(mapping_files(arguments.paths or [_OWN if _OWN.is_dir() else SHIPPED]))
    if not files:
        raise CannotRunError("there is no mapping here: a mapping is a .yaml file, its tests lie beside it")
    passed = failed = 0
    for file in files:
        if not tests_of(file).is_file():
            failed += 1
            print(Problem(str(file), 1, 1, f"has no tests: write {tests_of(file).name} beside it"))
            continue
        try:
            results = run_mapping_tests(file)
        except ConfigError as error:
            failed += 1
            print(error)
            continue
        for result in results:
            if result.passed:
                passed += 1
            else:
                failed += 1
                print(result.problem())
    print(f"{passed} passed, {failed} failed")
    return FOUND_WRONG if failed else FINE
