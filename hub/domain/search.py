"""Looking for customers by what a person types, and what is found."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from hub.domain.customer import BackendAnswer, Case, Customer, CustomerRecord, Email, Order, Phone
from hub.domain.identity import RecordMatch, RecordRef
from hub.domain.interaction import CustomerRef

MAX_TEXT: Final = 200
"""Characters of a search; what is longer is no name and no number."""

MAX_HITS: Final = 50


class FoundBy(enum.StrEnum):
    """What a customer was found by: the first of these is the surest."""

    PHONE = "phone"
    EMAIL = "email"
    RECORD_ID = "record_id"
    ORDER = "order"
    CASE = "case"
    INVOICE = "invoice"
    PRODUCT = "product"
    """By its serial number, or its own number, as that of a contract is."""
    NAME = "name"
    PINYIN = "pinyin"
    INITIALS = "initials"
    PHONE_END = "phone_end"
    BACKEND = "backend"
    """A backend that was asked named the customer; what it went by is its own business."""


FOUND_IN: Final[Mapping[FoundBy, frozenset[str]]] = {
    FoundBy.PHONE: frozenset({"phones"}),
    FoundBy.PHONE_END: frozenset({"phones"}),
    FoundBy.EMAIL: frozenset({"emails"}),
    FoundBy.RECORD_ID: frozenset(),
    FoundBy.ORDER: frozenset({"orders"}),
    FoundBy.CASE: frozenset({"cases"}),
    FoundBy.INVOICE: frozenset({"invoices"}),
    FoundBy.PRODUCT: frozenset({"products"}),
    FoundBy.NAME: frozenset({"name", "organization"}),
    FoundBy.PINYIN: frozenset({"name", "organization"}),
    FoundBy.INITIALS: frozenset({"name", "organization"}),
    FoundBy.BACKEND: frozenset(),
}
"""In which fields of a record something is found, of those that can be hidden."""


class FoundRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that fits, `text` what of it does: a number, a name, an address, an order's number.

    `is_exact`: it is what was typed, not only its beginning or end.
    """

    record: CustomerRecord
    by: FoundBy
    text: str = ""
    is_exact: bool = False


class UnclaimedMatter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order or a case that fits, `text` its number, of somebody of whom no system has told a record.

    `customer` has the numbers and addresses that `system` named; no ids, for whoever has one has a record.
    """

    by: FoundBy
    text: str
    system: str
    customer: CustomerRef
    is_exact: bool = False


class FoundRecords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The best first; a record is there once for each field that fits. `has_more`: others fit, too."""

    records: tuple[FoundRecord, ...] = ()
    has_more: bool = False
    unclaimed: tuple[UnclaimedMatter, ...] = ()


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason why a customer was found, and the record that gives it."""

    by: FoundBy
    record: RecordRef
    text: str = ""
    is_exact: bool = False


class CustomerHit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One customer, whichever systems know it, with the records that are it; `why`: the best reason first."""

    customer: Customer
    records: tuple[RecordRef, ...]
    why: tuple[Why, ...]


class CustomerSearch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a search found, the best first; `has_more`: others fit, too.

    `answers` are those of the backends where they were asked, without their records: who found nobody, and who could
    not be asked, with why. `unclaimed` are orders and cases of whom nothing else is known.
    """

    hits: tuple[CustomerHit, ...] = ()
    has_more: bool = False
    answers: tuple[BackendAnswer, ...] = ()
    unclaimed: tuple[UnclaimedMatter, ...] = ()


class CustomerView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One customer as a whole: the records that it was put together from, and those that may be the same customer.

    `answers` are those of the backends where they were asked, without their records.
    """

    customer: Customer
    records: tuple[CustomerRecord, ...]
    maybe_same: tuple[RecordMatch, ...] = ()
    answers: tuple[BackendAnswer, ...] = ()


class Matter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order or a case that a feed of `system` told of, and whose it is."""

    system: str
    customer: CustomerRef
    order: Order | None = None
    case: Case | None = None


def as_record(matter: Matter) -> CustomerRecord | None:
    """Return what an order or a case says of its customer: the id that its system has, else another system's.

    None where it gives no id at all.
    """
    ref = matter.customer
    system = matter.system if matter.system in ref.ids else min(ref.ids, default="")
    if not system:
        return None
    return CustomerRecord(
        system=system,
        id=ref.ids[system],
        phones=tuple(Phone(number=number) for number in ref.phones),
        emails=tuple(Email(address=address) for address in ref.emails),
        ids={other: identity for other, identity in ref.ids.items() if other != system},
        orders=(matter.order,) if matter.order else (),
        cases=(matter.case,) if matter.case else (),
    )


class KnownCustomers(Protocol):
    """Customers as the hub knows them: records of all systems, joined by identity."""

    async def keys_of(self, record: RecordRef) -> tuple[str, ...]:
        """Return the keys (`CustomerRef.keys`) of all records of the customer whose record this is.

        Its own is always among them, known or not; a number or an address that several customers share is not.
        """

    async def customer(self, record: RecordRef, *, ask_backends: bool = False) -> CustomerView | None:
        """Return the customer whose record this is, None where nobody knows it."""

    async def search(self, text: str, *, limit: int = 20, ask_backends: bool = False) -> CustomerSearch: ...
