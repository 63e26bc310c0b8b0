"""What a customer has and has under way: products, orders, cases, invoices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, TypeVar

import msgspec

from hub.context.merge_precedence import Precedence, Said
from hub.context.merge_values import Choice, folded, same_amount, sourced
from hub.domain.customer import Case, CustomerRecord, Invoice, Order, Product, Sourced

Matter = TypeVar("Matter", Order, Case, Invoice)
T = TypeVar("T")

_LAST_DAY: Final = date.max
_AMOUNTS: Final = frozenset({"amount", "remaining"})
_NOT_COMPARED: Final = frozenset({"id", "url"})
_OF_PRODUCTS: Final = ("status", "bought_on", "warranty_until", "ends_on")
"""What is compared of a product; the rest is written as each system likes."""


def merged_matters(
    field: str,
    said: list[Said[tuple[Matter, ...]]],
    choice: Choice,
    precedence: Precedence,
    rank: Callable[[Matter], tuple[bool, date]],
) -> tuple[Sourced[Matter], ...]:
    """Return each system's own, the open ones first, of these the one that waits longest.

    Each system numbers on its own: equal numbers of two systems are two things. What one system tells twice is one,
    and where it is told differently a conflict.
    """
    every = [(record, matter) for record, matters in said for matter in matters]
    if len({(record.system, matter.id) for record, matter in every}) == len(every):
        chosen = [sourced(record, matter) for record, matter in every]
    else:
        chosen = _told_once(field, every, choice, precedence)
    if len(chosen) > 1:
        chosen.sort(key=lambda matter: rank(matter.value))
    return tuple(chosen)


def _told_once(
    field: str, every: Iterable[Said[Matter]], choice: Choice, precedence: Precedence
) -> list[Sourced[Matter]]:
    found: dict[tuple[str, str], list[Said[Matter]]] = {}
    for record, matter in every:
        found.setdefault((record.system, matter.id), []).append((record, matter))
    chosen = []
    for (_, number), told in found.items():
        if len(told) > 1:
            ranked = precedence.ranked(field, told)
            _compare(f"{field}.{number}", ranked, choice, _fields_of(ranked[0][1]))
            chosen.append(sourced(*ranked[0]))
        else:
            chosen.append(sourced(*told[0]))
    return chosen


def _fields_of(matter: Order | Case | Invoice) -> tuple[str, ...]:
    return tuple(name for name in matter.__struct_fields__ if name not in _NOT_COMPARED)


def _compare(path: str, ranked: list[Said[T]], choice: Choice, fields: Iterable[str]) -> None:
    """Keep where the same thing is told differently; what one leaves out contradicts nobody."""
    first = ranked[0][1]
    if all(other == first for _, other in ranked):
        return
    for field in fields:
        values = [(record, getattr(told, field)) for record, told in ranked]
        given = [(record, value) for record, value in values if value not in ("", None)]
        if len(given) > 1:
            choice.compare(f"{path}.{field}", given, _same_amount if field in _AMOUNTS else _same)


def _same(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and folded(one) == folded(other)


def _same_amount(one: object, other: object) -> bool:
    return same_amount(str(one), str(other))


def order_rank(order: Order) -> tuple[bool, date]:
    return not order.open, order.due_on or order.ordered_on or _LAST_DAY


def case_rank(case: Case) -> tuple[bool, date]:
    return not case.open, case.opened_on or _LAST_DAY


def invoice_rank(invoice: Invoice) -> tuple[bool, date]:
    return not invoice.open, invoice.due_on or invoice.issued_on or _LAST_DAY


def merged_products(
    said: list[Said[tuple[Product, ...]]], choice: Choice, precedence: Precedence
) -> tuple[Sourced[Product], ...]:
    """Return what the customer has: what several systems know of one thing (by its serial number) put together.

    A bare name says nothing beside a product of that name which another system describes.
    """
    found: list[list[Said[Product]]] = []
    places: dict[tuple[str, ...], int] = {}
    for record, products in said:
        for product in products:
            for key in (keys := _keys(record, product)):
                if key in places:
                    found[places[key]].append((record, product))
                    break
            else:
                places |= dict.fromkeys(keys, len(found))
                found.append([(record, product)])
    described = {folded(told[0][1].name) for told in found if not _is_bare(told[0][1])}
    merged = []
    for told in found:
        first = told[0][1]
        if _is_bare(first) and folded(first.name) in described:
            continue
        if len(told) > 1:
            ranked = precedence.ranked("products", told)
            _compare(f"products.{first.serial_number or first.id or first.name}", ranked, choice, _OF_PRODUCTS)
            merged.append(sourced(ranked[0][0], _filled(ranked)))
        else:
            merged.append(sourced(*told[0]))
    return tuple(merged)


def _keys(record: CustomerRecord, product: Product) -> tuple[tuple[str, ...], ...]:
    """Return by what a product is the same: a serial number of makers differs with the product's name or model."""
    if product.serial_number:
        serial = product.serial_number.casefold()
        named = [product.name, *([product.model] if product.model else [])]
        return tuple(("serial", serial, folded(text)) for text in named)
    if product.id:
        return (("id", record.system, product.id),)
    return (("name", folded(product.name), *_described(product)),)


def _described(product: Product) -> tuple[str, ...]:
    return (product.model, str(product.bought_on), product.place) if not _is_bare(product) else ()


def _is_bare(product: Product) -> bool:
    return product == Product(name=product.name)


def _filled(ranked: list[Said[Product]]) -> Product:
    product = ranked[0][1]
    for _, other in ranked[1:]:
        if other != product:
            missing = {name: getattr(other, name) for name in product.__struct_fields__ if not getattr(product, name)}
            product = msgspec.structs.replace(product, **missing)
    return product
