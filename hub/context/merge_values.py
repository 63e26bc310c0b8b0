"""Fields of which a customer has one value: the one that is believed, and what other systems say instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

import msgspec

from hub.context.companies import company_name, compare_companies
from hub.context.merge_precedence import Precedence, Said
from hub.context.names import NameRelation, compatible
from hub.domain.customer import Conflict, Consent, CustomerRecord, Money, Name, Sourced

T = TypeVar("T")

MAX_CONFLICTS: Final = 100
"""Of one customer; a customer of whom systems say still more that does not fit together is no better known by it."""


def sourced(record: CustomerRecord, value: T) -> Sourced[T]:
    return Sourced(value=value, system=record.system, record=record.id, at=record.fetched_at, mapping=record.mapping)


class Choice:
    """Chooses field by field, and keeps the conflicts that it finds on its way."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self.conflicts: list[Conflict] = []

    def of(self, field: str, said: list[Said[T]], *, path: str = "") -> Sourced[T] | None:
        """Return the value of a field that is believed, None if nobody says anything.

        `said` is in the systems' order. `path` is what a conflict calls the field, if not by its name.
        """
        if not said:
            return None
        ranked = self._precedence.ranked(field, said)
        self.compare(path or field, ranked, _SAME.get(field, _same_text))
        return sourced(*ranked[0])

    def compare(self, path: str, ranked: list[Said[T]], same: Callable[[T, T], bool]) -> None:
        """Keep a conflict if one of them does not say the same as the first."""
        if len(ranked) == 1 or len(self.conflicts) >= MAX_CONFLICTS:
            return
        first = ranked[0][1]
        for _, other in ranked:
            if other != first and not same(first, other):
                break
        else:
            return
        self.conflicts.append(
            Conflict(field=path, values=tuple(sourced(record, as_text(value)) for record, value in ranked))
        )


def as_text(value: object) -> str:
    """Write a value as a conflict shows it."""
    writer = _WRITTEN.get(type(value))
    return str(value) if writer is None else writer(value)


_WRITTEN: Final[dict[type, Callable[[Any], str]]] = {
    Name: lambda name: name.full,
    Money: lambda money: f"{money.amount} {money.currency}".strip(),
    Consent: lambda consent: "granted" if consent.granted else "refused",
    bool: lambda flag: "true" if flag else "false",
}


def folded(text: str) -> str:
    """Return a text as it is compared: letters' case, width and spaces count for nothing."""
    wide = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(wide.casefold().split())


def _same_text(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and folded(one) == folded(other)


def _same_name(one: Name, other: Name) -> bool:
    return compatible(one.full, other.full)


def _same_company(one: str, other: str) -> bool:
    return compare_companies(company_name(one), company_name(other)) is not NameRelation.OTHER


def same_language(one: str, other: str) -> bool:
    """Whether one tag (BCP 47) says what the other one does, or less: de, de-DE and de_DE; not zh-CN and zh-TW."""
    ones, others = _subtags(one), _subtags(other)
    shared = min(len(ones), len(others))
    return ones[:shared] == others[:shared]


def _subtags(tag: str) -> list[str]:
    return tag.strip().replace("_", "-").casefold().split("-")


def _same_money(one: Money, other: Money) -> bool:
    """Whether amounts are equal as numbers; where a currency is missing it is taken to be the other's."""
    if one.currency and other.currency and folded(one.currency) != folded(other.currency):
        return False
    return same_amount(one.amount, other.amount)


def same_amount(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return folded(one) == folded(other)


_SAME: Final[dict[str, Callable[..., bool]]] = {
    "name": _same_name,
    "organization": _same_company,
    "language": same_language,
    "value": _same_money,
    "kind": lambda _one, _other: True,  # a mapping that knows no better says individual
}


def name_of(record: CustomerRecord) -> Name | None:
    """Return a record's name, put together if it comes in parts; a company's is what its organization is called."""
    name = record.name
    if name.full:
        return name
    full = f"{name.given} {name.surname}".strip()
    if full:
        return msgspec.structs.replace(name, full=full)
    if record.kind is record.kind.ORG and record.organization:
        return Name(full=record.organization)
    return None
