"""Which of several systems is believed first, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

import msgspec

from hub.config.merge import MOST_COMPLETE, NEWEST, SYSTEM_ORDER, MergeRule, MergeSection
from hub.domain.customer import Consent, CustomerRecord

T = TypeVar("T")
Said = tuple[CustomerRecord, T]
"""A value, and the record that has it."""

_FORGOTTEN_AFTER = 10_000
"""Names of fields whose rule is remembered: backends make them up."""


class Precedence:
    """`systems` are ranked by their number, the lowest first; those without one come last."""

    def __init__(self, section: MergeSection, systems: Mapping[str, int]) -> None:
        self._section = section
        self._systems = systems
        self._rules: dict[str, MergeRule] = {}

    def in_order(self, records: Sequence[CustomerRecord]) -> list[CustomerRecord]:
        """Return records in the order of their systems."""
        if len(records) == 1:
            return list(records)
        last = len(self._systems)
        return sorted(records, key=lambda record: self._systems.get(record.system, last))

    def has_rule_for(self, field: str) -> bool:
        return field in self._section.fields

    def ranked(self, field: str, said: list[Said[T]]) -> list[Said[T]]:
        """Return what is said of a field, what is believed first before the rest; it comes in the systems' order."""
        if len(said) == 1:
            return said
        rule = self._rules.get(field)
        if rule is None:
            rule = self._rule_of(field)
        if rule == SYSTEM_ORDER:
            return said
        if rule == NEWEST:
            return sorted(said, key=lambda one: -_changed(one[0]))
        if rule == MOST_COMPLETE:
            return sorted(said, key=lambda one: completeness(one[1]), reverse=True)
        ranks = {system: rank for rank, system in enumerate(rule)}
        return sorted(said, key=lambda one: ranks.get(one[0].system, len(ranks)))

    def _rule_of(self, field: str) -> MergeRule:
        if len(self._rules) >= _FORGOTTEN_AFTER:
            self._rules.clear()
        rule = self._rules[field] = self._section.rule_of(field)
        return rule


def _changed(record: CustomerRecord) -> float:
    moment = record.changed_at or record.fetched_at
    return moment.timestamp() if moment is not None else 0.0


class Completeness(NamedTuple):
    """How many parts of a value are filled, and the characters in them."""

    parts: int
    characters: int


def completeness(value: object) -> Completeness:
    if isinstance(value, msgspec.Struct):
        values: Sequence[object] = msgspec.structs.astuple(value)
    elif isinstance(value, tuple):
        values = value
    else:
        return Completeness(1 if value else 0, len(value) if isinstance(value, str) else 0)
    filled = [completeness(part) for part in values if part]
    return Completeness(sum(part.parts for part in filled), sum(part.characters for part in filled))


def consents_ranked(said: list[Said[Consent]], today: date) -> list[Said[Consent]]:
    """Return what is said of one consent: what is over last, the newest first; undated, a refusal comes first."""
    if len(said) == 1:
        return said

    def rank(one: Said[Consent]) -> tuple[bool, int, bool]:
        consent = one[1]
        newest = -consent.given_on.toordinal() if are_dated and consent.given_on else 0
        return is_over(consent, today), newest, consent.granted

    are_dated = all(consent.given_on for _, consent in said)
    return sorted(said, key=rank)


def is_over(consent: Consent, today: date) -> bool:
    return consent.granted and consent.valid_until is not None and consent.valid_until < today
