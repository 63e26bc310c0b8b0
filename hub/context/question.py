"""Whom the backends are asked for, and by which keys an answer to it can be found again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import islice
from typing import Final, NamedTuple

from hub.domain.customer import CustomerQuery, CustomerRecord
from hub.domain.interaction import CustomerRef

MAX_NAMES: Final = 50
"""Keys of its records that an answer is found by: a backend may say that somebody has thousands of numbers."""


class Question(NamedTuple):
    """`key` tells this question from every other one: a text for a number alone, else a tuple of all that is asked.

    `names` is what is asked for as index keys, as `CustomerRef.keys` makes them.

    E-mail addresses count as they are written: whether a backend tells `A@b` from `a@b` is its own business.
    """

    query: CustomerQuery
    key: Hashable
    names: tuple[str, ...]

    @classmethod
    def of(cls, query: CustomerQuery) -> Question:
        e164 = query.phone.e164 or ""
        names = CustomerRef(
            phones=(e164,) if e164 else (), emails=(query.email,) if query.email else (), ids=query.ids
        ).keys()
        if not (query.email or query.ids):
            return cls(query, e164, names)
        return cls(query, (e164, query.email, *sorted(query.ids.items())), names)

    def names_with(self, records: Iterable[CustomerRecord]) -> frozenset[str]:
        """Return them together with those of the records that were found: what happens with any of them matters."""
        found = (name for record in records for name in record.ref().keys())  # noqa: SIM118 - these are no dict's keys
        return frozenset((*self.names, *islice(found, MAX_NAMES)))
