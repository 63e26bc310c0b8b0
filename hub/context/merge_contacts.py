"""Numbers and addresses by which a customer is reached: each once, with what all systems say of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import TypeVar

import msgspec

from hub.context.merge_precedence import Said
from hub.context.merge_values import sourced
from hub.context.places import postcode, words
from hub.domain.customer import Address, CustomerRecord, Email, Phone, Sourced

Point = TypeVar("Point", Phone, Email, Address)


def merged_points(
    said: Iterable[Said[tuple[Point, ...]]], key: Callable[[Point], Hashable], today: date
) -> tuple[Sourced[Point], ...]:
    """Return each of them once, where it is believed first; what is not valid `today` stands behind the others.

    What a system leaves open of one another one may fill in: what it is for, until when it holds. It is verified, or
    shared, if one of them knows that it is.
    """
    found: dict[Hashable, tuple[CustomerRecord, Point]] = {}
    for record, points in said:
        for point in points:
            known = found.get(named := key(point))
            if known is None:
                found[named] = record, point
            elif known[1] != point:
                found[named] = known[0], _with(known[1], point)
    merged = [sourced(record, point) for record, point in found.values()]
    if any(point.value.valid_from or point.value.valid_until for point in merged):
        merged.sort(key=lambda point: not is_valid(point.value, today))
    return tuple(merged)


def is_valid(point: Phone | Email | Address, today: date) -> bool:
    if point.valid_until is not None and point.valid_until < today:
        return False
    return point.valid_from is None or point.valid_from <= today


def _with(first: Point, other: Point) -> Point:
    changes: dict[str, object] = {}
    if not first.label and other.label:
        changes["label"] = other.label
    if not (first.valid_from or first.valid_until) and (other.valid_from or other.valid_until):
        changes |= {"valid_from": other.valid_from, "valid_until": other.valid_until}
    if isinstance(first, Phone | Email) and isinstance(other, Phone | Email):
        changes |= {"verified": first.verified or other.verified, "shared": first.shared or other.shared}
    elif isinstance(first, Address) and isinstance(other, Address):
        changes |= {"region": first.region or other.region, "country": first.country or other.country}
    return msgspec.structs.replace(first, **changes)


def phone_key(phone: Phone) -> Hashable:
    return phone.number


def email_key(email: Email) -> Hashable:
    return email.address.casefold()


def address_key(address: Address) -> Hashable:
    return words(address.street), postcode(address.postcode), words(address.locality)
