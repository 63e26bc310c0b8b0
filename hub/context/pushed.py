"""What a system has just told of its customer, put into what it answered when it was asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

import msgspec

from hub.domain.change import CaseChange, ChangeKind, OrderChange
from hub.domain.customer import Case, CustomerRecord, Order

Records = tuple[CustomerRecord, ...]
Matter = TypeVar("Matter", bound=Order | Case)


def with_customer(
    records: Records, _asked: Collection[str], *, told: CustomerRecord, is_deleted: bool = False
) -> Records:
    """Return the records with this customer as it is now; what was not told of it stays as it was answered."""
    if is_deleted:
        return tuple(record for record in records if record.id != told.id)
    defaults = CustomerRecord(system=told.system, id=told.id)
    given = {
        name: value
        for name in CustomerRecord.__struct_fields__
        if (value := getattr(told, name)) != getattr(defaults, name)
    }
    return tuple(msgspec.structs.replace(record, **given) if record.id == told.id else record for record in records)


def with_matter(records: Records, asked: Collection[str], *, changed: OrderChange | CaseChange) -> Records:
    """Return the records with this order or case as it is now, where it is clear whose it is.

    All records answer to what was `asked`, by index keys, whether they say so or not.
    """
    owner = _owner(records, asked, changed)
    if owner is None:
        return records
    is_deleted = changed.change is ChangeKind.DELETED
    if isinstance(changed, OrderChange):
        now = msgspec.structs.replace(owner, orders=_among(owner.orders, changed.order, is_deleted=is_deleted))
    else:
        now = msgspec.structs.replace(owner, cases=_among(owner.cases, changed.case, is_deleted=is_deleted))
    return tuple(now if record is owner else record for record in records)


def _owner(records: Records, asked: Collection[str], changed: OrderChange | CaseChange) -> CustomerRecord | None:
    """Return whose it is by the system's own id, else by whose it was, else by the only one who is reached so."""
    named = changed.customer.ids.get(changed.system)
    keys = set(changed.customer.keys())
    if named is not None:
        found = [record for record in records if record.id == named]
    else:
        found = [record for record in records if _has(record, changed)] or [
            record for record in records if not keys.isdisjoint((*asked, *record.ref().keys()))
        ]
    return found[0] if len(found) == 1 else None


def _has(record: CustomerRecord, changed: OrderChange | CaseChange) -> bool:
    if isinstance(changed, OrderChange):
        return any(order.id == changed.order.id for order in record.orders)
    return any(case.id == changed.case.id for case in record.cases)


def _among(known: Sequence[Matter], told: Matter, *, is_deleted: bool) -> tuple[Matter, ...]:
    if is_deleted:
        return tuple(one for one in known if one.id != told.id)
    if all(one.id != told.id for one in known):
        return (*known, told)
    return tuple(told if one.id == told.id else one for one in known)
