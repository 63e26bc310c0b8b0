"""How sure it is that two records are one customer: the declared rules, added up after Fellegi and Sunter (1969).

The odds begin at 1 to the number of customers. Of the rules about each topic the first that fits doubles them as often
as it says, or halves them; the score is the probability that comes out: odds / (1 + odds).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from hub.config.identity import IdentitySection
from hub.context.identity.evidence import Evidence
from hub.domain.identity import Reason, Sign

_DIGITS = 4
_SUREST = 0.9999
_MAX_KNOWN = 4_096
"""Sets of signs of which it is kept what fits them: records have much the same in common, again and again."""

Fitting = tuple[frozenset[Sign], float, str]
"""A rule by its signs, what it adds, and its name."""
Told = tuple[Sequence[Sign], float, str]
"""The same with the signs in the order in which they are told."""


class Rules:
    """The section `context.identity`, ready to be applied."""

    def __init__(self, settings: IdentitySection) -> None:
        self.same_bits = _bits(settings.same)
        self.maybe_bits = _bits(settings.maybe)
        self.shared_numbers = frozenset(one for one in settings.shared_numbers if not one.endswith("*"))
        self.shared_prefixes = tuple(one[:-1] for one in settings.shared_numbers if one.endswith("*"))
        self._prior = -math.log2(settings.customers)
        topics: dict[str, list[Fitting]] = {}
        for rule in settings.all_rules:
            topics.setdefault(rule.topic, []).append((frozenset(rule.signs), rule.adds, rule.name))
        self._topics = tuple(tuple(rules) for rules in topics.values())
        self._fitting = lru_cache(_MAX_KNOWN)(self._fitting_of)
        self._weight = lru_cache(_MAX_KNOWN)(self._weight_of)
        self._told = lru_cache(_MAX_KNOWN)(self._told_of)

    def bits(self, weight: float) -> float:
        """Return the log2 of the odds that rules of this weight in all make."""
        return self._prior + weight

    def weight(self, evidence: Evidence) -> float:
        """Return what all rules that fit add, without how rare a match is to begin with."""
        return self._weight(frozenset(evidence))

    def _weight_of(self, signs: frozenset[Sign]) -> float:
        return sum(adds for _, adds, _ in self._fitting(signs))

    def _fitting_of(self, signs: frozenset[Sign]) -> Sequence[Fitting]:
        found: list[Fitting] = []
        for rules in self._topics:
            for rule in rules:
                if rule[0] <= signs:
                    found.append(rule)
                    break
        return found

    def reasons(self, evidence: Evidence) -> tuple[Reason, ...]:
        """Return the rules that had their say, those that say most first."""
        return tuple(
            Reason(rule=name, score=adds, detail="; ".join([evidence[sign] for sign in signs]))
            for signs, adds, name in self._told(frozenset(evidence))
        )

    def _told_of(self, signs: frozenset[Sign]) -> Sequence[Told]:
        told = [(sorted(needed), adds, name) for needed, adds, name in self._fitting(signs) if adds]
        return sorted(told, key=lambda one: (-abs(one[1]), one[2]))

    def is_shared(self, number: str) -> bool:
        """Whether the configuration says that a number is nobody's own."""
        return number in self.shared_numbers or number.startswith(self.shared_prefixes)


def score(bits: float) -> float:
    """Return the probability that odds stand for, given as their log2; never 1, which is what people decide."""
    return min(_SUREST, round(1 / (1 + math.exp2(-max(-1000.0, min(1000.0, bits)))), _DIGITS))


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))
