"""SELECT as SOQL and SuiteQL have it, in the part that tests ask with: parsed strictly, run over lists of rows.

What a hostile value could become (another condition, a comment, a second statement) either is no part of this grammar
and refused, or does what it would do in the real language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class BadQueryError(ValueError):
    """What the system answers with an error about the query."""


class Dialect(NamedTuple):
    """`text` matches a literal in quotes, `unquoted` takes the quotes and escapes away."""

    text: str
    unquoted: Callable[[str], str]
    functions: frozenset[str]
    ignores_case: bool


class Column(NamedTuple):
    expression: Any
    name: str


class Select(NamedTuple):
    columns: tuple[Column, ...]
    table: str
    where: Any
    order: tuple[str, bool] | None
    limit: int


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'", '"': '"'}


def _soql_text(literal: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise BadQueryError(f"Illegal string literal: Invalid string literal {literal}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", plain, literal[1:-1], flags=re.DOTALL)


SOQL = Dialect(r"'(?:[^'\\]|\\.)*'", _soql_text, frozenset(), True)
SUITEQL = Dialect(
    r"'(?:[^']|'')*'",
    lambda literal: literal[1:-1].replace("''", "'"),
    frozenset({"regexp_replace", "lower", "upper", "builtin.df", "to_char"}),
    False,
)


class Query:
    """One SELECT. Raises BadQueryError."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._dialect = dialect
        self._tokens = list(_tokens(text, dialect))
        self._at = 0

    def select(self) -> Select:
        self._take("select")
        columns = [self._column()]
        while self._peek() == ",":
            self._take(",")
            columns.append(self._column())
        self._take("from")
        table = self._name()
        where, order, limit = self.rest()
        self.end()
        return Select(tuple(columns), table, where, order, limit)

    def rest(self) -> tuple[Any, tuple[str, bool] | None, int]:
        """Read WHERE, ORDER BY and LIMIT, as far as they are there."""
        where, order, limit = None, None, 2000
        if self._peek() == "where":
            self._take("where")
            where = self._either()
        if self._peek() == "order":
            self._take("order")
            self._take("by")
            name = self._name()
            order = (name, self._peek() == "desc")
            if self._peek() in {"asc", "desc"}:
                self._at += 1
        if self._peek() == "limit":
            self._take("limit")
            limit = int(self._take())
        return where, order, limit

    def names(self) -> tuple[Column, ...]:
        """Read the fields of one object, as stand in SOSL's brackets."""
        columns = [self._column()]
        while self._peek() == ",":
            self._take(",")
            columns.append(self._column())
        return tuple(columns)

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise BadQueryError(f"unexpected token: {self._tokens[self._at]}")

    def _column(self) -> Column:
        expression = self._operand()
        name = expression[1].split(".")[-1] if expression[0] == "name" else "expr"
        if self._peek() == "as":
            self._take("as")
            name = self._name()
        return Column(expression, name)

    def _peek(self) -> str:
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        if self._at >= len(self._tokens) or (wanted and self._peek() not in wanted):
            found = self._tokens[self._at] if self._at < len(self._tokens) else "the end"
            raise BadQueryError(f"expecting {' or '.join(wanted) or 'more'}, found {found}")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        name = self._take()
        if not re.fullmatch(r"[A-Za-z_][\w.]*", name):
            raise BadQueryError(f"{name} is no name")
        return name

    def _either(self) -> Any:
        tree = self._both()
        while self._peek() == "or":
            self._take("or")
            tree = ("or", tree, self._both())
        return tree

    def _both(self) -> Any:
        tree = self._one()
        while self._peek() == "and":
            self._take("and")
            tree = ("and", tree, self._one())
        return tree

    def _one(self) -> Any:
        if self._peek() == "(":
            self._take("(")
            tree = self._either()
            self._take(")")
            return tree
        left = self._operand()
        negated = self._peek() == "not"
        if negated:
            self._take("not")
        if negated or self._peek() == "in":
            self._take("in")
            self._take("(")
            values = [self._operand()]
            while self._take(",", ")") == ",":
                values.append(self._operand())
            return ("in", left, values, negated)
        return (self._take("=", "!=", "<>", "<", ">", "<=", ">="), left, self._operand())

    def _operand(self) -> Any:
        token = self._take()
        if token.startswith("'"):
            return ("value", self._dialect.unquoted(token))
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return ("value", token)
        if token.lower() in {"true", "false", "null"}:
            return ("value", {"true": True, "false": False, "null": None}[token.lower()])
        if token.lower() == "today":
            return ("value", datetime.now(UTC).date().isoformat())
        if self._peek() == "(":
            if token.lower() not in self._dialect.functions:
                raise BadQueryError(f"{token} is no function")
            self._take("(")
            arguments = [self._operand()]
            while self._take(",", ")") == ",":
                arguments.append(self._operand())
            return ("call", token.lower(), arguments)
        if not re.fullmatch(r"[A-Za-z_][\w.]*", token):
            raise BadQueryError(f"unexpected token: {token}")
        return ("name", token)


def _tokens(text: str, dialect: Dialect) -> Iterator[str]:
    pattern = re.compile(rf"\s*({dialect.text}|-?\d+(?:\.\d+)?|[A-Za-z_][\w.]*|!=|<>|<=|>=|[=<>(),])", re.DOTALL)
    position = 0
    while text[position:].strip():
        match = pattern.match(text, position)
        if match is None:
            raise BadQueryError(f"unexpected token: {text[position:].strip()[:20]}")
        yield match[1]
        position = match.end()


def chosen(select: Select, rows: Sequence[Row], dialect: Dialect) -> list[Row]:
    """Return the rows that meet the conditions, in order."""
    found = [row for row in rows if select.where is None or holds(select.where, row, dialect)]
    if select.order is not None:
        name, descending = select.order
        found.sort(key=lambda row: str(value_of(("name", name), row) or ""), reverse=descending)
    return found[: select.limit]


def holds(tree: Any, row: Row, dialect: Dialect) -> bool:
    match tree:
        case ("or", one, other):
            return holds(one, row, dialect) or holds(other, row, dialect)
        case ("and", one, other):
            return holds(one, row, dialect) and holds(other, row, dialect)
        case ("in", left, values, negated):
            value = _comparable(value_of(left, row), dialect)
            if value is None and not dialect.ignores_case:
                return False  # as in SQL: nothing is neither in nor not in
            return (value in [_comparable(value_of(one, row), dialect) for one in values]) is not negated
        case (sign, left, right):
            return _compared(sign, *(_comparable(value_of(side, row), dialect) for side in (left, right)))
        case _:
            raise BadQueryError("no condition")


def _compared(sign: str, one: Any, other: Any) -> bool:
    if sign in {"=", "!=", "<>"}:
        return bool((one == other) is (sign == "="))
    if one is None or other is None:
        return False
    return bool({"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[sign])


def _comparable(value: Any, dialect: Dialect) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return str(value).lower() if dialect.ignores_case else str(value)


def value_of(expression: Any, row: Row) -> Any:
    """Evaluate a field, value or function. Raises BadQueryError for a field that the object doesn't have."""
    match expression:
        case ("value", literal):
            return literal
        case ("name", name):
            value: Any = row
            for part in name.split("."):
                if value is None:
                    return None
                names = {key.lower(): key for key in value}
                if part.lower() not in names:
                    raise BadQueryError(f"No such column '{part}'")
                value = value[names[part.lower()]]
            return value
        case ("call", function, arguments):
            return _called(function, [value_of(argument, row) for argument in arguments])
        case _:
            raise BadQueryError("no operand")


def _called(function: str, arguments: list[Any]) -> Any:
    first = arguments[0]
    if first is None:
        return None
    text = str(first)
    match function, arguments[1:]:
        case "lower" | "upper", []:
            made = text.lower() if function == "lower" else text.upper()
        case "builtin.df", []:
            made = f"<{text}>"
        case "to_char", ["YYYY-MM-DD"]:
            made = text[:10]
        case "regexp_replace", [pattern, instead]:
            made = re.sub(pattern, instead, text)
        case _:
            raise BadQueryError(f"{function} does not take these arguments")
    return made
