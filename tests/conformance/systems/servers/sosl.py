"""SOSL's FIND as Salesforce reads it: search terms with their operators and wildcards, and what is returned of whom."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from tests.conformance.systems.servers.small_query import SOQL, BadQueryError, Column, Query

_HEAD = re.compile(r"\s*FIND\s*\{", re.IGNORECASE)
_IN = re.compile(r"\s*IN\s+(ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS\s+RETURNING\s+", re.IGNORECASE)
_OBJECT = re.compile(r"\s*([A-Za-z_]\w*)\s*\(")
_RESERVED = set("&|!{}[]()^~:+-")


class Returned(NamedTuple):
    table: str
    columns: tuple[Column, ...]
    where: Any
    limit: int


class Find(NamedTuple):
    """`terms` are looked for, any of them; a term is a pattern with `*` and `?` as the only signs."""

    terms: tuple[re.Pattern[str], ...]
    group: str
    returning: tuple[Returned, ...]


def read_find(text: str) -> Find:
    """Read one FIND. Raises BadQueryError."""
    head = _HEAD.match(text)
    if head is None:
        raise BadQueryError("expecting FIND")
    end = head.end()
    while end < len(text) and text[end] != "}":
        end += 2 if text[end] == "\\" else 1
    terms = _terms(text[head.end() : end])
    group = _IN.match(text, end + 1)
    if group is None:
        raise BadQueryError("expecting IN ... FIELDS RETURNING")
    return Find(terms, group[1].upper(), tuple(_returned(text[group.end() :])))


def _terms(text: str) -> tuple[re.Pattern[str], ...]:
    terms: list[re.Pattern[str]] = []
    wants_term = True
    position = 0
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        if text[position] == '"':
            pattern, position = _part(text, position + 1, '"')
        else:
            start = position
            pattern, position = _part(text, position, " ")
            word = text[start:position]
            if word in {"OR", "AND"} and not wants_term:
                if word == "AND":
                    raise BadQueryError("AND is not what these tests ask with")
                wants_term = True
                continue
            if word.upper() in {"OR", "AND", "NOT"}:
                raise BadQueryError(f"unexpected {word}")
        if not wants_term:
            raise BadQueryError("two terms without an operator: both would have to be there")
        terms.append(re.compile(pattern, re.IGNORECASE | re.DOTALL))
        wants_term = False
    if wants_term:
        raise BadQueryError("search term must be longer than one character")
    return tuple(terms)


def _part(text: str, position: int, end: str) -> tuple[str, int]:
    """Read one term up to `end` as a pattern; what is escaped stands for itself."""
    pattern = ""
    while position < len(text) and text[position] != end:
        character = text[position]
        if character == "\\":
            position += 1
            if position >= len(text):
                raise BadQueryError("a backslash at the end")
            pattern += re.escape(text[position])
        elif character in "*?":
            pattern += ".*" if character == "*" else "."
        elif character in _RESERVED or character in "'\"":
            raise BadQueryError(f"unexpected {character} in the search term")
        else:
            pattern += re.escape(character)
        position += 1
    if end == '"' and position >= len(text):
        raise BadQueryError("a quote is not closed")
    return pattern, position + (1 if end == '"' else 0)


def _returned(text: str) -> list[Returned]:
    found: list[Returned] = []
    position = 0
    while True:
        match = _OBJECT.match(text, position)
        if match is None:
            raise BadQueryError(f"unexpected token: {text[position : position + 20]}")
        end = _closing(text, match.end())
        query = Query(text[match.end() : end], SOQL)
        columns = query.names()
        where, _order, limit = query.rest()
        query.end()
        found.append(Returned(match[1], columns, where, limit))
        rest = text[end + 1 :].lstrip()
        if not rest:
            return found
        if not rest.startswith(","):
            raise BadQueryError(f"unexpected token: {rest[:20]}")
        position = len(text) - len(rest) + 1


def _closing(text: str, start: int) -> int:
    depth, position = 1, start
    while position < len(text):
        if text[position] == "'":
            literal = re.compile(SOQL.text, re.DOTALL).match(text, position)
            if literal is None:
                break
            position = literal.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
        position += 1
    raise BadQueryError("a bracket is not closed")
