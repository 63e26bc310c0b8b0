"""Which records of different systems are the same customer.

All records here answer the same question (one phone number), so they already share that. Strong signs (an id of
the other system, an e-mail address) join records. Without one, records of different systems join when their names
are compatible and exactly one record of the other system fits. Two records of one system are two customers:
the system itself says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.context.names import compatible
from hub.domain.customer import CustomerRecord

Group = list[CustomerRecord]


def _shares_id(one: CustomerRecord, other: CustomerRecord) -> bool:
    ids = {(one.system, one.id), *one.ids.items()}
    return not ids.isdisjoint({(other.system, other.id), *other.ids.items()})


def _shares_email(one: CustomerRecord, other: CustomerRecord) -> bool:
    addresses = {email.address.casefold() for email in one.emails}
    return any(email.address.casefold() in addresses for email in other.emails)


def _display_names(record: CustomerRecord) -> tuple[str, ...]:
    name = record.name.full or f"{record.name.given} {record.name.surname}".strip()
    return tuple(filter(None, (name, record.organization)))


def _names_fit(one: CustomerRecord, other: CustomerRecord) -> bool:
    ones, others = _display_names(one), _display_names(other)
    if not ones or not others:
        return True
    if one.kind is other.kind:
        return compatible(ones[0], others[0])
    return any(compatible(a, b) for a in ones for b in others)


def _one_record_a_system(records: Iterable[CustomerRecord]) -> bool:
    seen: dict[str, str] = {}
    return all(seen.setdefault(record.system, record.id) == record.id for record in records)


def _join_strong(records: Sequence[CustomerRecord]) -> list[Group]:
    groups: list[Group] = []
    for record in records:
        linked = [
            group
            for group in groups
            if any(_shares_id(record, member) or _shares_email(record, member) for member in group)
            and _one_record_a_system([*group, record])
        ]
        if not linked:
            groups.append([record])
            continue
        linked[0].append(record)
        for other in linked[1:]:
            if _one_record_a_system([*linked[0], *other]):
                linked[0].extend(other)
                groups.remove(other)
    return groups


def _fits(one: Group, other: Group) -> bool:
    return _one_record_a_system([*one, *other]) and all(_names_fit(a, b) for a in one for b in other)


def group_records(records: Sequence[CustomerRecord]) -> list[Group]:
    """Return the records by customer, in the order in which each customer's first record came."""
    groups = _join_strong(records)
    joined = True
    while joined:
        joined = False
        for group in groups:
            partners = [other for other in groups if other is not group and _fits(group, other)]
            if len(partners) == 1 and [g for g in groups if g is not partners[0] and _fits(partners[0], g)] == [group]:
                group.extend(partners[0])
                groups.remove(partners[0])
                joined = True
                break
    return groups
