"""What the customers' tables take in of what was stored before there were any, or before they had some terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub.domain.customer import CustomerRecord
from hub.domain.event import Event, EventType
from hub.journal import customers_statements as statements
from hub.journal.customers import Remembers, derive_customers, told_of
from hub.journal.filling import Filling, Rows, filling_of_events
from hub.journal.search_terms import number_terms_of_matter, number_terms_of_record
from hub.journal.writes import Derivation, index_key


def customers_filling(remembers: Remembers) -> Filling:
    """Return it for systems of which answers to lookups may be kept."""

    def derived(position: int, event: Event) -> Sequence[Derivation]:
        return derive_customers(position, event, remembers)

    return filling_of_events(
        "journal.customers.until",
        frozenset(
            {
                EventType.CUSTOMER_CHANGED,
                EventType.CUSTOMER_CONTEXT_UPDATED,
                EventType.ORDER_CHANGED,
                EventType.CASE_CHANGED,
            }
        ),
        derived,
    )


def _numbered(rows: Rows) -> Sequence[Derivation]:
    """Return what finds customers by numbers by which they were not found at first.

    Those of invoices and products, and any number without its beginning.
    """
    found: list[Derivation] = []
    for number, kind, body in rows:
        if body is None:
            continue
        try:
            told = told_of(kind, body)
        except msgspec.ValidationError:
            continue  # it is told of, with its place, when somebody looks for it
        terms = number_terms_of_record(told) if isinstance(told, CustomerRecord) else number_terms_of_matter(told)
        writes = [(statements.SAVE_TERM, (index_key(term), number)) for term in terms]
        found.append(Derivation(("telling", str(number)), writes))
    return found


NUMBERS: Final = Filling("journal.terms.until", statements.TELLINGS_TO_FILL, _numbered)
