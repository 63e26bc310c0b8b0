"""One customer out of the records of several systems; every value keeps where it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from hub.context.merge_contacts import address_key, email_key, merged_points, phone_key
from hub.context.merge_matters import case_rank, invoice_rank, merged_matters, merged_products, order_rank
from hub.context.merge_precedence import Precedence, Said, consents_ranked, is_over
from hub.context.merge_values import Choice, folded, name_of, sourced
from hub.domain.customer import Consent, Customer, CustomerRecord, Sourced

T = TypeVar("T")


def merge_records(records: Sequence[CustomerRecord], precedence: Precedence, *, today: date) -> Customer:
    """Put one customer's records together; `today` tells which numbers and addresses are valid.

    Where systems say different things of a field that has one value, all of it is kept in `conflicts`.
    """
    return _Merge(precedence.in_order(records), precedence, today).customer()


class _Merge:
    def __init__(self, records: list[CustomerRecord], precedence: Precedence, today: date) -> None:
        self._records = records
        self._precedence = precedence
        self._today = today
        self._choice = Choice(precedence)

    def customer(self) -> Customer:
        records, precedence, choice, today = self._records, self._precedence, self._choice, self._today
        kind = choice.of("kind", [(record, record.kind) for record in records])
        return Customer(
            ids=_ids(records),
            kind=kind.value if kind else records[0].kind,
            name=self._one("name", name_of),
            birth_date=self._one("birth_date", lambda record: record.birth_date),
            organization=self._one("organization", lambda record: record.organization),
            department=self._one("department", lambda record: record.department),
            title=self._one("title", lambda record: record.title),
            language=self._one("language", lambda record: record.language),
            segment=self._one("segment", lambda record: record.segment),
            tier=self._one("tier", lambda record: record.tier),
            value=self._one("value", lambda record: record.value),
            owner=self._one("owner", lambda record: record.owner),
            preferences=self._preferences(),
            consents=self._consents(),
            products=merged_products(self._ranked("products", lambda record: record.products), choice, precedence),
            phones=merged_points(self._ranked("phones", lambda record: record.phones), phone_key, today),
            emails=merged_points(self._ranked("emails", lambda record: record.emails), email_key, today),
            addresses=merged_points(self._ranked("addresses", lambda record: record.addresses), address_key, today),
            orders=merged_matters("orders", self._said(lambda record: record.orders), choice, precedence, order_rank),
            cases=merged_matters("cases", self._said(lambda record: record.cases), choice, precedence, case_rank),
            invoices=merged_matters(
                "invoices", self._said(lambda record: record.invoices), choice, precedence, invoice_rank
            ),
            balances=self._each("balances", lambda record: record.balance),
            urls=self._urls(),
            extra=self._extra(),
            conflicts=tuple(choice.conflicts),
        )

    def _said(self, read: Callable[[CustomerRecord], T | None]) -> list[Said[T]]:
        """Return what the records say of something, in the systems' order; what is empty is not said."""
        return [(record, value) for record in self._records if (value := read(record))]

    def _ranked(self, field: str, read: Callable[[CustomerRecord], T | None]) -> list[Said[T]]:
        return self._precedence.ranked(field, said) if (said := self._said(read)) else said

    def _one(self, field: str, read: Callable[[CustomerRecord], T | None]) -> Sourced[T] | None:
        return self._choice.of(field, self._said(read), path="name.full" if field == "name" else field)

    def _each(self, field: str, read: Callable[[CustomerRecord], T | None]) -> tuple[Sourced[T], ...]:
        return tuple(sourced(record, value) for record, value in self._ranked(field, read))

    def _urls(self) -> tuple[Sourced[str], ...]:
        found: dict[str, Sourced[str]] = {}
        for url in self._each("urls", lambda record: record.url):
            found.setdefault(url.value, url)
        return tuple(found.values())

    def _preferences(self) -> dict[str, Sourced[str]]:
        said: dict[str, list[Said[str]]] = {}
        for record in self._records:
            for name, text in record.preferences.items():
                said.setdefault(name, []).append((record, text))
        return self._by_name("preferences", said)

    def _extra(self) -> dict[str, Sourced[str]]:
        said: dict[str, list[Said[str]]] = {}
        for record in self._records:
            for field, text in record.extra.items():
                said.setdefault(f"{record.system}.{field}", []).append((record, text))
        return self._by_name("extra", said)

    def _by_name(self, field: str, said: dict[str, list[Said[str]]]) -> dict[str, Sourced[str]]:
        chosen = {name: self._choice.of(f"{field}.{name}", told) for name, told in said.items()}
        return {name: one for name, one in chosen.items() if one is not None}

    def _consents(self) -> tuple[Sourced[Consent], ...]:
        """Return one consent for each purpose and channel, those that are over at the end."""
        said: dict[tuple[str, str], list[Said[Consent]]] = {}
        for record in self._records:
            for consent in record.consents:
                said.setdefault((folded(consent.purpose), folded(consent.channel)), []).append((record, consent))
        found = []
        for told in said.values():
            if self._precedence.has_rule_for("consents"):
                ranked = self._precedence.ranked("consents", told)
            else:
                ranked = consents_ranked(told, self._today)
            record, consent = ranked[0]
            path = f"consents.{consent.purpose}.{consent.channel}".rstrip(".")
            self._choice.compare(path, ranked, lambda one, other: one.granted is other.granted)
            found.append(sourced(record, consent))
        return tuple(sorted(found, key=lambda consent: is_over(consent.value, self._today)))


def _ids(records: Sequence[CustomerRecord]) -> dict[str, str]:
    """Return each system's own ids before what others say of them."""
    ids: dict[str, str] = {}
    for record in records:
        ids.setdefault(record.system, record.id)
    for record in records:
        for system, record_id in record.ids.items():
            ids.setdefault(system, record_id)
    return ids
