"""Literals of the query languages of backends, one function each: whatever a value holds, it stays a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from connectors.base import ConnectorError
from connectors.quoting import number, odata_literal, plain
from hub.config.request import Quote
from hub.domain.customer import Problem


class Language(NamedTuple):
    """`literal` takes a value and the `type` of its `from`; `joint` stands between several values of one list."""

    literal: Callable[[Any, str | None], str]
    joint: str = ", "


def roql_literal(value: Any, kind: str | None) -> str:
    """Write a value as a ROQL literal: text in single quotes, in which backslash and quote take a backslash."""
    if kind == "number" or (kind is None and isinstance(value, int) and not isinstance(value, bool)):
        return number(value)
    return "'" + plain(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _is_number(value: Any, kind: str | None) -> bool:
    return kind == "number" or (kind is None and isinstance(value, int) and not isinstance(value, bool))


def soql_literal(value: Any, kind: str | None) -> str:
    """Write a value as a SOQL literal: text in single quotes, in which backslash and quote take a backslash."""
    if _is_number(value, kind):
        return number(value)
    return "'" + plain(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


_SOSL_RESERVED = re.compile(r"""[?&|!{}\[\]()^~*:\\"'+\-]""")


_SOSL_OPERATORS = frozenset({"AND", "OR", "NOT"})


def sosl_literal(value: Any, _kind: str | None) -> str:
    """Write a value as a search term of SOSL: its reserved characters take a backslash; what is left must be a term.

    Between quotes words such as AND and OR are no operators, and spaces end no term.
    """
    text = plain(value)
    if not any(character.isalnum() for character in text):
        raise ConnectorError(Problem.INTERNAL, "a value to search for has neither letter nor digit")
    escaped = _SOSL_RESERVED.sub(lambda match: "\\" + match[0], text)
    is_word = text.isalnum() and text.upper() not in _SOSL_OPERATORS
    return escaped if is_word else f'"{escaped}"'


def suiteql_literal(value: Any, kind: str | None) -> str:
    """Write a value as a literal of SuiteQL (SQL-92): text in single quotes, which are doubled inside."""
    if _is_number(value, kind):
        return number(value)
    return "'" + plain(value).replace("'", "''") + "'"


def adf_literal(value: Any, kind: str | None) -> str:
    r"""Write a value as a literal of Oracle ADF's `q` parameter: text in single quotes, which are doubled inside.

    From REST framework version 2 on `q` is a row-match expression, in which no other character counts within quotes.
    Version 1, which answers where nobody asks for another (header REST-Framework-Version), is a query by example: there
    * and % are wildcards that would find others as well, and what ; and \ do within quotes is told nowhere. These
    four are refused, so that a value is safe in either.
    """
    if _is_number(value, kind):
        return number(value)
    text = plain(value)
    if any(character in text for character in "*%;\\"):
        raise ConnectorError(Problem.INTERNAL, "a value to search for holds * % ; or \\, which are signs of the query")
    return "'" + text.replace("'", "''") + "'"


def siebel_literal(value: Any, kind: str | None) -> str:
    """Write a value as a query by example of Siebel: `='x'`, with single quotes doubled inside.

    `*` and `?` are wildcards, and a backslash before them makes them plain in some of Siebel's versions only: all
    three are refused, so that a value is safe in any. Words such as OR, LIKE and IS NULL, brackets, commas and `~`
    are operators outside of quotes alone.
    """
    if _is_number(value, kind):
        return "=" + number(value)
    text = plain(value)
    if any(character in text for character in "*?\\"):
        raise ConnectorError(Problem.INTERNAL, "a value to search for holds * ? or \\, which are signs of the query")
    return "='" + text.replace("'", "''") + "'"


_LIKE_WILDCARDS = re.compile(r"[\\%_]")


def like_literal(value: Any, _kind: str | None) -> str:
    r"""Write a value into a pattern of LIKE that is a field of its own (Tryton, Odoo): % _ and \ take a backslash.

    No quotes are put around it: what the pattern stands in is JSON, or another form with quotes of its own.
    """
    return _LIKE_WILDCARDS.sub(lambda match: "\\" + match[0], plain(value))


def _plain(value: Any, _kind: str | None) -> str:
    return value if isinstance(value, str) else plain(value)


LANGUAGES: dict[Quote, Language] = {
    "plain": Language(_plain),
    "odata": Language(lambda value, kind: odata_literal(value, "v4", kind)),
    "roql": Language(roql_literal),
    "soql": Language(soql_literal),
    "sosl": Language(sosl_literal, " OR "),
    "suiteql": Language(suiteql_literal),
    "adf": Language(adf_literal),
    "siebel": Language(siebel_literal, " OR "),
    "like": Language(like_literal),
}
