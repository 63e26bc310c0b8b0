"""What the rules of proposals may look at: the one list of names that their conditions and texts can use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from hub.domain.customer import Case, Consent, Invoice, Order, Product
from hub.domain.interaction import Repeat


class KnownCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """The customer as all systems together know them; amounts are without their currency.

    `language_spoken` is whether one of the languages that are spoken here is the customer's; not known where either is
    not. `contacts` counts the latest contacts that the desk shows, the last of them at `last_contact_at`,
    `lost_calls` how often the customer called within a week and nobody answered since somebody last talked with them,
    the last time on `lost_call_on`.
    """

    kind: str = ""
    name: str = ""
    organization: str = ""
    department: str = ""
    title: str = ""
    birth_date: date | None = None
    language: str = ""
    language_spoken: bool | None = None
    segment: str = ""
    tier: str = ""
    value: str = ""
    owner: str = ""
    balance: str = ""
    preferences: dict[str, str] = {}
    consents: tuple[Consent, ...] = ()
    products: tuple[Product, ...] = ()
    orders: tuple[Order, ...] = ()
    cases: tuple[Case, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    extra: dict[str, str] = {}
    contacts: int = 0
    last_contact_at: datetime | None = None
    lost_calls: int = 0
    lost_call_on: date | None = None
    repeats: tuple[Repeat, ...] = ()


class ProposalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`today` is the day at the hub."""

    today: date
    customer: KnownCustomer


class _OfConsent(ProposalFacts, frozen=True, kw_only=True):
    item: Consent


class _OfProduct(ProposalFacts, frozen=True, kw_only=True):
    item: Product


class _OfOrder(ProposalFacts, frozen=True, kw_only=True):
    item: Order


class _OfCase(ProposalFacts, frozen=True, kw_only=True):
    item: Case


class _OfInvoice(ProposalFacts, frozen=True, kw_only=True):
    item: Invoice


class _OfRepeat(ProposalFacts, frozen=True, kw_only=True):
    item: Repeat


FACTS_OF: Final[dict[str, type[ProposalFacts]]] = {
    "": ProposalFacts,
    "consents": _OfConsent,
    "products": _OfProduct,
    "orders": _OfOrder,
    "cases": _OfCase,
    "invoices": _OfInvoice,
    "repeats": _OfRepeat,
}
"""By what a rule goes through (`each`): the facts, with the `item` at hand."""
