"""The address of an OData query (OData 2.0 URI conventions; OData 4.01 Part 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from connectors.quoting import odata_literal
from connectors.resolve import Scope, resolve, values_of
from hub.config.operations import ODataStep
from hub.config.request import Condition, Found

MAX_ALTERNATIVES = 20
"""Values joined by `or` in one request; more take several requests."""

_Values = dict[str, list[Any]]


def filters(step: ODataStep, scope: Scope, version: str) -> Iterator[str]:
    """Yield the `$filter` of each request that the step needs: one, unless a condition has very many values.

    Raises NothingToAskError if a value that is searched for was not found.
    """
    values: _Values = {}
    for field, condition in step.where.items():
        wanted = condition.value
        value = values_of(wanted, scope) if isinstance(wanted, Found) else resolve(wanted, scope)
        values[field] = value if isinstance(value, list) else [value]
    longest = max(values, key=lambda field: len(values[field]), default=None)
    if longest is None:
        yield ""
        return
    every = values[longest]
    # What excludes values has to exclude all of them in each request.
    size = MAX_ALTERNATIVES if step.where[longest].operator != "ne" else len(every)
    for start in range(0, len(every), size):
        part = {**values, longest: every[start : start + size]}
        yield " and ".join(_condition(field, step.where[field], part[field], version) for field in part)


def _condition(field: str, condition: Condition, values: list[Any], version: str) -> str:
    literals = [odata_literal(value, version, condition.type) for value in values]
    terms = [_term(field, condition.operator, literal, version) for literal in literals]
    joint = " and " if condition.operator == "ne" else " or "
    return terms[0] if len(terms) == 1 else f"({joint.join(terms)})"


def _term(field: str, operator: str, literal: str, version: str) -> str:
    match operator:
        case "contains" if version == "v2":
            return f"substringof({literal},{field})"
        case "contains" | "startswith" | "endswith":
            return f"{operator}({field},{literal})"
        case _:
            return f"{field} {operator} {literal}"


def query_string(step: ODataStep, filter_text: str, params: dict[str, str], version: str) -> str:
    """Return everything behind the question mark, escaped."""
    options = {
        **params,
        "$filter": filter_text,
        "$select": ",".join(step.select),
        "$expand": expand_text(step.expand, version),
        "$orderby": ",".join(step.order),
        "$top": str(step.top),
        "$format": "json" if version == "v2" else "",
    }
    return "&".join(f"{quote(name, safe='$')}={quote(text, safe='')}" for name, text in options.items() if text)


def expand_text(paths: tuple[str, ...], version: str) -> str:
    """Write navigation paths for `$expand`: `a/b` in V2, `a($expand=b)` in V4."""
    if version == "v2":
        return ",".join(paths)
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for name in path.split("/"):
            branch = branch.setdefault(name, {})
    return _nested(tree, ",")


def _nested(tree: dict[str, Any], joint: str) -> str:
    return joint.join(f"{name}($expand={_nested(inner, ',')})" if inner else name for name, inner in tree.items())
