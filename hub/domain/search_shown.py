"""What a search found and what a customer is, as a role may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from hub.domain.ports import Visibility
from hub.domain.search import CustomerHit, CustomerSearch, CustomerView, FoundBy

_FIELDS: Final[Mapping[FoundBy, frozenset[str]]] = {
    FoundBy.PHONE: frozenset({"phones"}),
    FoundBy.PHONE_END: frozenset({"phones"}),
    FoundBy.EMAIL: frozenset({"emails"}),
    FoundBy.NAME: frozenset({"name", "organization"}),
    FoundBy.PINYIN: frozenset({"name", "organization"}),
    FoundBy.INITIALS: frozenset({"name", "organization"}),
    FoundBy.ORDER: frozenset({"orders"}),
    FoundBy.CASE: frozenset({"cases"}),
}
"""In which fields of a record something is found; what is not here is in none that can be hidden."""


def search_for(found: CustomerSearch, visibility: Visibility, role: str) -> CustomerSearch:
    """Return it with what this role need not see hidden.

    In a hidden field the whole of what was typed has to be the value: whoever finds by a part of it finds out the rest,
    one character after the other.
    """
    hidden = visibility.hidden_fields(role)
    hits = tuple(_hit_for(hit, visibility, role) for hit in _findable(found.hits, hidden))
    return msgspec.structs.replace(found, hits=hits)


def _findable(hits: Iterable[CustomerHit], hidden: AbstractSet[str]) -> Iterator[CustomerHit]:
    """Yield the hits that may be found, with the reasons for which they may."""
    for hit in hits:
        why = tuple(one for one in hit.why if one.is_exact or hidden.isdisjoint(_FIELDS.get(one.by, ())))
        if len(why) == len(hit.why):
            yield hit
        elif why:
            yield msgspec.structs.replace(hit, why=why)


def view_for(view: CustomerView, visibility: Visibility, role: str) -> CustomerView:
    """Return it with what this role need not see hidden."""
    return msgspec.structs.replace(
        view,
        customer=visibility.customer_for(view.customer, role),
        records=tuple(visibility.record_for(record, role) for record in view.records),
        maybe_same=visibility.matches_for(view.maybe_same, role),
    )


def _hit_for(hit: CustomerHit, visibility: Visibility, role: str) -> CustomerHit:
    seen = visibility.customer_for(hit.customer, role)
    if seen is hit.customer:
        return hit
    # What it was found by may be what is hidden.
    return msgspec.structs.replace(
        hit, customer=seen, why=tuple(msgspec.structs.replace(one, text="") for one in hit.why)
    )
