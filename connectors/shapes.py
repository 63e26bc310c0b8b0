"""What a contract says of the fields of a request or a reply, whatever language it is written in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Literal

Kind = Literal["text", "number", "bool", "date", "time", "guid", "binary", "section"]


@dataclasses.dataclass(frozen=True)
class Field:
    """One field. `inside` gives the fields below it when they are asked for: types may hold themselves.

    `is_open`: it may hold fields that the contract doesn't name. `values` are those of an enumeration. `linked`: what
    is below comes only when it is asked for (a navigation of OData).
    """

    name: str
    kind: Kind = "text"
    many: bool = False
    required: bool = False
    is_open: bool = False
    linked: bool = False
    values: tuple[str, ...] = ()
    max_length: int | None = None
    inside: Callable[[], Mapping[str, Field]] | None = None

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        return self.inside() if self.inside else {}

    @property
    def is_section(self) -> bool:
        return self.inside is not None


OPEN = Field("", "section", is_open=True)
"""Of which nothing is known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """A name that can't be there, and those that can; `below` is the plain or linked field that has none."""

    name: str
    known: tuple[str, ...]
    below: Field


def section(fields: Mapping[str, Field], *, name: str = "", many: bool = False, is_open: bool = False) -> Field:
    return Field(name, "section", many=many, is_open=is_open, inside=lambda: fields)


def unknown_in(field: Field, names: Sequence[str]) -> Unknown | None:
    """Return the first of the names, going down, that can't be there; None if all can."""
    for name in names:
        inner = field.fields.get(name)
        if inner is None:
            return None if field.is_open or _is_added(name, field) else Unknown(name, tuple(field.fields), field)
        field = inner
    return None


def _is_added(name: str, field: Field) -> bool:
    """Whether a name is of what connectors add to a row (`@etag`, `@id`), beside which no contract has such names."""
    return name.startswith("@") and not any(one.startswith("@") for one in field.fields)


def field_at(field: Field, names: Sequence[str]) -> Field | None:
    """Return the field that the names lead to: None if it can't be there, OPEN if the contract doesn't say."""
    for name in names:
        inner = field.fields.get(name)
        if inner is None:
            return OPEN if field.is_open else None
        field = inner
    return field


class ContractError(Exception):
    """A contract that can't be read, or that asks for what is refused; the message says what and why."""
