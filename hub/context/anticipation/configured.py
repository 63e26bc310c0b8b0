"""The rules of proposals that a configuration has on."""

from __future__ import annotations

from hub.config.anticipation import load_rules
from hub.config.model import Config
from hub.context.anticipation.proposals import Anticipation


def anticipation_of(config: Config) -> Anticipation:
    """Read the rules and compile them. Raises ConfigError."""
    section = config.context.anticipation
    rules = load_rules(section, config.hub.mappings)
    return Anticipation(rules, languages=section.languages, at_most=section.at_most)
