"""OData V2 `$filter`: comparisons and string functions, joined by and, or, not and parentheses (OData 2.0, 4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable

from hub.demo.sap.entities import Row

Predicate = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>(?:datetime)?'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w/]*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>[(),]))",
)
_MAX_LENGTH = 4_000


class FilterError(ValueError):
    """The expression is none; the message says what was expected where."""


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > _MAX_LENGTH:
            raise FilterError("The filter expression is too long")
        self._tokens: list[str] = []
        position = 0
        text = text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise FilterError(f"Syntax error at position {position}")
            self._tokens.append(match.group().strip())
            position = match.end()
        self._next = 0

    def parse(self) -> Predicate:
        predicate = self._either()
        if self._next < len(self._tokens):
            raise FilterError(f"Unexpected {self._tokens[self._next]!r}")
        return predicate

    def _either(self) -> Predicate:
        left = self._both()
        while self._accept("or"):
            left = _any_of(left, self._both())
        return left

    def _both(self) -> Predicate:
        left = self._single()
        while self._accept("and"):
            left = _all_of(left, self._single())
        return left

    def _single(self) -> Predicate:
        if self._accept("not"):
            inner = self._single()
            return lambda row: not inner(row)
        if self._accept("("):
            inner = self._either()
            self._expect(")")
            return inner
        token = self._take()
        if token in {"substringof", "startswith", "endswith"}:
            return self._function(token)
        operator = self._take()
        return _comparison(token, operator, _literal(self._take()))

    def _function(self, name: str) -> Predicate:
        self._expect("(")
        one = self._take()
        self._expect(",")
        other = self._take()
        self._expect(")")
        field, text = (other, _literal(one)) if name == "substringof" else (one, _literal(other))
        if self._accept("eq") and self._take() != "true":
            raise FilterError(f"{name} can only be compared with true")
        if name == "substringof":
            return lambda row: text in _value(row, field)
        if name == "startswith":
            return lambda row: _value(row, field).startswith(text)
        return lambda row: _value(row, field).endswith(text)

    def _take(self) -> str:
        if self._next >= len(self._tokens):
            raise FilterError("The filter expression ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, token: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == token:
            self._next += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise FilterError(f"Expected {token!r}")


def _any_of(one: Predicate, other: Predicate) -> Predicate:
    return lambda row: one(row) or other(row)


def _all_of(one: Predicate, other: Predicate) -> Predicate:
    return lambda row: one(row) and other(row)


def _literal(token: str) -> str:
    if token.endswith("'"):
        return token[token.index("'") + 1 : -1].replace("''", "'")
    if token[0].isalpha() and token not in {"true", "false", "null"}:
        raise FilterError(f"Expected a literal, not {token!r}")
    return token


def _value(row: Row, field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise FilterError(f"Property {field} not found")
    return value


def _comparison(field: str, operator: str, value: str) -> Predicate:
    compare: dict[str, Predicate] = {
        "eq": lambda row: _value(row, field) == value,
        "ne": lambda row: _value(row, field) != value,
        "lt": lambda row: _value(row, field) < value,
        "le": lambda row: _value(row, field) <= value,
        "gt": lambda row: _value(row, field) > value,
        "ge": lambda row: _value(row, field) >= value,
    }
    if operator not in compare:
        raise FilterError(f"Unknown operator {operator!r}")
    return compare[operator]


def parse_filter(text: str) -> Predicate:
    """Compile an expression to a test of one row. Raises FilterError."""
    return _Parser(text).parse()
