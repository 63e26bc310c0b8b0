"""The part of Oracle ADF's row-match expressions (`q` from REST framework version 2 on) that tests ask with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|-?\d+|[A-Za-z_]\w*|!=|<>|[=(),])")
Row = Mapping[str, Any]


class BadExpressionError(ValueError):
    """What Oracle answers with HTTP 400."""


class RowMatch:
    """`A = 'x' and (B in (1, 2) or UPPER(C) != 'Y')`; text in single quotes, doubled inside."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise BadExpressionError(f"URL request parameter q with value {text} is not valid.")
            self._tokens.append(match[1])
            position = match.end()
        self._at = 0
        self._tree = self._either()
        if self._at != len(self._tokens):
            raise BadExpressionError(f"Extra input at {self._tokens[self._at]}")

    def qualifies(self, row: Row) -> bool:
        return bool(_evaluated(self._tree, row))

    def _peek(self) -> str:
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        if self._at >= len(self._tokens) or (wanted and self._peek() not in wanted):
            raise BadExpressionError(f"Expected {' or '.join(wanted) or 'a value'} at {self._at}")
        self._at += 1
        return self._tokens[self._at - 1]

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
        upper = self._peek() == "upper"
        if upper:
            self._take("upper")
            self._take("(")
        name = self._take()
        if not name[0].isalpha():
            raise BadExpressionError(f"{name} is no attribute")
        if upper:
            self._take(")")
        negated = self._peek() == "not"
        if negated:
            self._take("not")
        if negated or self._peek() == "in":
            self._take("in")
            self._take("(")
            values = [self._literal()]
            while self._take(",", ")") == ",":
                values.append(self._literal())
        else:
            negated = self._take("=", "!=", "<>") != "="
            values = [self._literal()]
        return ("in", name, upper, negated, values)

    def _literal(self) -> str:
        token = self._take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.lstrip("-").isdigit():
            return token
        raise BadExpressionError(f"{token} is no literal")


def _evaluated(tree: Any, row: Row) -> bool:
    match tree:
        case ("or", one, other):
            return _evaluated(one, row) or _evaluated(other, row)
        case ("and", one, other):
            return _evaluated(one, row) and _evaluated(other, row)
        case (_, name, upper, negated, values):
            if name not in row:
                raise BadExpressionError(f"Attribute {name} is not defined")
            if row[name] is None:
                return False
            text = str(row[name])
            return bool(((text.upper() if upper else text) in values) != negated)
        case _:
            raise BadExpressionError("nothing to evaluate")
