"""The address of an OData query (OData 2.0 URI conventions; OData 4.01 Part 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.quoting import odata_literal
from connectors.resolve import Scope, resolve, values_of
from hub.config.operations import ODataStep
from hub.config.request import Condition, Found

MAX_ALTERNATIVES = 20
"""Values joined by `or` in one request; more take several requests."""

_ITEM = "one"
"""What an item of a collection is called in a condition."""

_Values = dict[str, list[Any]]


def filters(step: ODataStep, scope: Scope, version: str) -> Iterator[str]:
    """Yield the `$filter` of each request that the step needs: one, unless a condition has very many values.

    Raises NothingToAskError if a value that is searched for was not found.
    """
    values = _values(step.where, scope)
    either = _either(step.any_of, scope, version)
    longest = max(values, key=lambda field: len(values[field]), default=None)
    if longest is None:
        yield either
        return
    every = values[longest]
    # What excludes values has to exclude all of them in each request.
    size = MAX_ALTERNATIVES if step.where[longest].operator != "ne" else len(every)
    for start in range(0, len(every), size):
        both = [_filter(step.where, {**values, longest: every[start : start + size]}, version), either]
        yield " and ".join(text for text in both if text)


def _either(conditions: Mapping[str, Condition], scope: Scope, version: str) -> str:
    """Return the conditions of which one must hold, or nothing."""
    values = _values(conditions, scope)
    terms = [_condition(field, conditions[field], values[field], version) for field in values]
    return f"({' or '.join(terms)})" if terms else ""


def _values(where: Mapping[str, Condition], scope: Scope) -> _Values:
    values: _Values = {}
    for field, condition in where.items():
        wanted = condition.value
        value = values_of(wanted, scope) if isinstance(wanted, Found) else resolve(wanted, scope)
        values[field] = value if isinstance(value, list) else [value]
    return values


def _filter(where: Mapping[str, Condition], values: _Values, version: str) -> str:
    return " and ".join(_condition(field, where[field], values[field], version) for field in values)


def _condition(field: str, condition: Condition, values: list[Any], version: str) -> str:
    literals = [odata_literal(value, version, _type(condition)) for value in values]
    several, mark, part = field.partition("[]")
    if mark:
        return _any(several, part, condition.operator, literals, version)
    terms = [_term(field, condition.operator, literal, version) for literal in literals]
    joint = " and " if condition.operator == "ne" else " or "
    return terms[0] if len(terms) == 1 else f"({joint.join(terms)})"


def _any(several: str, part: str, operator: str, literals: Sequence[str], version: str) -> str:
    """Return the condition that one of a collection's items is as wanted; with `ne`: that none of them is the value.

    OData 4.01 Part 2, 5.1.1.13.1.
    """
    wanted = "eq" if operator == "ne" else operator
    inner = " or ".join(_term(f"{_ITEM}{part}", wanted, literal, version) for literal in literals)
    return f"{'not ' if operator == 'ne' else ''}{several}/any({_ITEM}:{inner})"


def _type(condition: Condition) -> str | None:
    if condition.type is None and isinstance(condition.value, Found):
        return "guid" if condition.value.uuid else condition.value.type
    return condition.type


def _term(field: str, operator: str, literal: str, version: str) -> str:
    match operator:
        case "contains" if version == "v2":
            return f"substringof({literal},{field})"
        case "contains" | "startswith" | "endswith":
            return f"{operator}({field},{literal})"
        case _:
            return f"{field} {operator} {literal}"


def query_string(
    step: ODataStep, filter_text: str, params: Mapping[str, str], version: str, scope: Scope | None = None
) -> str:
    """Return everything behind the question mark, escaped."""
    options = {
        **params,
        **system_options(step, filter_text, version, scope or {}),
        "$orderby": ",".join(step.order),
        "$top": str(step.top),
    }
    return "&".join(f"{quote(name, safe='$')}={quote(text, safe='')}" for name, text in options.items() if text)


def system_options(step: ODataStep, filter_text: str, version: str, scope: Scope) -> dict[str, str]:
    """Return the options that a query of one entity can have too; empty ones are not sent."""
    return {
        "$filter": filter_text,
        "$select": ",".join((*step.select, *step.optional_fields)),
        "$expand": expand_text(step.expand, version, _nested_options(step, version, scope)),
        "$format": "json" if version == "v2" else "",
    }


def _nested_options(step: ODataStep, version: str, scope: Scope) -> dict[str, list[str]]:
    """Return what is asked of the entities behind each expanded path, as it stands in its parentheses."""
    nested = {}
    for path, expansion in step.expand_options.items():
        options = {
            "$select": ",".join(expansion.select),
            "$filter": _filter(expansion.where, _values(expansion.where, scope), version),
            "$orderby": ",".join(expansion.order),
            "$top": str(expansion.top or ""),
        }
        nested[path] = [f"{name}={text}" for name, text in options.items() if text]
    return nested


def expand_text(paths: Sequence[str], version: str, options: Mapping[str, Sequence[str]] | None = None) -> str:
    """Write navigation paths for `$expand`: `a/b` in V2, `a($expand=b)` in V4, there with each path's `options`."""
    if version == "v2":
        return ",".join(paths)
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for name in path.split("/"):
            branch = branch.setdefault(name, {})
    return _nested(tree, "", options or {})


def _nested(tree: Mapping[str, Any], above: str, options: Mapping[str, Sequence[str]]) -> str:
    return ",".join(_navigation(name, inner, f"{above}{name}", options) for name, inner in tree.items())


def _navigation(name: str, inner: Mapping[str, Any], path: str, options: Mapping[str, Sequence[str]]) -> str:
    parts = [*options.get(path, ())]
    if inner:
        parts.append(f"$expand={_nested(inner, f'{path}/', options)}")
    return f"{name}({';'.join(parts)})" if parts else name
