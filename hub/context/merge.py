"""One customer out of the records of several systems; every value keeps where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from hub.domain.customer import Case, Customer, CustomerRecord, Kind, Name, Order, Sourced

T = TypeVar("T")

_LAST_DAY = date.max


def _sourced(record: CustomerRecord, value: T) -> Sourced[T]:
    return Sourced(value=value, system=record.system, record=record.id, at=record.fetched_at, mapping=record.mapping)


def _first(records: Sequence[CustomerRecord], pick: Callable[[CustomerRecord], T]) -> Sourced[T] | None:
    for record in records:
        value = pick(record)
        if value:
            return _sourced(record, value)
    return None


def _distinct(
    records: Sequence[CustomerRecord], pick: Callable[[CustomerRecord], Iterable[T]], key: Callable[[T], object]
) -> tuple[Sourced[T], ...]:
    found: dict[object, Sourced[T]] = {}
    for record in records:
        for value in pick(record):
            found.setdefault(key(value), _sourced(record, value))
    return tuple(found.values())


def _name(record: CustomerRecord) -> Name | None:
    name = record.name
    if name.full:
        return name
    full = f"{name.given} {name.surname}".strip()
    if full:
        return Name(full=full, given=name.given, surname=name.surname)
    if record.kind is Kind.ORG and record.organization:
        return Name(full=record.organization)
    return None


def _order_rank(order: Sourced[Order]) -> tuple[bool, date]:
    return (not order.value.open, order.value.due_on or order.value.ordered_on or _LAST_DAY)


def _case_rank(case: Sourced[Case]) -> tuple[bool, date]:
    return (not case.value.open, case.value.opened_on or _LAST_DAY)


def merge_records(records: Sequence[CustomerRecord], precedence: Mapping[str, int]) -> Customer:
    """Put one customer's records together; of two systems the one with the lower precedence number wins.

    Orders and cases come with the open ones first, the longest waiting of them at the top.
    """
    ranked = sorted(records, key=lambda record: precedence.get(record.system, len(precedence)))
    ids: dict[str, str] = {}
    extra: dict[str, Sourced[str]] = {}
    for record in ranked:
        ids.setdefault(record.system, record.id)
        for field, text in record.extra.items():
            extra.setdefault(f"{record.system}.{field}", _sourced(record, text))
    for record in ranked:
        for system, record_id in record.ids.items():
            ids.setdefault(system, record_id)
    return Customer(
        ids=ids,
        kind=ranked[0].kind,
        name=_first([r for r in ranked if _name(r)], lambda r: _name(r) or Name()),
        organization=_first(ranked, lambda r: r.organization),
        title=_first(ranked, lambda r: r.title),
        language=_first(ranked, lambda r: r.language),
        tier=_first(ranked, lambda r: r.tier),
        owner=_first(ranked, lambda r: r.owner),
        products=_distinct(
            ranked, lambda r: r.products, lambda product: (product.id, product.serial_number, product.name.casefold())
        ),
        phones=_distinct(ranked, lambda r: r.phones, lambda phone: phone.number),
        emails=_distinct(ranked, lambda r: r.emails, lambda email: email.address.casefold()),
        addresses=_distinct(ranked, lambda r: r.addresses, lambda a: (a.street, a.postcode, a.locality)),
        orders=tuple(sorted(_own(ranked, lambda r: r.orders), key=_order_rank)),
        cases=tuple(sorted(_own(ranked, lambda r: r.cases), key=_case_rank)),
        urls=_distinct(ranked, lambda r: (r.url,) if r.url else (), lambda url: url),
        extra=extra,
    )


def _own(records: Sequence[CustomerRecord], pick: Callable[[CustomerRecord], Iterable[T]]) -> Iterable[Sourced[T]]:
    """Orders and cases are numbered by each system on its own: equal numbers of two systems are two things."""
    return [_sourced(record, value) for record in records for value in pick(record)]
