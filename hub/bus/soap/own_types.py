"""The hub's own messages as XML has them, made from the domain types: element by element, once.

Fields become elements in the order of the type, in lowerCamelCase; a list is its element repeated under the singular
name; a dictionary is an element repeated, with its key as an attribute.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, Final

import msgspec
from msgspec import inspect

from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.customer import CustomerRecord, Invoice, Money, Order
from hub.domain.event import FeedData
from hub.domain.interaction import CustomerRef, Interaction

MAX_ITEMS: Final = 500

_SAID_BY_THE_HUB: Final[dict[type, frozenset[str]]] = {
    CustomerRecord: frozenset({"system", "mapping", "fetched_at", "hidden"}),
    OrderChange: frozenset({"system"}),
    CaseChange: frozenset({"system"}),
    Interaction: frozenset({"source", "history"}),
}
"""What a sender can't say: whose records these are is the feed's `system`."""

_ONE_OF: Final = {
    "phones": "phone",
    "emails": "email",
    "addresses": "address",
    "consents": "consent",
    "products": "product",
    "orders": "order",
    "cases": "case",
    "invoices": "invoice",
    "notes": "note",
    "ids": "systemId",
    "preferences": "preference",
}
"""List field to the name of its element."""

_KEYS: Final = {"ids": "system", "extra": "name", "preferences": "name"}
"""Dictionary field to the name of the attribute that holds the key."""

_TYPE_NAMES: Final[dict[type, str]] = {CustomerRecord: "Customer", CustomerRef: "CustomerReference"}
_DECIMALS: Final = frozenset({(Order, "amount"), (Invoice, "amount"), (Invoice, "remaining"), (Money, "amount")})
"""Texts of the domain that are decimal numbers."""


class Simple(enum.Enum):
    TEXT = "text"
    FLAG = "flag"
    DAY = "day"
    MOMENT = "moment"
    DECIMAL = "decimal"


_SIMPLE: Final[dict[type[inspect.Type], Simple]] = {
    inspect.BoolType: Simple.FLAG,
    inspect.FloatType: Simple.DECIMAL,
    inspect.DateType: Simple.DAY,
    inspect.DateTimeType: Simple.MOMENT,
    inspect.StrType: Simple.TEXT,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Entries:
    """Texts, each with a key in the attribute called `key`."""

    key: str


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; `name` is the type's."""

    name: str
    words: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One field: what the type calls it, what its element is called, and what stands in that."""

    field: str
    tag: str
    kind: Simple | Entries | Choice | Shape
    required: bool
    many: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """A type with its elements, in their order."""

    name: str
    struct: type
    members: tuple[Member, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class OwnMessage:
    """One operation: the element `name`; with `inside`, what the domain calls the message stands in that element."""

    name: str
    shape: Shape
    inside: str = ""


def _members(struct: type) -> tuple[Member, ...]:
    info = inspect.type_info(struct)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{struct!r} is no struct")
    hidden = _SAID_BY_THE_HUB.get(struct, frozenset())
    return tuple(_member(struct, field) for field in info.fields if field.name not in hidden)


def _member(struct: type, field: inspect.Field) -> Member:
    kind = _without_none(field.type)
    tag, many = _camel(field.name), False
    if isinstance(kind, inspect.VarTupleType):
        kind, tag, many = kind.item_type, _ONE_OF[field.name], True
    if isinstance(kind, inspect.DictType):
        tag = _ONE_OF.get(field.name, tag)
        return Member(field.name, tag, Entries(_KEYS[field.name]), required=field.required, many=True)
    found = Simple.DECIMAL if (struct, field.name) in _DECIMALS else _kind(kind)
    return Member(field.name, tag, found, field.required, many)


def _kind(kind: inspect.Type) -> Simple | Choice | Shape:
    if isinstance(kind, inspect.StructType):
        return shape_of(kind.cls)
    if isinstance(kind, inspect.EnumType):
        return Choice(kind.cls.__name__, tuple(str(word.value) for word in kind.cls))
    simple = _SIMPLE.get(type(kind))
    if simple is None:
        raise TypeError(f"{kind!r} has no form in XML yet")
    return simple


def _without_none(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        return next(member for member in kind.types if not isinstance(member, inspect.NoneType))
    return kind


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def shape_of(struct: type) -> Shape:
    """Return how a domain type looks in XML."""
    return Shape(_TYPE_NAMES.get(struct, struct.__name__), struct, _members(struct))


OWN_MESSAGES: Final = (
    OwnMessage("CustomerChanged", shape_of(CustomerChange)),
    OwnMessage("OrderChanged", shape_of(OrderChange)),
    OwnMessage("CaseChanged", shape_of(CaseChange)),
    OwnMessage("InteractionRecorded", shape_of(Interaction), inside="interaction"),
)

MESSAGE_ID: Final = "messageId"
"""First element of each message: by which it is known when it comes again."""


def as_domain(struct: type, values: dict[str, Any]) -> FeedData:
    """Make the domain's type of what was read. Raises msgspec.ValidationError."""
    made: FeedData = msgspec.convert(values, struct, strict=False)
    return made
