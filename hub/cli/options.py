"""What several verbs have in common: the configuration they work with."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.outcome import CannotRunError

if TYPE_CHECKING:
    from hub.config.model import Config

DEFAULT_CONFIG = Path("ctihub.yaml")


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c", "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="configuration (./ctihub.yaml)"
    )


def configuration(arguments: argparse.Namespace) -> Config:
    """Load the configuration that the command line names. Raises CannotRunError with all its problems."""
    from hub.config.load import load_config
    from hub.config.problem import ConfigError

    path: Path = arguments.config
    try:
        return load_config(path, os.environ)
    except ConfigError as error:
        raise CannotRunError(f"the configuration can't be used:\n{error}") from None
