"""Decisions as they hold together: of two that contradict each other the newer one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef

Pair = tuple[RecordRef, RecordRef]


def pairs_of(decision: IdentityDecision) -> Iterator[Pair]:
    """Yield any two of a decision's records, the lesser first; none where it is about a number."""
    if decision.kind is not DecisionKind.MEANT:
        yield from combinations(sorted(set(decision.records)), 2)


def newness(decision: IdentityDecision) -> tuple[float, str]:
    """Return what decisions are sorted by; two never have the same."""
    return decision.at.timestamp(), decision.id


class Standing:
    """What people decided, free of contradiction; pure, and the same whatever the order of `decisions`.

    Of decisions about the same two records, or the same number, the newest counts. `different` always holds; `same`
    holds for whatever it leads to, also over records that nobody sees at the moment, as long as no `different` stands
    against that: of several that can't hold together the newer do.
    """

    def __init__(self, decisions: Iterable[IdentityDecision]) -> None:
        newest_first = sorted((one for one in decisions if not one.withdrawn), key=newness, reverse=True)
        self._of_pair: dict[Pair, IdentityDecision] = {}
        self._meant: dict[str, IdentityDecision] = {}
        for decision in newest_first:
            if decision.kind is DecisionKind.MEANT:
                self._meant.setdefault(decision.key, decision)
            for pair in pairs_of(decision):
                self._of_pair.setdefault(pair, decision)
        self._customers: dict[RecordRef, set[RecordRef]] = {}
        self.unheld: list[tuple[Pair, IdentityDecision]] = []
        """What was said to be the same and is not, because of something else that was said."""
        for pair, decision in self._of_pair.items():
            if decision.kind is DecisionKind.SAME and not self._join(*pair):
                self.unheld.append((pair, decision))

    def _join(self, one: RecordRef, other: RecordRef) -> bool:
        ours, theirs = self._customer(one), self._customer(other)
        if ours is theirs:
            return True
        if any(self._are_apart(a, b) for a in ours for b in theirs):
            return False
        ours |= theirs
        for record in theirs:
            self._customers[record] = ours
        return True

    def _customer(self, record: RecordRef) -> set[RecordRef]:
        return self._customers.setdefault(record, {record})

    def _are_apart(self, one: RecordRef, other: RecordRef) -> bool:
        decision = self.about(one, other)
        return decision is not None and decision.kind is DecisionKind.DIFFERENT

    @property
    def says_same(self) -> bool:
        """Whether people said of any two records that they are one customer."""
        return bool(self._customers)

    def about(self, one: RecordRef, other: RecordRef) -> IdentityDecision | None:
        """Return the newest decision about these two."""
        return self._of_pair.get((one, other) if one < other else (other, one))

    def same(self, one: RecordRef, other: RecordRef) -> bool:
        """Whether people said, of these or by way of others, that it is one customer."""
        return one in self._customers and self._customers[one] is self._customers.get(other)

    def apart(self, one: RecordRef, other: RecordRef) -> bool:
        """Whether people said that these two are different customers, or that those are that they belong to."""
        if not self._of_pair:
            return False
        ours, theirs = self._customers.get(one, {one}), self._customers.get(other, {other})
        return ours is not theirs and any(self._are_apart(a, b) for a in ours for b in theirs)

    def decided(self, one: RecordRef, other: RecordRef) -> str:
        """Return the id of what was decided of these two; empty if that follows from others, or nothing was."""
        decision = self.about(one, other)
        return "" if decision is None else decision.id

    def meant(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:
        """Return who was said to be behind any of `keys`, the newest first."""
        found = (self._meant[key] for key in dict.fromkeys(keys) if key in self._meant)
        return sorted(found, key=newness, reverse=True)
