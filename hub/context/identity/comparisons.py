"""What was compared is not compared again while more of the same question's answers come in."""

from __future__ import annotations

from collections.abc import Collection

from hub.context.identity.evidence import Evidence, Prepared, evidence, prepare
from hub.context.identity.scoring import Rules
from hub.domain.customer import CustomerRecord
from hub.domain.identity import Reason


class Comparisons:
    """Records made ready, and compared, for one question; `asked` are the index keys of what is asked for."""

    def __init__(self, asked: Collection[str]) -> None:
        self._asked = asked
        self._prepared: dict[int, tuple[CustomerRecord, Prepared]] = {}
        self._evidence: dict[tuple[int, int, frozenset[str]], Evidence] = {}
        self._reasons: dict[int, tuple[Evidence, tuple[Reason, ...]]] = {}

    def prepared(self, record: CustomerRecord) -> Prepared:
        """Make a record ready; the very same object only once."""
        if id(record) not in self._prepared:
            self._prepared[id(record)] = record, prepare(record, self._asked)
        return self._prepared[id(record)][1]

    def evidence(self, one: Prepared, other: Prepared, shared: frozenset[str]) -> Evidence:
        """Compare two that were made ready here."""
        pair = id(one), id(other), shared
        if pair not in self._evidence:
            self._evidence[pair] = evidence(one, other, shared)
        return self._evidence[pair]

    def reasons(self, found: Evidence, rules: Rules) -> tuple[Reason, ...]:
        """Return what rules that do not change say of evidence; of the very same only once."""
        if id(found) not in self._reasons:
            self._reasons[id(found)] = found, rules.reasons(found)
        return self._reasons[id(found)][1]
