"""Where to with a caller: what a dialplan asks, what rules may look at, and what is decided.

`Facts` is the one list of names that the configuration's rules and variables can use.
"""

from __future__ import annotations

import enum

import msgspec

from hub.domain.customer import Case, Invoice, Order
from hub.domain.phone import PhoneNumber


class EnquiryStatus(enum.StrEnum):
    """How an enquiry went.

    `found`: one customer is known, or an agent has said which of several it is, maybe not from every backend. `many`:
    the number belongs to several.
    `not_found`: every backend was asked and knows nobody. `timeout`: nobody is known, and not every backend answered
    in time. `error`: nobody is known, and a backend, or the hub, failed.
    """

    FOUND = "found"
    NOT_FOUND = "not_found"
    MANY = "many"
    TIMEOUT = "timeout"
    ERROR = "error"


class Enquiry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dialplan's question. `pbx` and `call_id` are empty where it isn't known which PBX asks.

    `arguments` are what the dialplan adds for the rules: what the caller chose in the IVR.
    """

    caller: PhoneNumber
    pbx: str = ""
    call_id: str = ""
    dialled: str = ""
    queue: str = ""
    arguments: dict[str, str] = {}


class RoutingAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the dialplan gets: every variable of the configuration, empty where nothing is known, and why."""

    status: EnquiryStatus
    variables: dict[str, str] = {}
    rules: tuple[str, ...] = ()


class CallerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, as the line says. `number` is E.164, or what arrived; empty for an anonymous caller."""

    number: str = ""
    region: str = ""
    anonymous: bool = False


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The customer. Where several have the number: what all of them have in common.

    `id` is the one in the first backend of the configuration that knows them. `cases`, `orders` and `invoices` are the
    open ones. `value` and `balance` are amounts, without their currency; a balance that several systems tell of is
    that of the first.
    """

    id: str = ""
    ids: dict[str, str] = {}
    kind: str = ""
    name: str = ""
    organization: str = ""
    department: str = ""
    title: str = ""
    language: str = ""
    segment: str = ""
    tier: str = ""
    value: str = ""
    balance: str = ""
    owner: str = ""
    preferences: dict[str, str] = {}
    products: tuple[str, ...] = ()
    open_cases: int = 0
    open_orders: int = 0
    open_invoices: int = 0
    cases: tuple[Case, ...] = ()
    orders: tuple[Order, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    extra: dict[str, str] = {}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule may look at.

    `customers` is how many have the number, `contacts` how many earlier ones the desk would show, `last_agent` the id
    of who talked with this number last. `complete` says that every backend has answered.
    """

    status: EnquiryStatus
    caller: CallerFacts = CallerFacts()
    customer: CustomerFacts = CustomerFacts()
    customers: int = 0
    contacts: int = 0
    last_agent: str = ""
    complete: bool = False
    dialled: str = ""
    queue: str = ""
    pbx: str = ""
    arguments: dict[str, str] = {}


class PreferredAgent(msgspec.Struct, frozen=True, kw_only=True):
    """The agent to try first; `device` is on the PBX that asks, empty where the agent has none there."""

    id: str = ""
    name: str = ""
    device: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules decided. `queue` is the one that was dialled unless a rule names another."""

    queue: str = ""
    priority: int = 0
    language: str = ""
    agent: PreferredAgent = PreferredAgent()
    rules: tuple[str, ...] = ()


class DecidedFacts(Facts, frozen=True, kw_only=True):
    """What a variable may show: all that a rule may look at, and the decision."""

    decision: Decision = Decision()
