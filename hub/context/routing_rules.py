"""The routing rules, compiled once: which of them hold for some facts, and what they decide together. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from hub.config.routing import Outcome, Rule
from hub.context.conditions import MAX_STEPS, Condition, Record, compiled
from hub.domain.budget import Budget, TooMuchWorkError

T = TypeVar("T")


class Rules:
    """All rules of a configuration."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = [(rule, [compiled(key, asked) for key, asked in rule.when.items()]) for rule in rules]
        self.variables = tuple(dict.fromkeys(name for rule, _ in self._rules for name in rule.then.variables))
        """The channel variables that any rule sets by itself."""

    def holding(self, record: Record) -> Sequence[Rule]:
        """Return the rules all of whose conditions hold, in their order; what takes too much work does not."""
        return [rule for rule, conditions in self._rules if _hold(conditions, record)]


def _hold(conditions: Sequence[Condition], record: Record) -> bool:
    budget = Budget(MAX_STEPS)
    try:
        return all(condition(record, budget) for condition in conditions)
    except TooMuchWorkError:
        return False


def first_said(rules: Iterable[Rule], read: Callable[[Outcome], T | None]) -> T | None:
    """Return what the first rule that has something to say decides."""
    return next((said for rule in rules if (said := read(rule.then)) is not None), None)
