"""What the customers' tables take in of what was stored before there were any, or before they had some terms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from hub.domain.event import Event, EventType
from hub.domain.search import FoundBy
from hub.journal import customers_statements as statements
from hub.journal.customers import CUSTOMER, Remembers, derive_customers, record_of
from hub.journal.filling import Filling, Rows, filling_of_events
from hub.journal.search_terms import MAX_TERMS, numbers, numbers_of
from hub.journal.writes import Derivation, index_key

_LATER: Final = frozenset({FoundBy.INVOICE, FoundBy.PRODUCT})


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
    """Return what finds records by the numbers of their invoices and products, which they were not at first."""
    found: list[Derivation] = []
    for number, kind, body in rows:
        record = record_of(body) if kind == CUSTOMER and body is not None else None
        if record is None:
            continue
        listed = (one for by, ids in numbers_of(record) if by in _LATER for one in ids)
        terms = islice(dict.fromkeys(term for one in listed for term in numbers(one)), MAX_TERMS)
        writes = [(statements.SAVE_TERM, (index_key(term), number)) for term in terms]
        found.append(Derivation(("telling", str(number)), writes))
    return found


NUMBERS: Final = Filling("journal.terms.until", statements.TELLINGS_TO_FILL, _numbered)
