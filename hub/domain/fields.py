"""What a path can find in a struct: told from the types, before there is a value."""

from __future__ import annotations

from typing import Any

from msgspec import inspect

from hub.domain.path import Path


def has_path(struct: Any, path: Path) -> bool:
    """Whether some value of this struct has something at the path; items of lists are looked into by any index."""
    kinds = [inspect.type_info(struct)]
    for name in path.every_name:
        kinds = [below for kind in kinds for below in _below(kind, name)]
    return bool(kinds)


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
