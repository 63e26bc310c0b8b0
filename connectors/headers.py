"""Headers whose values come from steps or sessions: no value begins a header of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import ConnectorError
from connectors.quoting import plain
from connectors.resolve import NothingToAskError, Scope, resolve
from hub.config.request import Argument, Found
from hub.domain.customer import Problem

MAX_HEADER = 8_000


def header_values(headers: Mapping[str, Argument], scope: Scope) -> dict[str, str]:
    """Return the headers with their values filled in; an optional one that finds nothing is left out.

    Raises ConnectorError for a value that no header can hold, NothingToAskError where one is missing.
    """
    values: dict[str, str] = {}
    for name, argument in headers.items():
        try:
            values[name] = header_value(name, resolve(argument, scope))
        except NothingToAskError:
            if not (isinstance(argument, Found) and argument.optional):
                raise
    return values


def header_value(name: str, value: Any) -> str:
    """Return a value as a header's. Raises ConnectorError: too long, or with characters that end the header."""
    text = value if isinstance(value, str) else plain(value)
    if len(text) > MAX_HEADER or not text.isprintable():
        raise ConnectorError(
            Problem.MALFORMED, f"the value for the header {name} is too long, or holds a line break or the like"
        )
    return text
