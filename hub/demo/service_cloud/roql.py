"""The part of ROQL that lookups use: SELECT with aliases, FROM, WHERE with AND, ORDER BY, LIMIT."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

Row = Mapping[str, str]
"""Values by path, as in `Name.First`."""
Tables = Mapping[str, Sequence[Row]]

_MAX_LENGTH = 10_000
_SHAPE = re.compile(
    r"\s*SELECT\s+(?P<columns>.+?)\s+FROM\s+(?P<table>\w+)(?:\s+(?P<alias>(?!WHERE\b|ORDER\b|LIMIT\b)\w+))?"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>[\w.]+)(?P<descending>\s+DESC)?)?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_LITERAL = r"(?:'(?:[^'\\]|\\.|'')*'|-?\d+)"
_CONDITION = re.compile(
    rf"\s*(?P<path>[\w.]+)\s*(?:(?P<operator>=|!=|>=|<=|<|>|LIKE)\s*(?P<value>{_LITERAL})"
    rf"|IN\s*\(\s*(?P<values>{_LITERAL}(?:\s*,\s*{_LITERAL})*)\s*\))\s*(?P<more>AND\b|$)",
    re.IGNORECASE,
)


class RoqlError(ValueError):
    """The query is none that the simulation answers; the message says what was not understood."""


def _unquote(literal: str) -> str:
    if literal.startswith("'"):
        return re.sub(r"\\(.)|''", lambda match: match.group(1) or "'", literal[1:-1])
    return literal


def _like(pattern: str) -> Callable[[str], bool]:
    parts = [".*" if part == "%" else "." if part == "_" else re.escape(part) for part in re.split(r"([%_])", pattern)]
    compiled = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


def _condition(match: re.Match[str]) -> Callable[[str], bool]:
    if match["values"]:
        allowed = {_unquote(literal) for literal in re.findall(_LITERAL, match["values"])}
        return lambda text: text in allowed
    value = _unquote(match["value"])
    operators: dict[str, Callable[[str], bool]] = {
        "=": lambda text: text == value,
        "!=": lambda text: text != value,
        "<": lambda text: text < value,
        "<=": lambda text: text <= value,
        ">": lambda text: text > value,
        ">=": lambda text: text >= value,
        "LIKE": _like(value),
    }
    return operators[match["operator"].upper()]


def _conditions(where: str) -> list[tuple[str, Callable[[str], bool]]]:
    found = []
    position = 0
    while position < len(where):
        match = _CONDITION.match(where, position)
        if match is None:
            raise RoqlError(f"Syntax error in WHERE near position {position}")
        found.append((match["path"], _condition(match)))
        position = match.end()
    return found


def query(text: str, tables: Tables) -> tuple[list[str], list[list[str]]]:
    """Return column names and rows. Raises RoqlError."""
    shape = _SHAPE.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if shape is None:
        raise RoqlError("The query is not understood")
    table = tables.get(shape["table"])
    if table is None:
        raise RoqlError(f"Unknown object {shape['table']}")
    prefix = f"{shape['alias'] or shape['table']}."

    def read(row: Row, path: str) -> str:
        name = path.removeprefix(prefix)
        if name not in row:
            raise RoqlError(f"Unknown field {path}")
        return row[name]

    conditions = _conditions(shape["where"] or "")
    rows = [row for row in table if all(holds(read(row, path)) for path, holds in conditions)]
    if shape["order"]:
        rows.sort(key=lambda row: read(row, shape["order"]), reverse=bool(shape["descending"]))
    columns = [column.split() for column in shape["columns"].split(",")]
    limit = int(shape["limit"] or len(rows))
    return [column[-1] for column in columns], [[read(row, column[0]) for column in columns] for row in rows[:limit]]
