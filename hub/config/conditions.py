"""Conditions of rules (routing, proposals): the path of a fact, and what is asked of what stands there."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import Field, ValidationError, model_validator

from hub.config.fact_names import check_expression, check_path
from hub.config.placed import PlacedError
from hub.config.section import Section
from hub.config.wording import nearest, wording

EXPRESSION = "expr"
Scalar = str | int | float | bool


class Comparison(Section):
    """What is asked of one fact. Exactly one; `eq` and `ne` take several values: any of them, none of them.

    Texts are compared without regard to case, numbers as numbers even where a backend sends text. Of a list one item
    that fits is enough. `exists: false` and `ne` hold for what is not known, nothing else does.
    """

    eq: Scalar | tuple[Scalar, ...] | None = None
    ne: Scalar | tuple[Scalar, ...] | None = None
    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    contains: Annotated[str, Field(min_length=1)] | None = None
    exists: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> Comparison:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def operator(self) -> str:
        return next(iter(self.model_fields_set))

    @property
    def operand(self) -> Any:
        return getattr(self, self.operator)


class DatedComparison(Comparison):
    """As `Comparison`, or about a date, seen from today. What is no date fits none of these but `before_today: false`.

    `within_days: 28` is from today on up to four weeks ahead, `older_than_days: 10` is more than ten days ago.
    """

    within_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    older_than_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    before_today: bool | None = None


def conditions_of(value: Any, facts: type[msgspec.Struct], kind: type[Comparison]) -> dict[str, Comparison | str]:
    """Read `when`: a path and what is asked of it, or `expr` and an expression. Raises PlacedError."""
    if not isinstance(value, dict):
        raise ValueError("must be a section of conditions, as in customer.tier: Gold")  # noqa: TRY004 - pydantic's way
    return {key: _condition(key, asked, facts, kind) for key, asked in value.items()}


def _condition(key: str, asked: Any, facts: type[msgspec.Struct], kind: type[Comparison]) -> Comparison | str:
    if isinstance(asked, Comparison):
        return asked
    try:
        if key == EXPRESSION:
            return check_expression(asked, facts)
        check_path(key, facts)
    except ValueError as error:
        raise PlacedError((key,), str(error)) from None
    try:
        return kind.model_validate(asked if isinstance(asked, dict) else {"eq": asked})
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        inner = finding["loc"][:1] if isinstance(asked, dict) else ()
        if finding["type"] == "extra_forbidden":
            message = f"unknown comparison {inner[0]!r}{nearest(str(inner[0]), list(kind.model_fields))}"
        elif inner[:1] in {("eq",), ("ne",)} or not inner:
            message = "must be text, a number, true, false, or a list of these"
            message = wording(finding) if finding["type"] == "value_error" else message
        else:
            message = wording(finding)
        raise PlacedError((key, *inner), message) from None
