"""What a search found and what a customer is, as a role may see it."""

from __future__ import annotations

import msgspec

from hub.domain.ports import Visibility
from hub.domain.search import CustomerHit, CustomerSearch, CustomerView


def search_for(found: CustomerSearch, visibility: Visibility, role: str) -> CustomerSearch:
    """Return it with what this role need not see hidden."""
    return msgspec.structs.replace(found, hits=tuple(_hit_for(hit, visibility, role) for hit in found.hits))


def view_for(view: CustomerView, visibility: Visibility, role: str) -> CustomerView:
    """Return it with what this role need not see hidden."""
    return msgspec.structs.replace(
        view,
        customer=visibility.customer_for(view.customer, role),
        records=tuple(visibility.record_for(record, role) for record in view.records),
    )


def _hit_for(hit: CustomerHit, visibility: Visibility, role: str) -> CustomerHit:
    seen = visibility.customer_for(hit.customer, role)
    if seen is hit.customer:
        return hit
    # What it was found by may be what is hidden.
    return msgspec.structs.replace(
        hit, customer=seen, why=tuple(msgspec.structs.replace(one, text="") for one in hit.why)
    )
