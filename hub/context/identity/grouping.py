"""Which records are one customer: what the rules make sure of and people decided, joined without contradiction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from hub.context.identity.comparisons import Comparisons
from hub.context.identity.evidence import Evidence, Prepared
from hub.context.identity.scoring import Rules, score
from hub.context.identity.standing import Standing
from hub.domain.customer import CustomerRecord
from hub.domain.identity import Chosen, IdentityDecision, RecordMatch, RecordRef, Sign

MAX_RECORDS: Final = 60
"""Records that are compared with each other; what a backend answers beyond them are customers of their own."""
MAX_WORDS: Final = 180
"""Words of their names in all: each may have to be laid beside each."""
MAX_NUMBERS: Final = 1_000
"""Numbers and addresses in all."""
MAX_MAYBE: Final = 20
SHOWN_APART_BITS: Final = -20.0
"""What speaks so much against two records that no third brings them together."""
DECISIVE_BITS: Final = 6.0
"""By how much one of two that can't be together has to fit better than the other to be taken: 64 to 1."""
_TELLING_APART: Final = frozenset(
    {
        Sign.GIVEN_NAMES_DIFFER,
        Sign.NAMES_DIFFER,
        Sign.COMPANIES_DIFFER,
        Sign.BIRTH_DATES_DIFFER,
        Sign.GENERATIONS_DIFFER,
        Sign.KINDS_DIFFER,
        Sign.SYSTEM,
    }
)

Group = list[CustomerRecord]


class Grouping(NamedTuple):
    """`groups` are the customers, the chosen one first, else in the order in which each one's first record came.

    `matches` are by group why its records are one, in the order in which they were joined; `maybe_same` are records of
    different groups that may be one. `chosen` is whom of several people have said to be meant; `unreachable` is set
    where that is none of these because its system does not say. `left_out` are the records beyond what is compared,
    and those of which not all was looked at.
    """

    groups: list[Group]
    matches: list[tuple[RecordMatch, ...]]
    maybe_same: tuple[RecordMatch, ...] = ()
    chosen: Chosen | None = None
    left_out: Sequence[RecordRef] = ()


class _Link(NamedTuple):
    """Two records by their numbers among all, the lesser first, and what the rules make of them."""

    one: int
    other: int
    bits: float
    weight: float
    evidence: Evidence


def group_records(
    records: Sequence[CustomerRecord],
    rules: Rules,
    decisions: Iterable[IdentityDecision] = (),
    asked: Collection[str] = (),
    silent: Collection[str] = (),
    *,
    comparisons: Comparisons | None = None,
) -> Grouping:
    """Return the records by customer; `asked` are the index keys of what they were found by.

    `silent` are the systems that have not said what they know as of now; `comparisons` what was compared before, for
    the same `asked`.

    The same records and decisions give the same customers in whatever order they come. What people decided goes before
    the rules; then the surest pairs are joined first. Two of one system are two customers, since that system says so.
    """
    standing = Standing(decisions)
    comparisons = Comparisons(asked) if comparisons is None else comparisons
    compared = _first_of(records, comparisons)
    refs = [RecordRef(system=record.system, id=record.id) for record in records]
    joiner = _Joiner(compared, rules, standing, comparisons)
    matches = joiner.join()
    clusters = [*joiner.clusters(), *({number} for number in range(len(compared), len(records)))]
    clusters.sort(key=min)
    chosen = _chosen(frozenset(refs), standing, asked, silent)
    if chosen is not None and not chosen.unreachable:
        record = chosen.record
        clusters.sort(key=lambda cluster: record not in {refs[number] for number in cluster})
        chosen = chosen if len(clusters) > 1 else None
    return Grouping(
        [[records[number] for number in sorted(cluster)] for cluster in clusters],
        [tuple(match for number, match in matches if number in cluster) for cluster in clusters],
        joiner.maybe(),
        chosen,
        [*(one.ref for one in compared if one.is_cut), *refs[len(compared) :]],
    )


def _first_of(records: Sequence[CustomerRecord], comparisons: Comparisons) -> Sequence[Prepared]:
    """Return as many of the records, made ready, as can be compared with each other while a phone rings."""
    first: list[Prepared] = []
    words = numbers = 0
    for record in records[:MAX_RECORDS]:
        one = comparisons.prepared(record)
        words += one.words
        numbers += len(one.phones) + len(one.emails) + len(one.places.every)
        if words > MAX_WORDS or numbers > MAX_NUMBERS:
            break
        first.append(one)
    return first


def _chosen(
    present: Collection[RecordRef], standing: Standing, asked: Collection[str], silent: Collection[str]
) -> Chosen | None:
    """Return the newest choice for what was asked for whose record is among these, or may be: its system is silent."""
    for decision in standing.meant(list(asked)):
        record = decision.records[0]
        found = (
            record if record in present else next((one for one in sorted(present) if standing.same(one, record)), None)
        )
        if found is not None or record.system in silent:
            return Chosen(
                decision=decision.id,
                record=found or record,
                by=decision.by,
                at=decision.at,
                call_id=decision.call_id,
                unreachable=found is None,
            )
    return None


def _both_ways(link: _Link) -> Iterable[tuple[int, int]]:
    return (link.one, link.other), (link.other, link.one)


class _Joiner:
    """Joins records to customers."""

    def __init__(
        self, prepared: Sequence[Prepared], rules: Rules, standing: Standing, comparisons: Comparisons
    ) -> None:
        self._rules = rules
        self._standing = standing
        self._comparisons = comparisons
        # Numbered by their names, so that it does not matter who answered first.
        self._order = sorted(range(len(prepared)), key=lambda number: (prepared[number].ref, number))
        self._prepared = [prepared[number] for number in self._order]
        self._cluster_of = [{number} for number in range(len(prepared))]
        self._links = self._compared()
        self._apart = {pair for link in self._links if self._is_apart(link) for pair in _both_ways(link)}

    def _compared(self) -> list[_Link]:
        """Compare all with all; where those who have a number contradict each other, it is nobody's own."""
        shared = self._declared_shared()
        holders: dict[str, list[int]] = {}
        for number, record in enumerate(self._prepared):
            for key in record.numbers:
                holders.setdefault(key, []).append(number)
        prepared, compare = self._prepared, self._comparisons.evidence
        found = {
            (one, other): compare(prepared[one], prepared[other], shared)
            for one, other in combinations(range(len(prepared)), 2)
        }
        apart = {pair for pair, signs in found.items() if self._tells_apart(signs)}
        if apart:
            several = {
                key
                for key, numbers in holders.items()
                if key not in shared and not apart.isdisjoint(combinations(numbers, 2))
            }
            nobodys = shared | several
            for one, other in {pair for key in several for pair in combinations(holders[key], 2)}:
                found[one, other] = compare(prepared[one], prepared[other], nobodys)
        return [self._link(one, other, signs) for (one, other), signs in found.items()]

    def _link(self, one: int, other: int, signs: Evidence) -> _Link:
        weight = self._rules.weight(signs)
        return _Link(one, other, self._rules.bits(weight), weight, signs)

    def _declared_shared(self) -> frozenset[str]:
        numbers = {number for record in self._prepared for number in record.phones}
        return frozenset(f"tel:{number}" for number in numbers if self._rules.is_shared(number))

    def _tells_apart(self, signs: Evidence) -> bool:
        """Whether two records are surely of two customers, unless one names the other's id."""
        return Sign.ID not in signs and not _TELLING_APART.isdisjoint(signs)

    def join(self) -> list[tuple[int, RecordMatch]]:
        """Join what belongs together; return each match with one of its records, as they were numbered at first."""
        matches = []
        if self._standing.says_same:
            matches += [
                self._joined(link)
                for link in self._links
                if self._standing.same(self._ref(link.one), self._ref(link.other)) and self._unite(link.one, link.other)
            ]
        sure = sorted(
            (link for link in self._links if link.bits >= self._rules.same_bits),
            key=lambda link: (-link.bits, link.one, link.other),
        )
        if not self._apart:
            return matches + [self._joined(link) for link in sure if self._unite(link.one, link.other)]
        while True:
            # Customers only grow: what is one by now, or can't be, is settled for good.
            sure = [link for link in sure if self._is_open(link)]
            beside: dict[int, list[_Link]] = {}
            for link in sure:
                for number in (link.one, link.other):
                    beside.setdefault(number, []).append(link)
            best = next((link for link in sure if not self._is_rivalled(link, beside)), None)
            if best is None:
                return matches
            matches.append(self._joined(best))
            self._unite(best.one, best.other)

    def _is_open(self, link: _Link) -> bool:
        ours, theirs = self._cluster_of[link.one], self._cluster_of[link.other]
        return ours is not theirs and not self._are_apart(ours, theirs)

    def _is_rivalled(self, link: _Link, beside: Mapping[int, Sequence[_Link]]) -> bool:
        """Whether another customer fits one of the two about as well, with whom the other one can't be together.

        `beside` has the open links of each record, the surest first.
        """
        ends = (self._cluster_of[link.one], self._cluster_of[link.other])
        for mine, yours in (ends, ends[::-1]):
            for number in mine:
                for rival in beside.get(number, ()):
                    if rival.bits <= link.bits - DECISIVE_BITS:
                        break
                    third = self._cluster_of[rival.other if rival.one == number else rival.one]
                    if third is not yours and self._are_apart(third, yours):
                        return True
        return False

    def _are_apart(self, ours: set[int], theirs: set[int]) -> bool:
        """Whether anything says that these are two customers: people, one system, or what the records say."""
        return any((a, b) in self._apart for a in ours for b in theirs)

    def _is_apart(self, link: _Link) -> bool:
        first, second = self._ref(link.one), self._ref(link.other)
        if first == second:
            return False
        if first.system == second.system or self._standing.apart(first, second):
            return True
        return link.weight <= SHOWN_APART_BITS

    def _ref(self, number: int) -> RecordRef:
        return self._prepared[number].ref

    def _unite(self, one: int, other: int) -> bool:
        ours, theirs = self._cluster_of[one], self._cluster_of[other]
        if ours is theirs:
            return False
        ours |= theirs
        for number in theirs:
            self._cluster_of[number] = ours
        return True

    def _joined(self, link: _Link) -> tuple[int, RecordMatch]:
        return self._order[link.one], self._match(link)

    def _match(self, link: _Link) -> RecordMatch:
        one, other = self._ref(link.one), self._ref(link.other)
        is_decided = self._standing.same(one, other)
        return RecordMatch(
            one=one,
            other=other,
            score=1.0 if is_decided else score(link.bits),
            reasons=self._comparisons.reasons(link.evidence, self._rules),
            decision=self._standing.decided(one, other),
        )

    def clusters(self) -> list[set[int]]:
        """Return the customers as numbers of the records as they came."""
        distinct = {id(cluster): cluster for cluster in self._cluster_of}
        return [{self._order[number] for number in cluster} for cluster in distinct.values()]

    def maybe(self) -> tuple[RecordMatch, ...]:
        """Return who may be one though nobody is sure, the likeliest first; nobody of whom people said otherwise."""
        least = self._rules.maybe_bits
        open_links = (
            link
            for link in self._links
            if link.bits >= least
            and self._cluster_of[link.one] is not self._cluster_of[link.other]
            and not self._standing.apart(self._ref(link.one), self._ref(link.other))
        )
        likeliest = sorted(open_links, key=lambda link: (-link.bits, link.one, link.other))
        return tuple(self._match(link) for link in likeliest[:MAX_MAYBE])
