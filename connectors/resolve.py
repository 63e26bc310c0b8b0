"""Fills in what a request takes from the question and from earlier steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import ConnectorError
from connectors.quoting import number, plain, roql_literal
from hub.config.request import HOLE, Argument, Found, Statement
from hub.domain.customer import Problem
from hub.domain.path import Path

MAX_VALUES = 100
"""Different values of one `from` that are asked for; beyond that a number belongs to nobody in particular."""

Scope = Mapping[str, Any]
"""`query`, `item` where a step repeats, and the rows of each earlier step."""


class NothingToAskError(Exception):
    """A value that a request needs was found nowhere: nobody can match, so that nothing is asked."""


def values_of(found: Found, scope: Scope) -> list[Any]:
    """Return the different values that a `from` finds. Raises NothingToAskError if there is none."""
    values = distinct_values(found.source, scope)
    return [_as_number(value) for value in values] if found.type == "number" else values


def value_of(found: Found, scope: Scope) -> Any:
    """Return the one value that a `from` finds. Raises NothingToAskError, and ConnectorError if there are several."""
    values = values_of(found, scope)
    if len(values) > 1:
        message = f"{found.source} finds several values where one has its place: repeat the step with `each`"
        raise ConnectorError(Problem.INTERNAL, message)
    return values[0]


def _as_number(value: Any) -> int | float:
    text = number(value)
    return float(text) if "." in text else int(text)


def distinct_values(path: str, scope: Scope) -> list[Any]:
    values: dict[str, Any] = {}
    for value in Path(path).read_all(scope):
        text = plain(value)
        if text:
            values.setdefault(text, value.strip() if isinstance(value, str) else value)
    if not values:
        raise NothingToAskError
    if len(values) > MAX_VALUES:
        raise ConnectorError(
            Problem.TOO_LARGE, f"{path} finds more than {MAX_VALUES} different values: make the step before it narrower"
        )
    return list(values.values())


def resolve(argument: Argument, scope: Scope) -> Any:
    """Return an argument with its values filled in."""
    match argument:
        case Found():
            return values_of(argument, scope) if argument.many else value_of(argument, scope)
        case Statement():
            return statement_text(argument, scope)
        case dict():
            return {key: resolve(inner, scope) for key, inner in argument.items()}
        case list():
            return [resolve(inner, scope) for inner in argument]
        case _:
            return argument


def statement_text(statement: Statement, scope: Scope) -> str:
    """Fill a statement's holes with quoted literals, several of them joined by commas."""
    literals = {
        name: ", ".join(roql_literal(value, found.type) for value in values_of(found, scope))
        for name, found in statement.values.items()
    }
    return HOLE.sub(lambda match: literals[match[1]], statement.text)
