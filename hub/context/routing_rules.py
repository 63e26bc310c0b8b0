"""The routing rules, compiled once: which of them hold for some facts, and what they decide together. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from hub.config.expressions import ExpressionFailedError, compile_expression
from hub.config.routing import EXPRESSION, Comparison, Outcome, Rule
from hub.domain.path import Path

T = TypeVar("T")
Record = Mapping[str, Any]
Condition = Callable[[Record], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class Rules:
    """All rules of a configuration."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = [(rule, [_condition(key, asked) for key, asked in rule.when.items()]) for rule in rules]
        self.variables = tuple(dict.fromkeys(name for rule, _ in self._rules for name in rule.then.variables))
        """The channel variables that any rule sets by itself."""

    def holding(self, record: Record) -> Sequence[Rule]:
        """Return the rules all of whose conditions hold, in their order."""
        return [rule for rule, conditions in self._rules if all(condition(record) for condition in conditions)]


def first_said(rules: Iterable[Rule], read: Callable[[Outcome], T | None]) -> T | None:
    """Return what the first rule that has something to say decides."""
    return next((said for rule in rules if (said := read(rule.then)) is not None), None)


def _condition(key: str, asked: Comparison | str) -> Condition:
    if isinstance(asked, str):
        if key != EXPRESSION:
            raise TypeError(f"a condition that was not validated: {key}")
        return _expression(asked)
    path, holds = Path(key), _comparison(asked.operator, asked.operand)
    return lambda record: holds([value for value in path.read_all(record) if value not in {"", None}])


def _expression(text: str) -> Condition:
    search = compile_expression(text)

    def holds(record: Record) -> bool:
        try:
            found = search(record)
        except ExpressionFailedError:
            return False  # a function that does not take what is there, as to_number(@) > `1` of a text
        return bool(found) or found == 0  # as JMESPath counts truth: a number is true

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

        def is_one_of(values: Sequence[Any]) -> bool:
            return any(_equal(value, one) for value in values for one in wanted)

        return is_one_of if kind == "eq" else lambda values: not is_one_of(values)
    compare = _ORDER[kind]
    bound = Decimal(repr(operand))
    return lambda values: any((number := _number(value)) is not None and compare(number, bound) for value in values)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    if isinstance(wanted, str):
        return _text(value) == wanted.strip().casefold()
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
