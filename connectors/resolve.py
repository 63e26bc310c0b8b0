"""Fills in what a request takes from the question and from earlier steps."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid5

from connectors.base import ConnectorError
from connectors.query_languages import LANGUAGES
from connectors.quoting import number, plain
from connectors.writing import written_date
from hub.config.request import HOLE, Argument, Found, Statement
from hub.domain.customer import Problem
from hub.domain.path import compiled

MAX_VALUES = 100
"""Different values of one `from` that are asked for; beyond that a number belongs to nobody in particular."""

MAX_DIGITS = 100
"""Of a number, before or behind the point: 1e999999999 is ten characters in a reply, and a gigabyte in a request."""

Scope = Mapping[str, Any]
"""`query`, `item` where a step repeats, and the rows of each earlier step."""

_LONG = frozenset({"entry", "session", "credentials"})


class NothingToAskError(Exception):
    """A value that a request needs was found nowhere: nobody can match, so that nothing is asked.

    Its text is the path where it should have been.
    """


def values_of(found: Found, scope: Scope) -> list[Any]:
    """Return the different values that a `from` finds. Raises NothingToAskError if there is none."""
    try:
        values = distinct_values(found.source, scope)
    except NothingToAskError:
        if found.default is None:
            raise
        return [found.default]
    return [_converted(value, found) for value in values]


def _converted(value: Any, found: Found) -> Any:
    if found.table is not None:
        value = _coded(value, found)
    if found.date is not None:
        value = written_date(value, found.date, found.zone, found.source)
    if found.type == "number":
        value = _as_number(value)
    if found.uuid is not None:
        value = str(uuid5(found.uuid, plain(value)))
    if found.digest is not None:
        value = hashlib.sha256(plain(value).encode()).hexdigest()[: found.digest]
    if found.max is not None and isinstance(value, str):
        value = value[: found.max]
    if found.within is not None:
        value = found.within.replace("{}", plain(value) if not isinstance(value, str) else value)
    return value


def _coded(value: Any, found: Found) -> Any:
    coded = (found.table or {}).get(plain(value), found.default)
    if coded is None:
        raise ConnectorError(
            Problem.INTERNAL, f"{found.source} has a value that its `table` does not know: add it, or give a `default`"
        )
    return coded


def value_of(found: Found, scope: Scope) -> Any:
    """Return the one value that a `from` finds. Raises NothingToAskError, and ConnectorError if there are several."""
    values = values_of(found, scope)
    if len(values) > 1:
        message = f"{found.source} finds several values where one has its place: repeat the step with `each`"
        raise ConnectorError(Problem.INTERNAL, message)
    return values[0]


def _stated(found: Found, scope: Scope) -> list[Any]:
    try:
        return values_of(found, scope)
    except NothingToAskError:
        if found.optional:
            return [""]
        raise


def _as_number(value: Any) -> int | float:
    text = number(value)
    return float(text) if "." in text else int(text)


def distinct_values(path: str, scope: Scope) -> list[Any]:
    values: dict[str, Any] = {}
    reader = compiled(path)
    for value in reader.read_all(scope):
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) <= MAX_DIGITS):
            raise ConnectorError(Problem.INTERNAL, f"{path} is a number that can't be sent: it is too long, or none")
        # What is written may be long; what is searched for is nobody's beyond a certain length.
        text = value if reader.first in _LONG and isinstance(value, str) else plain(value)
        if text.strip():
            is_cut = isinstance(value, str) and reader.first != "credentials"
            # Of an element of XML only its text goes on: its attributes would be some in the next request, too.
            kept = text if isinstance(value, Mapping) else value
            values.setdefault(text, kept.strip() if is_cut else kept)
    if not values:
        raise NothingToAskError(path)
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
            return {key: resolve(inner, scope) for key, inner in argument.items() if not _is_left_out(inner, scope)}
        case list():
            return [resolve(inner, scope) for inner in argument if not _is_left_out(inner, scope)]
        case _:
            return argument


def _is_left_out(argument: Argument, scope: Scope) -> bool:
    if not isinstance(argument, Found) or not argument.optional or argument.default is not None:
        return False
    try:
        distinct_values(argument.source, scope)
    except NothingToAskError:
        return True
    return False


def statement_text(statement: Statement, scope: Scope) -> str:
    """Fill a statement's holes with literals quoted for its language, several of them joined as a list there."""
    language = LANGUAGES[statement.quote]
    literals = {
        name: language.joint.join(language.literal(value, found.type) for value in _stated(found, scope))
        for name, found in statement.values.items()
    }
    literals |= {name: "".join(f", {field}" for field in fields) for name, fields in statement.optional_fields.items()}
    text = HOLE.sub(lambda match: literals[match[1]], statement.text)
    if statement.encode == "base64":
        text = base64.b64encode(text.encode()).decode()
    return text if statement.within is None else statement.within.replace("{}", text)
