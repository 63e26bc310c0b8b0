"""The rules by which customers are put together and something is proposed: as configuration and files have them now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from hub.config.anticipation import AnticipationSection, ProposalRule, load_rules
from hub.config.identity import IdentitySection
from hub.config.merge import MergeSection
from hub.config.model import Config
from hub.context.anticipation.proposals import Anticipation


class RulesNow(NamedTuple):
    """`proposals` are the files of rules that `anticipation` has on, by name."""

    identity: IdentitySection
    merge: MergeSection
    anticipation: AnticipationSection
    proposals: Mapping[str, ProposalRule]

    def compiled(self) -> Anticipation:
        return Anticipation(self.proposals, languages=self.anticipation.languages, at_most=self.anticipation.at_most)

    def differences(self, other: RulesNow) -> tuple[str, ...]:
        """Return what of `context` is different, by name; a changed file is its `anticipation`."""
        return tuple(name for name in SECTIONS if self._part(name) != other._part(name))

    def _part(self, section: str) -> object:
        return (self.anticipation, self.proposals) if section == "anticipation" else getattr(self, section)


SECTIONS = ("anticipation", "identity", "merge")
"""The parts of `context` that are taken in while the hub runs."""


class CustomerRules:
    """`now` are those in use. `on_change` is told when others are."""

    def __init__(self, config: Config) -> None:
        """Read them. Raises ConfigError."""
        self.now = read(config)
        self._listener: Callable[[RulesNow], None] = lambda _rules: None

    def on_change(self, listener: Callable[[RulesNow], None]) -> None:
        self._listener = listener

    def use(self, wanted: RulesNow) -> tuple[str, ...]:
        """Go by these from now on. Return what is different."""
        different = self.now.differences(wanted)
        if different:
            self.now = wanted
            self._listener(wanted)
        return different


def read(config: Config) -> RulesNow:
    """Read the rules of a configuration and its files. Raises ConfigError. Blocks: for a thread."""
    context = config.context
    proposals = load_rules(context.anticipation, config.hub.mappings)
    return RulesNow(context.identity, context.merge, context.anticipation, proposals)
