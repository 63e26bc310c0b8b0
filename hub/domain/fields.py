"""What a path can find in a struct: told from the types, before there is a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import inspect

from hub.domain.path import Path


def has_path(struct: Any, path: Path) -> bool:
    """Whether some value of this struct has something at the path; items of lists are looked into by any index."""
    return has_names(struct, path.every_name)


def has_names(struct: Any, names: Iterable[str]) -> bool:
    """Whether some value of this struct has something where these names lead; items of lists as in `has_path`."""
    return bool(_kinds_at(struct, names))


def values_at(struct: Any, path: Path) -> frozenset[str] | None:
    """Return the only values that may stand there, where the path ends at an enumeration; None where it does not."""
    kinds = _kinds_at(struct, path.every_name)
    found = [member for kind in kinds for member in (kind.types if isinstance(kind, inspect.UnionType) else (kind,))]
    values: set[str] = set()
    for kind in found:
        if isinstance(kind, inspect.EnumType):
            values |= {str(member.value) for member in kind.cls}
        elif not isinstance(kind, inspect.NoneType):
            return None
    return frozenset(values) if found else None


def _kinds_at(struct: Any, names: Iterable[str]) -> list[inspect.Type]:
    kinds = [inspect.type_info(struct)]
    for name in names:
        kinds = [below for kind in kinds for below in _below(kind, name)]
    return kinds


def _below(kind: inspect.Type, name: str) -> list[inspect.Type]:
    match kind:
        case inspect.StructType():
            return [field.type for field in kind.fields if field.name == name]
        case inspect.DictType():
            return [kind.value_type]
        case inspect.VarTupleType() | inspect.ListType():
            return _below(kind.item_type, name)
        case inspect.UnionType():
            return [below for member in kind.types for below in _below(member, name)]
        case _:
            return []
