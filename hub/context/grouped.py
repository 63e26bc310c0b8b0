"""Customers out of records: grouped and merged, once for as long as the same answers are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
import structlog

from hub.context.cache import AnswerCache
from hub.context.identity.comparisons import Comparisons
from hub.context.identity.grouping import Group, group_records
from hub.context.identity.scoring import Rules
from hub.context.merge import merge_records
from hub.context.merge_precedence import Precedence
from hub.context.question import Question
from hub.domain.customer import Customer, CustomerRecord, Phone
from hub.domain.identity import Chosen, IdentityDecision, RecordMatch
from hub.domain.proposal import Proposal

log = structlog.get_logger(__name__)


class Grouped(NamedTuple):
    """`customers` are merged from the records of each of `groups`, in the same order."""

    groups: Sequence[Group]
    customers: tuple[Customer, ...]
    chosen: Chosen | None = None
    maybe_same: tuple[RecordMatch, ...] = ()


class _Made(NamedTuple):
    """What was made, and of what: of these very objects, on this day, by this grouper.

    `proposals` has what is proposed for the first customer before any contact is known, once somebody has asked.
    """

    by: Grouper
    records: Sequence[CustomerRecord]
    decisions: Sequence[IdentityDecision]
    silent: Collection[str]
    today: date
    grouped: Grouped
    proposals: list[tuple[Proposal, ...]]

    def is_of(self, other: _Made) -> bool:
        return (
            self.by is other.by
            and self.today == other.today
            and self.silent == other.silent
            and _are_the_very(self.records, other.records)
            and _are_the_very(self.decisions, other.decisions)
        )


class Grouper:
    """Puts customers together by rules that do not change; what was made of kept answers is kept beside them."""

    def __init__(self, rules: Rules, precedence: Precedence, cache: AnswerCache | None = None) -> None:
        self._rules = rules
        self._precedence = precedence
        self._cache = cache

    def customers_of(
        self,
        records: Sequence[CustomerRecord],
        decisions: Sequence[IdentityDecision],
        question: Question,
        *,
        today: date,
        silent: Collection[str] = frozenset(),
        is_all: bool = False,
        comparisons: Comparisons | None = None,
    ) -> Grouped:
        """Return the customers that answer a question; `is_all`: no other records are waited for.

        `silent` are the systems that have not said what they know as of now; `comparisons` are this question's.
        """
        wanted = _Made(self, records, decisions, frozenset(silent), today, Grouped((), ()), [])
        kept = self._cache.joint(question.key) if self._cache is not None else None
        if isinstance(kept, _Made) and kept.is_of(wanted):
            return kept.grouped
        grouping = group_records(records, self._rules, decisions, question.names, silent, comparisons=comparisons)
        customers = tuple(
            self._told_shared(
                msgspec.structs.replace(merge_records(group, self._precedence, today=today), matches=matches)
            )
            for group, matches in zip(grouping.groups, grouping.matches, strict=True)
        )
        grouped = Grouped(grouping.groups, customers, grouping.chosen, grouping.maybe_same)
        if is_all and grouping.left_out:
            systems = sorted({record.system for record in grouping.left_out})
            log.warning(
                "too much to compare: whose record it is was not looked at in full",
                systems=systems,
                records=len(grouping.left_out),
            )
        if is_all and self._cache is not None:
            self._cache.put_joint(question.key, wanted._replace(grouped=grouped))
        return grouped

    def _told_shared(self, customer: Customer) -> Customer:
        """Return the customer with those numbers marked that the configuration says are nobody's own."""
        if not any(self._is_told_shared(one.value) for one in customer.phones):
            return customer
        phones = (
            msgspec.structs.replace(one, value=msgspec.structs.replace(one.value, shared=True))
            if self._is_told_shared(one.value)
            else one
            for one in customer.phones
        )
        return msgspec.structs.replace(customer, phones=tuple(phones))

    def _is_told_shared(self, phone: Phone) -> bool:
        return not phone.shared and self._rules.is_shared(phone.number)

    def proposals(
        self, customer: Customer, question: Question, propose: Callable[[], tuple[Proposal, ...]]
    ) -> tuple[Proposal, ...]:
        """Return what is proposed for a customer as it was made here: thought about once, and kept with it."""
        kept = self._cache.joint(question.key) if self._cache is not None else None
        if not isinstance(kept, _Made) or all(customer is not one for one in kept.grouped.customers[:1]):
            return propose()
        if not kept.proposals:
            kept.proposals.append(propose())
        return kept.proposals[0]


def _are_the_very(ones: Sequence[object], others: Sequence[object]) -> bool:
    return len(ones) == len(others) and all(one is other for one, other in zip(ones, others, strict=True))
