"""What a search found and what a customer is, as a role may see it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec

from hub.domain.ports import Visibility
from hub.domain.search import FOUND_IN, CustomerHit, CustomerSearch, CustomerView, UnclaimedMatter


def search_for(found: CustomerSearch, visibility: Visibility, role: str) -> CustomerSearch:
    """Return it with what this role need not see hidden.

    In a hidden field the whole of what was typed has to be the value: whoever finds by a part of it finds out the rest,
    one character after the other.
    """
    hidden = visibility.hidden_fields(role)
    hits = (_hit_for(hit, visibility, role, hidden) for hit in found.hits)
    return msgspec.structs.replace(
        found,
        hits=tuple(hit for hit in hits if hit.why),
        unclaimed=tuple(
            _unclaimed_for(one, hidden)
            for one in found.unclaimed
            if one.is_exact or hidden.isdisjoint(FOUND_IN[one.by])
        ),
    )


def view_for(view: CustomerView, visibility: Visibility, role: str) -> CustomerView:
    """Return it with what this role need not see hidden."""
    return msgspec.structs.replace(
        view,
        customer=visibility.customer_for(view.customer, role),
        records=tuple(visibility.record_for(record, role) for record in view.records),
        maybe_same=visibility.matches_for(view.maybe_same, role),
    )


def keys_seen(shown: CustomerSearch) -> tuple[str, ...]:
    """Return by which index keys the customers are known of whom a search shows something: for the log of accesses."""
    records = (ref.key for hit in shown.hits for ref in hit.records)
    unclaimed = (key for one in shown.unclaimed for key in one.customer.keys())  # noqa: SIM118 - no dict's keys
    return tuple(dict.fromkeys((*records, *unclaimed)))


def _unclaimed_for(matter: UnclaimedMatter, hidden: AbstractSet[str]) -> UnclaimedMatter:
    hidden_here = {field: () for field in ("phones", "emails") if field in hidden}
    if not hidden_here:
        return matter
    return msgspec.structs.replace(matter, customer=msgspec.structs.replace(matter.customer, **hidden_here))


def _hit_for(hit: CustomerHit, visibility: Visibility, role: str, hidden: AbstractSet[str]) -> CustomerHit:
    seen = visibility.customer_for(hit.customer, role)
    # Some is hidden from this role whoever the customer is, some because the customer wants it so.
    hidden = hidden | {one.field for one in seen.hidden}
    why = tuple(one for one in hit.why if one.is_exact or hidden.isdisjoint(FOUND_IN[one.by]))
    if seen is not hit.customer:
        # What it was found by may be what is hidden.
        why = tuple(msgspec.structs.replace(one, text="") for one in why)
    elif len(why) == len(hit.why):
        return hit
    return msgspec.structs.replace(hit, customer=seen, why=why)
