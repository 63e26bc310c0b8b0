"""What a mapping can fill: the canonical structs, looked into once."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from msgspec import inspect

from hub.domain.change import CaseChange, ChangeKind, OrderChange
from hub.domain.customer import CustomerRecord
from hub.domain.interaction import Interaction
from hub.domain.writeback import WriteBack

Target = CustomerRecord | Interaction | OrderChange | CaseChange | WriteBack

TARGETS: dict[str, type[Target]] = {
    "customer": CustomerRecord,
    "interaction": Interaction,
    "order": OrderChange,
    "case": CaseChange,
    "write_back": WriteBack,
}
OF_FEEDS = ("customer", "interaction", "order", "case")
"""What a feed's messages can become."""

FILLED_BY_HUB = {
    "customer": frozenset({"system", "mapping", "fetched_at", "hidden"}),
    "interaction": frozenset({"source"}),
    "order": frozenset({"system"}),
    "case": frozenset({"system"}),
    "write_back": frozenset({"id", "kind", "customer"}),
}
"""Fields that a mapping can't set, because the hub knows them better."""

_BESIDE: dict[str, dict[str, inspect.Type]] = {"customer": {"change": inspect.type_info(ChangeKind)}}
"""Fields of a target that are no part of its struct: a feed says whether a customer was changed or deleted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """A struct's fields by name: their types, and which of them must be there."""

    struct: type[msgspec.Struct]
    fields: dict[str, inspect.Type]
    required: frozenset[str]

    @property
    def essential(self) -> str:
        """The one field that makes a section of its own of a text (a phone's number), "" if there is no such."""
        name = next(iter(self.required)) if len(self.required) == 1 else ""
        return name if isinstance(self.fields.get(name), inspect.StrType) else ""


def shape_of(struct: Any) -> Shape:
    """Look into a struct, given as its class or its msgspec type."""
    info = struct if isinstance(struct, inspect.StructType) else inspect.type_info(struct)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{struct!r} is not a struct")
    return Shape(
        info.cls,
        {field.name: _without_none(field.type) for field in info.fields},
        frozenset(field.name for field in info.fields if field.required),
    )


def shape_of_target(target: str) -> Shape:
    """Return what a mapping with this target can fill."""
    shape, reserved = shape_of(TARGETS[target]), FILLED_BY_HUB[target]
    fields = {name: kind for name, kind in shape.fields.items() if name not in reserved}
    return Shape(shape.struct, fields | _BESIDE.get(target, {}), shape.required - reserved)


def _without_none(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        return next(member for member in kind.types if not isinstance(member, inspect.NoneType))
    return kind
