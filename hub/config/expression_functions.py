"""JMESPath's functions with exact numbers: a backend's 12.10 is a Decimal, for the library's functions no number."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from jmespath import functions

from hub.domain.budget import Budget

Function = TypeVar("Function", bound=Callable[..., Any])

# jmespath is typed in part: these are not.
_Functions: Any = functions.Functions
_signature: Callable[..., Callable[[Function], Function]] = functions.signature

MAX_DIGITS = 100
"""Of a number, before or behind the point: no amount has more, and a greater exponent would be written for hours."""
MAX_PLACES = 20
CHARACTERS_A_STEP = 100
_EXACT = decimal.Context(prec=6 * MAX_DIGITS, rounding=decimal.ROUND_HALF_UP)
_DIVISION = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_UP)
_WHOLE = frozenset({"contains", "to_string"})
"""Functions that look into what is inside their arguments, too."""


class ExactFunctions(_Functions):  # type: ignore[misc]  # the base is untyped, see above
    """The standard's functions, for which a Decimal is a number like any other, and some of our own.

    These are `divide`, `multiply`, `round` and `replace`.

    Each call costs steps by the size of its arguments.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def call_function(self, function_name: str, resolved_args: list[Any]) -> Any:
        for argument in resolved_args:
            if function_name in _WHOLE:
                self.spend_for_all_of(argument)
            else:
                self._spend_for(argument)
        return super().call_function(function_name, resolved_args)

    def spend_for_all_of(self, value: Any) -> None:
        """Spend what it takes to walk through a value to its leaves; what is in it twice counts twice."""
        waiting = [value]
        while waiting:
            one = waiting.pop()
            self._spend_for(one)
            if isinstance(one, dict | list):
                waiting.extend(one.values() if isinstance(one, dict) else one)

    def _spend_for(self, argument: Any) -> None:
        if isinstance(argument, list | dict):
            self._budget.spend(len(argument))
        elif isinstance(argument, str):
            self._budget.spend(len(argument) // CHARACTERS_A_STEP)
        elif isinstance(argument, Decimal | int):
            _printable(argument)

    def _get_allowed_pytypes(self, types: Any) -> tuple[list[str], list[tuple[str, ...]]]:
        allowed, inner = super()._get_allowed_pytypes(types)
        return [*allowed, *_exact_too(allowed)], [(*names, *_exact_too(names)) for names in inner]

    def _convert_to_jmespath_type(self, name: str) -> Any:
        return "number" if name == "Decimal" else super()._convert_to_jmespath_type(name)

    @_signature({"types": []})
    def _func_type(self, value: Any) -> Any:
        return "number" if isinstance(value, Decimal) else super()._func_type(value)

    @_signature({"types": []})
    def _func_to_string(self, value: Any) -> Any:
        return format(value, "f") if isinstance(value, Decimal) else super()._func_to_string(value)

    @_signature({"types": []})
    def _func_to_number(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value if isinstance(value, Decimal) else super()._func_to_number(value)
        if len(value) > 2 * MAX_DIGITS:
            return None
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return None
        return number if number.is_finite() else None

    @_signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, parts: list[str]) -> str:
        self._budget.spend((sum(map(len, parts)) + len(separator) * len(parts)) // CHARACTERS_A_STEP)
        return separator.join(parts)

    @_signature({"types": ["string", "null"]}, {"types": ["string"]}, {"types": ["string"]})
    def _func_replace(self, text: str | None, old: str, new: str) -> str | None:
        """Return a text with `old` as `new` wherever it stands (JEP 14 of the JMESPath community); of null, null."""
        if not old:
            raise ValueError
        if text is None:
            return None
        self._budget.spend((len(text) + text.count(old) * len(new)) // CHARACTERS_A_STEP)
        return text.replace(old, new)

    @_signature({"types": ["array-number"]})
    def _func_sum(self, values: list[Any]) -> Any:
        return exact_sum(values)

    @_signature({"types": ["array-number"]})
    def _func_avg(self, values: list[Any]) -> Any:
        return _DIVISION.divide(exact_sum(values), Decimal(len(values))) if values else None

    @_signature({"types": ["number"]}, {"types": ["number"]})
    def _func_divide(self, number: Any, divisor: Any) -> Decimal:
        if divisor == 0:
            raise ZeroDivisionError
        return _DIVISION.divide(_exact(number), _exact(divisor))

    @_signature({"types": ["number"]}, {"types": ["number"]})
    def _func_multiply(self, number: Any, factor: Any) -> Decimal:
        return _EXACT.multiply(_exact(number), _exact(factor))

    @_signature({"types": ["number"]}, {"types": ["number"]})
    def _func_round(self, number: Any, places: Any) -> Decimal:
        if places != int(places) or not 0 <= places <= MAX_PLACES:
            raise ValueError
        return _exact(number).quantize(Decimal(1).scaleb(-int(places)), context=_EXACT)


def exact_sum(values: Iterable[Any]) -> Decimal:
    """Add up numbers without losing a digit. Raises ValueError for what is too long, or no finite number."""
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, _exact(value))
    return total


def _exact_too(names: Any) -> tuple[str, ...]:
    return ("Decimal",) if "float" in names else ()


def _exact(value: Any) -> Decimal:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(_printable(value))
    return Decimal(_printable(exact))


def _printable(value: Decimal | int) -> Decimal | int:
    """Return a number that can be calculated with and written. Raises ValueError."""
    if isinstance(value, int):
        fits = value.bit_length() <= 3 * MAX_DIGITS
    else:
        exponent = value.as_tuple().exponent
        fits = isinstance(exponent, int) and abs(exponent) <= MAX_DIGITS and abs(value.adjusted()) <= MAX_DIGITS
    if not fits:
        raise ValueError("the number is too long")
    return value
