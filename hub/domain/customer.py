"""The canonical customer: what one backend says (a record), and what all of them say together (a context).

Names of contact data follow JSContact (RFC 9553), those of cases and orders TM Forum (TMF621, TMF622).
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Generic, TypeVar

import msgspec

from hub.domain.interaction import CustomerRef, Interaction
from hub.domain.phone import PhoneNumber

T = TypeVar("T")


class CustomerQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is asked for. Connectors answer by the first field that they have an operation for."""

    phone: PhoneNumber = PhoneNumber()
    email: str = ""
    ids: dict[str, str] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.phone.e164 or self.email or self.ids)


class Kind(enum.StrEnum):
    INDIVIDUAL = "individual"
    ORG = "org"


class Name(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    full: str = ""
    given: str = ""
    surname: str = ""


class Phone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    number: str
    label: str = ""


class Email(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    address: str
    label: str = ""


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    street: str = ""
    postcode: str = ""
    locality: str = ""
    country: str = ""
    label: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`amount` is a decimal number as text, so that no cent is lost on the way; `currency` is ISO 4217."""

    id: str
    status: str = ""
    description: str = ""
    ordered_on: date | None = None
    due_on: date | None = None
    amount: str = ""
    currency: str = ""
    open: bool = True


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    subject: str = ""
    status: str = ""
    priority: str = ""
    opened_on: date | None = None
    open: bool = True


class CustomerRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one backend knows of one customer, mapped. `system` is the connector's name, `id` the backend's own.

    `owner` is who looks after the customer: an agent's id or name. `products` are what the customer has of the company.
    `ids` are ids of the same customer in other systems (system name to id). `extra` takes a site's own fields.
    `url` opens the record in the backend's own screen.
    """

    system: str
    id: str
    mapping: str = ""
    fetched_at: datetime | None = None
    kind: Kind = Kind.INDIVIDUAL
    name: Name = Name()
    organization: str = ""
    title: str = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    addresses: tuple[Address, ...] = ()
    language: str = ""
    tier: str = ""
    owner: str = ""
    products: tuple[str, ...] = ()
    ids: dict[str, str] = {}
    orders: tuple[Order, ...] = ()
    cases: tuple[Case, ...] = ()
    url: str = ""
    extra: dict[str, str] = {}

    def ref(self) -> CustomerRef:
        return CustomerRef(
            phones=tuple(phone.number for phone in self.phones),
            emails=tuple(email.address for email in self.emails),
            ids={self.system: self.id, **self.ids},
        )


class AnswerState(enum.StrEnum):
    PENDING = "pending"
    FOUND = "found"
    NOT_FOUND = "not_found"
    FAILED = "failed"


class Problem(enum.StrEnum):
    """Why a backend gave no answer; the desk has a sentence for each in the agent's language."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    THROTTLED = "throttled"
    FAULT = "fault"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    INTERNAL = "internal"


class BackendAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One backend's part of a context. `detail` is for the integrator and never holds a secret.

    `as_of` stands with an answer that is older than it should be: the backend is being asked again, or, if there is a
    `problem` with it, could not be.
    """

    connector: str
    title: str
    state: AnswerState
    problem: Problem | None = None
    detail: str = ""
    records: tuple[CustomerRecord, ...] = ()
    took_ms: float = 0.0
    cached: bool = False
    late: bool = False
    as_of: datetime | None = None


class Sourced(msgspec.Struct, Generic[T], frozen=True, kw_only=True, omit_defaults=True):
    """A value with where it came from: system, record id there, when it was fetched, by which mapping."""

    value: T
    system: str
    record: str
    at: datetime | None = None
    mapping: str = ""


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person or company, put together from the records of all systems."""

    ids: dict[str, str]
    kind: Kind = Kind.INDIVIDUAL
    name: Sourced[Name] | None = None
    organization: Sourced[str] | None = None
    title: Sourced[str] | None = None
    language: Sourced[str] | None = None
    tier: Sourced[str] | None = None
    owner: Sourced[str] | None = None
    products: tuple[Sourced[str], ...] = ()
    phones: tuple[Sourced[Phone], ...] = ()
    emails: tuple[Sourced[Email], ...] = ()
    addresses: tuple[Sourced[Address], ...] = ()
    orders: tuple[Sourced[Order], ...] = ()
    cases: tuple[Sourced[Case], ...] = ()
    urls: tuple[Sourced[str], ...] = ()
    extra: dict[str, Sourced[str]] = {}

    @property
    def display_name(self) -> str:
        """What a list shows of this customer: the name, else the company; empty if neither is known."""
        name = self.name.value.full if self.name else ""
        return name or (self.organization.value if self.organization else "")


class CustomerContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of a call's other party at one moment.

    `customers` has none, one, or several entries: several means that the number belongs to more than one
    customer and the agent has to ask which. `revision` grows with each change. `complete` is set once every
    backend has answered or failed. `interactions` are the newest first.
    """

    call_id: str
    phone: PhoneNumber
    revision: int = 0
    complete: bool = False
    customers: tuple[Customer, ...] = ()
    answers: tuple[BackendAnswer, ...] = ()
    interactions: tuple[Interaction, ...] = ()
