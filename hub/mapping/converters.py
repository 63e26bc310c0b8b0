"""From a rule's value to the type that the target's field has."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC
from typing import Any

from msgspec import inspect

from hub.mapping.dates import DateReader
from hub.mapping.errors import ValueProblemError
from hub.mapping.values import to_bool, to_text, to_whole

Converter = Callable[[Any], Any]
"""A value to the field's type; None stays None."""


def converter_for(kind: inspect.Type, dates: DateReader | None) -> Converter:
    """Return the converter of a plain field. Raises TypeError for a type that no mapping can fill."""
    match kind:
        case inspect.StrType():
            return _dated_text(dates) if dates else to_text
        case inspect.BoolType():
            return to_bool
        case inspect.IntType():
            return to_whole
        case inspect.EnumType():
            return _enum_converter(kind.cls)
        case inspect.DateTimeType():
            return _moment(dates or DateReader())
        case inspect.DateType():
            return _day(dates or DateReader())
        case _:
            raise TypeError(f"no mapping can fill a field of type {type(kind).__name__}")


def is_plain(kind: inspect.Type) -> bool:
    return isinstance(
        kind,
        inspect.StrType
        | inspect.BoolType
        | inspect.IntType
        | inspect.EnumType
        | inspect.DateTimeType
        | inspect.DateType,
    )


def is_dated(kind: inspect.Type) -> bool:
    """Whether `date` makes sense for the field."""
    return isinstance(kind, inspect.StrType | inspect.DateTimeType | inspect.DateType)


def _moment(dates: DateReader) -> Converter:
    def convert(value: Any) -> Any:
        moment = dates.read(value)
        try:
            if moment is not None:
                moment.astimezone(UTC)
        except OverflowError:
            raise ValueProblemError("the time lies at the end of the calendar, where it has no UTC") from None
        return moment

    return convert


def _day(dates: DateReader) -> Converter:
    def convert(value: Any) -> Any:
        moment = dates.read(value)
        return None if moment is None else moment.date()

    return convert


def _dated_text(dates: DateReader) -> Converter:
    def convert(value: Any) -> Any:
        moment = dates.read(value)
        return None if moment is None else moment.date().isoformat()

    return convert


def _enum_converter(cls: type[enum.Enum]) -> Converter:
    known = {str(member.value): member for member in cls}

    def convert(value: Any) -> Any:
        text = to_text(value)
        if text is None:
            return None
        member = known.get(text)
        if member is None:
            raise ValueProblemError(f"needs one of {', '.join(known)}; a `table` can translate the backend's codes")
        return member

    return convert
