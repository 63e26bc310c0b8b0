"""JMESPath with exact numbers: a backend's 12.10 is a Decimal, for the library's functions no number at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError, LexerError, ParseError

from hub.config.wording import nearest

Function = TypeVar("Function", bound=Callable[..., Any])

# jmespath is typed in part: these are not.
_Functions: Any = functions.Functions
_signature: Callable[..., Callable[[Function], Function]] = functions.signature

_PREFIX = re.compile(r"^(bad|invalid) jmespath expression: ", re.IGNORECASE)


class ExpressionError(ValueError):
    """An expression that can't be read, said to the person who wrote it."""


class _ExactFunctions(_Functions):  # type: ignore[misc]  # the base is untyped, see above
    """The standard's functions, for which a Decimal is a number like any other."""

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
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return None
        return number if number.is_finite() else None

    @_signature({"types": ["array-number"]})
    def _func_sum(self, values: list[Any]) -> Any:
        return sum(map(_exact, values))

    @_signature({"types": ["array-number"]})
    def _func_avg(self, values: list[Any]) -> Any:
        return sum(map(_exact, values)) / Decimal(len(values)) if values else None


def _exact_too(names: Any) -> tuple[str, ...]:
    return ("Decimal",) if "float" in names else ()


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


_OPTIONS = jmespath.Options(custom_functions=_ExactFunctions())


def compile_expression(text: str) -> Callable[[Any], Any]:
    """Return what applies an expression to a record. Raises ExpressionError."""
    try:
        compiled: Any = jmespath.compile(text)
    except JMESPathError as error:
        raise ExpressionError(f"not a JMESPath expression: {_reason(error)}") from None
    known = sorted(_ExactFunctions.FUNCTION_TABLE)
    for name in _called(compiled.parsed):
        if name not in known:
            raise ExpressionError(f"JMESPath has no function {name!r}{nearest(name, known)}")
    return lambda record: compiled.search(record, options=_OPTIONS)


def first_names(text: str) -> frozenset[str]:
    """Return the fields that a valid expression asks of the record itself."""
    compiled: Any = jmespath.compile(text)
    return frozenset(_firsts(compiled.parsed))


_ON_THE_FIRST = frozenset(
    {"subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe"}
)
"""Kinds of nodes of which all but the first child are applied to what the first one gives."""


def _firsts(node: dict[str, Any]) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    elif node["type"] != "expref":
        for child in node["children"][: 1 if node["type"] in _ON_THE_FIRST else None]:
            yield from _firsts(child)


def _called(node: dict[str, Any]) -> Iterator[str]:
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        yield from _called(child)


def _reason(error: JMESPathError) -> str:
    line = _PREFIX.sub("", str(error).splitlines()[0]).rstrip(": ,")
    position = error.lexer_position if isinstance(error, LexerError) else None
    if isinstance(error, ParseError):
        position = error.lex_position
    place = "" if position is None else f" (character {position + 1})"
    return (
        f"{line[:1].lower()}{line[1:]}{place}; text is written 'text', equal ==, a field with other letters \"field\""
    )
