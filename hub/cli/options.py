"""What several verbs have in common: the configuration they work with."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.outcome import CannotRunError

if TYPE_CHECKING:
    from hub.config.model import Config
    from hub.config.problem import Problem

DEFAULT_CONFIG = Path("ctihub.yaml")


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c", "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="configuration (./ctihub.yaml)"
    )


def usable_configuration(arguments: argparse.Namespace) -> Config:
    """Load the configuration and see that the mappings and rules it names can be used. Raises CannotRunError."""
    from hub.cli.mapping_use import mapping_problems
    from hub.cli.proposal_use import proposal_problems

    config = configuration(arguments)
    problems = [*mapping_problems(config, arguments.config), *proposal_problems(config, arguments.config)]
    if problems:
        raise _unusable(*problems)
    return config


def configuration(arguments: argparse.Namespace) -> Config:
    """Load the configuration that the command line names. Raises CannotRunError with all its problems."""
    from hub.config.load import load_config
    from hub.config.problem import ConfigError

    path: Path = arguments.config
    try:
        return load_config(path, os.environ)
    except ConfigError as error:
        raise _unusable(*error.problems) from None


def _unusable(*problems: Problem) -> CannotRunError:
    return CannotRunError("\n".join(["the configuration can't be used:", *map(str, problems)]))
