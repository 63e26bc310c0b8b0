"""`ctihub lint`: every error of a configuration or mapping, with its place."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hub.cli.mapping_paths import mapping_files
from hub.cli.options import DEFAULT_CONFIG, add_config
from hub.cli.outcome import FINE, FOUND_WRONG, CannotRunError
from hub.config.load import load_config
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.wording import counted

_CONFIG_KEY = re.compile(rf"^({'|'.join(Config.model_fields)})[ \t]*:", re.MULTILINE)


def configure(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="configurations, mappings, or folders of mappings (the configuration and its own mappings)",
    )


def run(arguments: argparse.Namespace) -> int:
    files: list[Path] = arguments.files or [arguments.config]
    problems: set[Problem] = set()
    checked = 0
    for path in files:
        if not path.exists():
            raise CannotRunError(f"{path}: there is no such file or folder; `ctihub init` writes a configuration")
        if path == arguments.config or (path.is_file() and _is_configuration(path)):
            found, mappings = _configuration_problems(path)
            checked += 1
        else:
            found, mappings = [], list(mapping_files([path]))
        checked += len(mappings)
        problems.update(found, _mapping_problems(mappings))
    for problem in sorted(problems):
        print(problem)
    if problems:
        return FOUND_WRONG
    print(f"{counted(checked, 'file')} checked, nothing wrong")
    return FINE


def _is_configuration(path: Path) -> bool:
    """Tell by the name or the keys: a broken file can't be asked what it is."""
    if path.name == DEFAULT_CONFIG.name:
        return True
    with path.open("rb") as file:
        return bool(_CONFIG_KEY.search(file.read(64 * 1024).decode("utf-8", "replace")))


def _configuration_problems(path: Path) -> tuple[Sequence[Problem], list[Path]]:
    """Return what is wrong with a configuration, and the mappings in its own folders."""
    try:
        config = load_config(path, os.environ)
    except ConfigError as error:
        return error.problems, _mappings_in([path.parent / "mappings"])
    own = _mappings_in(map(Path, config.hub.mappings))
    if not config.connectors and not config.inbound:
        return [], own
    from hub.cli.mapping_use import mapping_problems

    return mapping_problems(config, path), own


def _mappings_in(folders: Iterable[Path]) -> list[Path]:
    return list(mapping_files(folder for folder in folders if folder.is_dir()))


def _mapping_problems(files: Sequence[Path]) -> Iterable[Problem]:
    if not files:
        return  # the mapping language is not imported for nothing
    from hub.mapping.mapping import load_mapping
    from hub.mapping.testing import run_mapping_tests, tests_of

    for file in files:
        try:
            if tests_of(file).is_file():
                run_mapping_tests(file)
            else:
                load_mapping(file)
        except ConfigError as error:
            yield from error.problems
