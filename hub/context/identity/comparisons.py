"""What was compared is not compared again while more of the same question's answers come in."""

from __future__ import annotations

from collections.abc import Collection

from hub.context.identity.evidence import Evidence, Prepared, evidence, prepare
from hub.domain.customer import CustomerRecord


class Comparisons:
    """Records made ready, and compared, for one question; `asked` are the index keys of what is asked for."""

    def __init__(self, asked: Collection[str]) -> None:
        self._asked = asked
        self._prepared: dict[int, tuple[CustomerRecord, Prepared]] = {}
        self._evidence: dict[tuple[int, int, frozenset[str]], Evidence] = {}

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
