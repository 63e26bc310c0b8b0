"""Leaves of a step's rows those that were meant, where the backend can't be asked so exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.base import ConnectorError
from connectors.resolve import Scope, resolve
from connectors.rows import Row
from connectors.wording import backend_words
from hub.config.operations import StepBase
from hub.config.request import Condition
from hub.domain.customer import Problem
from hub.domain.path import Path
from hub.domain.phone import parse_number

LAST_DIGITS = 4
"""Of a number, which stand in it however it is written: what prefixes and extensions change is before or behind."""
WHOLE_DIGITS = 7
"""A number with fewer digits tells nobody apart: it may be an extension, or a part."""


def without(value: Any, nothing: frozenset[tuple[bool, str]]) -> Any:
    """Return a value of a reply with nothing in the places where it is a sign for that (see `signs_of`)."""
    match value:
        case dict():
            return {name: without(inner, nothing) for name, inner in value.items()}
        case list():
            return [without(inner, nothing) for inner in value]
        case _:
            return None if (isinstance(value, bool), _text(value)) in nothing else value


def signs_of(nothing: Sequence[str | int | bool]) -> frozenset[tuple[bool, str]]:
    """Return `nothing` of the configuration by texts; false is not "false"."""
    return frozenset((isinstance(value, bool), _text(value)) for value in nothing)


def refuse_failed(rows: list[Row], step: StepBase) -> None:
    """Raise ConnectorError (fault) if a row says that the call was in vain, where the step tells how rows say so."""
    if step.failed is None:
        return
    reader = Path(step.failed)
    words = next((_text(value).strip() for row in rows for value in reader.read_all(row) if _text(value).strip()), "")
    if words:
        raise ConnectorError(Problem.FAULT, f"the backend answered that it failed: {backend_words(words)}")


def sifted(rows: list[Row], step: StepBase, scope: Scope, region: str) -> list[Row]:
    """Return the rows that `keep` and `same_number` leave, in their order.

    Raises NothingToAskError if a condition compares with what was found nowhere.
    """
    for path, condition in step.keep.items():
        holds = _condition(condition, scope)
        reader = Path(path)
        folded = _folded if condition.ignore_case else _text
        rows = [row for row in rows if holds([folded(value) for value in reader.read_all(row)])]
    asked_for = scope.get("query", {}).get("e164", "") if step.same_number else ""
    if asked_for:
        readers = [Path(path) for path in step.same_number]
        rows = [row for row in rows if _may_be_asked_for(_numbers(row, readers), asked_for, region)]
    return rows


def _condition(condition: Condition, scope: Scope) -> Callable[[list[str]], bool]:
    value = resolve(condition.value, scope)
    folded = _folded if condition.ignore_case else _text
    wanted = [folded(one) for one in (value if isinstance(value, list) else [value])]
    if condition.operator == "ne":
        return lambda texts: not any(text in wanted for text in texts)
    compare = _COMPARISONS[condition.operator]
    return lambda texts: any(compare(text, one) for text in texts for one in wanted)


def _order(text: str, other: str) -> int:
    """Compare two numbers by value, anything else (dates as in 2026-11-22) by its text."""
    try:
        first, second = Decimal(text), Decimal(other)
    except InvalidOperation:
        return (text > other) - (text < other)
    return (first > second) - (first < second)


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda text, other: text == other,
    "gt": lambda text, other: _order(text, other) > 0,
    "ge": lambda text, other: _order(text, other) >= 0,
    "lt": lambda text, other: _order(text, other) < 0,
    "le": lambda text, other: _order(text, other) <= 0,
    "startswith": lambda text, other: text.startswith(other),
    "endswith": lambda text, other: text.endswith(other),
    "contains": lambda text, other: other in text,
}


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case _:
            return str(value)


def _folded(value: Any) -> str:
    return _text(value).casefold()


def _numbers(row: Row, readers: Sequence[Path]) -> list[str]:
    return [_text(value) for reader in readers for value in reader.read_all(row)]


def _may_be_asked_for(numbers: Sequence[str], e164: str, region: str) -> bool:
    whole = [number for number in numbers if sum(character.isdigit() for character in number) >= WHOLE_DIGITS]
    return not whole or any(_may_be(number, e164, region) for number in whole)


def _may_be(number: str, e164: str, region: str) -> bool:
    """Whether a number as somebody typed it is the one of `e164`, or its end without area or country."""
    digits = "".join(character for character in number if character.isdigit())
    whole = e164.removeprefix("+")
    if digits.isascii() and whole[-LAST_DIGITS:] not in digits:
        # Reading a number takes a hundred times as long, and a reply may hold thousands.
        return False
    if parse_number(number, region).e164 == e164:
        return True
    if number.lstrip().startswith("+") or digits.startswith("00"):
        return digits.lstrip("0") == whole
    return whole.endswith(digits.lstrip("0"))
