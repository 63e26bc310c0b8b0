"""What the tests of rules have in common, whose cases stand in a file beside them: of routing, and of proposals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hub.config.document import Document, KeyPath
from hub.config.fact_names import check_path
from hub.config.problem import Problem


@dataclasses.dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, with the problem that says what differs; None when it passed."""

    name: str
    problem: Problem | None


def result_of(document: Document, number: int, name: str, differences: Sequence[str]) -> CaseResult:
    """Return what became of the case that stands in a document under `cases` at this place."""
    if not differences:
        return CaseResult(name, None)
    text = "".join(f"\n  {line}" for line in differences)
    return CaseResult(name, document.problem(document.value_place(("cases", number)), f"case {name!r}{text}"))


def unknown_facts(document: Document, place: KeyPath, facts: Any, known: type[msgspec.Struct]) -> Iterator[Problem]:
    """Tell facts that stand at this place and don't exist: a case that names them would test nothing."""
    for path, text in _paths(facts):
        try:
            check_path(text, known)
        except ValueError as error:
            yield document.problem(document.key_place((*place, *path)), str(error))


def _paths(node: Any, above: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every key with its place, and as a path of the rules."""
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(node, dict):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    for key, value in inner:
        path = (*above, key)
        if isinstance(key, str):
            yield path, ".".join(f'"{name}"' for name in path if isinstance(name, str))
        yield from _paths(value, path)
