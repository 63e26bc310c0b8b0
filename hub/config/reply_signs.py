"""Signs in a backend's reply by which a state is known: a status, a text, a value."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from hub.config.request import PathText
from hub.config.section import Section

Status = Annotated[int, Field(ge=100, le=599)]
PlainValue = str | int | bool


class ReplySign(Section):
    """All that is given must hold.

    The reply's status is one of `statuses`, its body holds one of `texts`, at each path of `where` stands the value or
    one of the values, at each of `differs` something else than these, and at each of `present` anything. Paths are
    those of the JSON, or of the XML inside its outermost element.
    """

    statuses: tuple[Status, ...] = ()
    texts: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=20)] = ()
    where: Annotated[dict[PathText, PlainValue | tuple[PlainValue, ...]], Field(max_length=10)] = {}
    differs: Annotated[dict[PathText, PlainValue | tuple[PlainValue, ...]], Field(max_length=10)] = {}
    present: Annotated[tuple[PathText, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.statuses or self.texts or self.where or self.differs or self.present):
            raise ValueError("give at least one of `statuses`, `texts`, `where`, `differs`, `present`")
        return self


def _as_signs(value: Any) -> Any:
    """Make signs of what may be one sign, or a list of signs and plain statuses."""
    items = [value] if isinstance(value, dict | int) else value
    if not isinstance(items, list | tuple):
        return items
    statuses = [item for item in items if isinstance(item, int) and not isinstance(item, bool)]
    others = [item for item in items if not isinstance(item, int) or isinstance(item, bool)]
    return [*([{"statuses": statuses}] if statuses else []), *others]


_Written = ReplySign | Status | Annotated[list[ReplySign | Status], Field(max_length=20)]
ReplySigns = Annotated[
    tuple[ReplySign, ...], Field(max_length=10), BeforeValidator(_as_signs, json_schema_input_type=_Written)
]
"""Any of them counts. A status alone is short for a sign: `[404, {statuses: [400], texts: [NOT_FOUND]}]`."""
