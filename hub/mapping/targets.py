"""What a mapping can fill: the canonical structs, looked into once."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from msgspec import inspect

from hub.domain.customer import CustomerRecord
from hub.domain.interaction import Interaction

TARGETS: dict[str, type[CustomerRecord | Interaction]] = {"customer": CustomerRecord, "interaction": Interaction}
FILLED_BY_HUB = {"customer": frozenset({"system", "mapping", "fetched_at"}), "interaction": frozenset({"source"})}
"""Fields that a mapping can't set, because the hub knows them better."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """A struct's fields by name: their types, and which of them must be there."""

    struct: type[msgspec.Struct]
    fields: dict[str, inspect.Type]
    required: frozenset[str]


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


def _without_none(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        return next(member for member in kind.types if not isinstance(member, inspect.NoneType))
    return kind
