"""What the model expects at a place, which pydantic does not tell: the right names, and numbers for booleans."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel


def known_keys(model: type[BaseModel], path: Sequence[str | int], data: Any) -> list[str]:
    """Return the keys of the section at `path`; `data` (the whole document) tells which member of a union it is."""
    section = _annotation_at(model, path, data)
    return list(section.model_fields) if _is_model(section) else []


def boolean_numbers(model: type[BaseModel], data: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths where true or false stands for a number: pydantic would read them as 1 and 0."""
    for path in _booleans(data, ()):
        if _annotation_at(model, path, data) in {int, float}:
            yield path


def _booleans(node: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(node, bool):
        yield path
    elif isinstance(node, Mapping | list):
        for step, value in node.items() if isinstance(node, Mapping) else enumerate(node):
            yield from _booleans(value, (*path, step))


def _annotation_at(model: type[BaseModel], path: Sequence[str | int], data: Any) -> Any:
    annotation: Any = model
    for step in path:
        annotation = _step(_section(annotation, data), step)
        data = _item(data, step)
    return _section(annotation, data)


def _step(annotation: Any, step: str | int) -> Any:
    if _is_model(annotation):
        field = annotation.model_fields.get(step)
        return field.annotation if field else None
    arguments = get_args(annotation)
    return arguments[1 if get_origin(annotation) is dict else 0] if arguments else None


def _section(annotation: Any, data: Any) -> Any:
    """Peel off Annotated and Optional; of several models take the one whose Literal fields fit the data."""
    if get_origin(annotation) is Annotated:
        return _section(get_args(annotation)[0], data)
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [_section(member, data) for member in get_args(annotation) if member is not types.NoneType]
        fitting = [member for member in members if _fits(member, data)]
        return (fitting or members)[0]
    return annotation


def _fits(member: Any, data: Any) -> bool:
    if not _is_model(member):
        return not isinstance(data, Mapping)
    return all(
        _item(data, name) in get_args(field.annotation)
        for name, field in member.model_fields.items()
        if get_origin(field.annotation) is Literal and field.is_required()
    )


def _item(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
