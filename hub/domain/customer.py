"""The canonical customer: what one backend says (a record), and what all of them say together (a context).

Names of contact data follow JSContact (RFC 9553), those of customers, products, orders, cases and bills TM Forum
(TMF629, TMF637, TMF622, TMF621, TMF678). Amounts are decimal numbers as text, so that no cent is lost on the way;
currencies are ISO 4217. A period `valid_from` to `valid_until` has both days in it, and is open where one is missing.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Generic, TypeVar

import msgspec

from hub.domain.callback import Callback
from hub.domain.identity import Chosen, RecordMatch
from hub.domain.interaction import CustomerRef, Interaction, Repeat
from hub.domain.phone import PhoneNumber
from hub.domain.proposal import Proposal

T = TypeVar("T")


class CustomerQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is asked for. Connectors answer by the first that they have an operation for: id, number, address."""

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
    """`verified`: the system made sure that it is this customer's. `shared`: others are reached there, too."""

    number: str
    label: str = ""
    verified: bool = False
    shared: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


class Email(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    address: str
    label: str = ""
    verified: bool = False
    shared: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    street: str = ""
    postcode: str = ""
    locality: str = ""
    region: str = ""
    country: str = ""
    label: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


class Money(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    amount: str
    currency: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the customer agreed to, or has forbidden: `purpose` as the systems call it (`marketing`, `profiling`).

    `channel` is empty where it holds for all of them.
    """

    purpose: str
    granted: bool
    channel: str = ""
    given_on: date | None = None
    valid_until: date | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something of the company that the customer has (TMF637); `place` is where it stands."""

    name: str
    id: str = ""
    model: str = ""
    serial_number: str = ""
    status: str = ""
    bought_on: date | None = None
    bought_from: str = ""
    place: str = ""
    warranty_until: date | None = None
    ends_on: date | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`due_on` is when it was promised, `delivered_on` when it came."""

    id: str
    status: str = ""
    description: str = ""
    ordered_on: date | None = None
    due_on: date | None = None
    delivered_on: date | None = None
    amount: str = ""
    currency: str = ""
    open: bool = True
    url: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A trouble ticket; `target_on` is when it should be solved, `product` what it is about, `owner` who sees to it."""

    id: str
    subject: str = ""
    status: str = ""
    priority: str = ""
    opened_on: date | None = None
    target_on: date | None = None
    closed_on: date | None = None
    owner: str = ""
    product: str = ""
    open: bool = True
    url: str = ""


class Invoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bill (TMF678); `remaining` is what is still to be paid of `amount`."""

    id: str
    status: str = ""
    issued_on: date | None = None
    due_on: date | None = None
    amount: str = ""
    remaining: str = ""
    currency: str = ""
    open: bool = True
    url: str = ""


class Hiding(enum.StrEnum):
    """Whether something of a value is still shown (the last digits of a number), or nothing."""

    MASKED = "masked"
    NOTHING = "nothing"


class HiddenReason(enum.StrEnum):
    """`role`: whoever looks need not see it. `consent`: the customer has refused the field's purpose."""

    ROLE = "role"
    CONSENT = "consent"


class Hidden(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field of a customer that is not shown as it is, or not at all; `purpose` is what it is held for.

    A date that is masked says its year only, and stands as the first of January.
    """

    field: str
    shown: Hiding
    reason: HiddenReason
    purpose: str = ""


class CustomerRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one backend knows of one customer, mapped. `system` is the connector's name, `id` the backend's own.

    `organization` is a company's own name, or where a person works; `organization_id` is that company's id in the same
    system, `title` the person's role there. `segment` and `tier` are how the company sorts its customers, `value` what
    one is worth to it. `owner` is who looks after the customer: an agent's id or name. `ids` are ids of the same
    customer in other systems (system name to id). `preferences` are the customer's own (`channel`, `time`), `balance`
    is what the customer owes. `extra` takes a site's own fields. `url` opens the record in the backend's own screen,
    `changed_at` is when it last changed there. `hidden` names the fields that whoever gets this does not see as they
    are.
    """

    system: str
    id: str
    mapping: str = ""
    fetched_at: datetime | None = None
    changed_at: datetime | None = None
    kind: Kind = Kind.INDIVIDUAL
    name: Name = Name()
    birth_date: date | None = None
    organization: str = ""
    organization_id: str = ""
    department: str = ""
    title: str = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    addresses: tuple[Address, ...] = ()
    language: str = ""
    segment: str = ""
    tier: str = ""
    value: Money | None = None
    owner: str = ""
    preferences: dict[str, str] = {}
    consents: tuple[Consent, ...] = ()
    products: tuple[Product, ...] = ()
    ids: dict[str, str] = {}
    orders: tuple[Order, ...] = ()
    cases: tuple[Case, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    balance: Money | None = None
    url: str = ""
    extra: dict[str, str] = {}
    hidden: tuple[Hidden, ...] = ()

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


class Conflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field of which systems say different things: each of them, as text, the one that is shown first.

    `field` is a path in `Customer` (`language`, `name.full`, `orders.4711.status`).
    """

    field: str
    values: tuple[Sourced[str], ...]


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person or company, put together from the records of all systems.

    `ids` has each system's id; of a system that knows the customer under several the first of the merge's order.
    `extra` is by `<system>.<field>`. `matches` say why these records are one customer, in the order in which they were
    joined. `conflicts` are of fields that can have one value only. `hidden` is as of a record.
    """

    ids: dict[str, str]
    kind: Kind = Kind.INDIVIDUAL
    name: Sourced[Name] | None = None
    birth_date: Sourced[date] | None = None
    organization: Sourced[str] | None = None
    department: Sourced[str] | None = None
    title: Sourced[str] | None = None
    language: Sourced[str] | None = None
    segment: Sourced[str] | None = None
    tier: Sourced[str] | None = None
    value: Sourced[Money] | None = None
    owner: Sourced[str] | None = None
    preferences: dict[str, Sourced[str]] = {}
    consents: tuple[Sourced[Consent], ...] = ()
    products: tuple[Sourced[Product], ...] = ()
    phones: tuple[Sourced[Phone], ...] = ()
    emails: tuple[Sourced[Email], ...] = ()
    addresses: tuple[Sourced[Address], ...] = ()
    orders: tuple[Sourced[Order], ...] = ()
    cases: tuple[Sourced[Case], ...] = ()
    invoices: tuple[Sourced[Invoice], ...] = ()
    balances: tuple[Sourced[Money], ...] = ()
    urls: tuple[Sourced[str], ...] = ()
    extra: dict[str, Sourced[str]] = {}
    matches: tuple[RecordMatch, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    hidden: tuple[Hidden, ...] = ()

    @property
    def display_name(self) -> str:
        """What a list shows of this customer: the name, else the company; empty if neither is known."""
        name = self.name.value.full if self.name else ""
        return name or (self.organization.value if self.organization else "")


class CustomerContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of a call's other party at one moment.

    `customers` has none, one, or several entries: several means that what was asked for belongs to more than one
    customer and the agent has to ask which. `chosen` is the agent's answer to that, of this call or an earlier one: the
    first of `customers` is meant, the others stay to choose from; while it is `unreachable` none of them is.
    `maybe_same` are records of different `customers` that may be one. `revision` grows with each change. `complete` is
    set once every backend has answered or failed. `interactions` are the newest first, with `has_older` not all of
    them, `repeats` the matters among them that come up again and again. `callback` is set where the call is one that
    the customer asked for.
    """

    call_id: str
    phone: PhoneNumber
    revision: int = 0
    complete: bool = False
    customers: tuple[Customer, ...] = ()
    chosen: Chosen | None = None
    maybe_same: tuple[RecordMatch, ...] = ()
    answers: tuple[BackendAnswer, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    has_older: bool = False
    repeats: tuple[Repeat, ...] = ()
    callback: Callback | None = None

    @property
    def customer(self) -> Customer | None:
        """The one customer that is meant, None where there is none, or that one is not known here."""
        is_known = len(self.customers) == 1 if self.chosen is None else not self.chosen.unreachable
        return self.customers[0] if is_known and self.customers else None
