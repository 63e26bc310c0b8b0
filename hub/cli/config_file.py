"""The configuration file that a running hub may load again."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from hub.cli.contract_use import contract_problems
from hub.cli.mapping_use import mapping_problems
from hub.cli.proposal_use import proposal_problems
from hub.config.document import read_document
from hub.config.load import load_config
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.secrets import secrets_of
from hub.logs import hide_secrets


class ConfigFile:
    """The `ConfigSource` of hub/house/backends.py."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Config:
        """Load it anew, and hide its secrets from the log. Raises ConfigError with all that is wrong with it."""
        config = load_config(self.path, os.environ)
        hide_secrets(secrets_of(config))
        problems = [*mapping_problems(config, self.path), *proposal_problems(config, self.path)]
        if problems:
            raise ConfigError(problems)
        return config

    def problems(self, config: Config, connectors: Collection[str]) -> Sequence[Problem]:
        """Return where these connectors ask for what their contracts don't have; contracts on the net aren't read."""
        if not connectors:
            return ()
        sections = {name: config.connectors[name] for name in connectors}
        return contract_problems(config.model_copy(update={"connectors": sections}), self.path)

    def problem(self, connector: str, message: str) -> Problem:
        """Return a problem of a connector as one at its place in the file."""
        document = read_document(self.path)
        return document.problem(document.key_place(("connectors", connector)), message)
