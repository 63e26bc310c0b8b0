"""Conditions of rules, compiled once: whether they hold for a record of facts. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from hub.config.conditions import EXPRESSION, Comparison
from hub.config.expressions import ExpressionFailedError, compile_expression
from hub.domain.budget import Budget, TooMuchWorkError
from hub.domain.path import Path

MAX_STEPS: Final = 100_000
"""What one rule may take of one record, all its items together: some hundredths of a second at worst."""

Record = Mapping[str, Any]
Condition = Callable[[Record, Budget], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_DATED = frozenset({"within_days", "older_than_days", "before_today"})


def compiled(key: str, asked: Comparison | str) -> Condition:
    """Return what tells whether a condition holds for a record of facts; dates are seen from its `today`.

    It raises TooMuchWorkError where that takes more than the budget allows.
    """
    if isinstance(asked, str):
        if key != EXPRESSION:
            raise TypeError(f"a condition that was not validated: {key}")
        return _expression(asked)
    read = _reader(Path(key))
    if asked.operator in _DATED:
        fits = _dated(asked.operator, asked.operand)
        return lambda record, budget: fits(read(record, budget), date.fromisoformat(record["today"]))
    holds = _comparison(asked.operator, asked.operand)
    return lambda record, budget: holds(read(record, budget))


def _reader(path: Path) -> Callable[[Record, Budget], Sequence[Any]]:
    """Return what reads the known values at a path; by the short way where one name leads to the next."""
    names = path.names if path.steps is not None and len(path.names) == len(path.steps) else ()

    def read(record: Record, budget: Budget) -> Sequence[Any]:
        at: Any = record
        for name in names:
            if type(at) is not dict:
                break
            at = at.get(name)
        else:
            if names and not isinstance(at, list | tuple):
                return (at,) if _is_known(at) else ()
        found = path.read(record, budget)
        return [value for value in (found if isinstance(found, list | tuple) else (found,)) if _is_known(value)]

    return read


def _is_known(value: Any) -> bool:
    return value is not None and value not in ("", {})


def _expression(text: str) -> Condition:
    search = compile_expression(text)

    def holds(record: Record, budget: Budget) -> bool:
        try:
            found = search(record, budget)
        except ExpressionFailedError as error:
            if not budget.left:
                raise TooMuchWorkError(str(error)) from None
            return False  # a function that does not take what is there, as to_number(@) > `1` of a text
        # As JMESPath counts truth: a number is true, 0 as well.
        return bool(found) or (found == 0 and not isinstance(found, bool))

    return holds


def _comparison(kind: str, operand: Any) -> Callable[[Sequence[Any]], bool]:
    """Return what asks one thing of the values that a path has found."""
    if kind == "exists":
        return lambda values: bool(values) is operand
    if kind == "contains":
        part = str(operand).casefold()
        return lambda values: any(part in _text(value) for value in values)
    if kind in {"eq", "ne"}:
        wanted = operand if isinstance(operand, tuple) else (operand,)
        is_one_of = _flag(*wanted) if len(wanted) == 1 and isinstance(wanted[0], bool) else _one_of(wanted)
        return is_one_of if kind == "eq" else lambda values: not is_one_of(values)
    compare = _ORDER[kind]
    bound = Decimal(repr(operand))
    return lambda values: any((number := _number(value)) is not None and compare(number, bound) for value in values)


def _flag(wanted: bool) -> Callable[[Sequence[Any]], bool]:
    return lambda values: any(value is wanted for value in values)


def _one_of(wanted: Sequence[Any]) -> Callable[[Sequence[Any]], bool]:
    texts = frozenset(_text(one) for one in wanted if isinstance(one, str))
    others = [one for one in wanted if not isinstance(one, str)]

    def is_one_of(values: Sequence[Any]) -> bool:
        for value in values:
            if not isinstance(value, bool) and _text(value) in texts:
                return True
            if others and any(_equal(value, one) for one in others):
                return True
        return False

    return is_one_of


def _dated(kind: str, operand: Any) -> Callable[[Sequence[Any], date], bool]:
    """Return what asks of dates how far they are from today."""
    if kind == "before_today":
        return lambda values, today: any(day < today for day in _days(values)) is operand
    if kind == "within_days":
        return lambda values, today: any(0 <= (day - today).days <= operand for day in _days(values))
    return lambda values, today: any((today - day).days > operand for day in _days(values))


def _days(values: Sequence[Any]) -> list[date]:
    days = []
    for value in values:
        try:
            days.append(date.fromisoformat(str(value)[:10]))
        except ValueError:
            continue  # a site's own field, in which something else stands
    return days


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    return _number(value) == Decimal(repr(wanted))


def _text(value: Any) -> str:
    return str(value).strip().casefold()


def _number(value: Any) -> Decimal | None:
    """Read a number, also from a backend's text."""
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
