"""Which places of a record a mapping reads, and for which field."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

from hub.config.document import Document, KeyPath, read_document
from hub.domain.path import Path, PathError

_SEVERAL_SOURCES = ("join", "sum")
_RULE = frozenset({"from", "expr", "const", "join", "sum"})


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One path that a rule reads.

    `names` lead there from the whole record, None where that can't be told (below an `expr`). `among` are the places
    of the alternatives that it stands among, itself included. `field` is the target's, as in phones.number.
    """

    field: str
    path: str
    place: KeyPath
    names: tuple[str, ...] | None
    among: tuple[KeyPath, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """The rule of one plain field, in short: `each` says over which items of a list it is repeated."""

    field: str
    text: str
    each: str
    line: int


_Base = tuple[str, ...] | None


def sources_of(document: Document) -> Iterator[Source]:
    """Yield every path that a mapping (one that loads) reads."""
    fields = document.data.get("fields") if isinstance(document.data, dict) else None
    if isinstance(fields, dict):
        yield from _section(fields, ("fields",), "", ())


def rules_of(file: File) -> dict[str, list[Rule]]:
    """Return the rules of a mapping file (one that loads) by field, several where a list is put together of parts."""
    document = read_document(file)
    found: dict[str, list[Rule]] = {}
    fields = document.data.get("fields") if isinstance(document.data, dict) else None
    for rule in _rules(fields, ("fields",), "", "", document):
        found.setdefault(rule.field, []).append(rule)
    return found


def _section(node: dict[str, Any], path: KeyPath, label: str, base: _Base) -> Iterator[Source]:
    for key, inner in node.items():
        yield from _field(inner, (*path, key), f"{label}.{key}" if label else key, base)


def _field(node: Any, path: KeyPath, label: str, base: _Base) -> Iterator[Source]:
    if isinstance(node, str):
        yield from _path(node, path, label, base, (path,))
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _field(inner, (*path, index), label, base)
    elif isinstance(node, dict):
        if node.keys() & {"each", "where", "fields"}:
            yield from _items(node, path, label, base)
        elif node.keys() & _RULE:
            yield from _rule(node, path, label, base)
        else:
            yield from _section(node, path, label, base)


def _items(node: dict[str, Any], path: KeyPath, label: str, base: _Base) -> Iterator[Source]:
    inner = base
    if "each" in node:
        each = node["each"]
        found = list(_source(each, (*path, "each"), label, base))
        yield from found
        inner = found[0].names if isinstance(each, str) and found else None
    for key in node.get("where", {}) if isinstance(node.get("where"), dict) else ():
        place = (*path, "where", key)
        yield from _path(key, place, label, inner, (place,))
    if isinstance(node.get("fields"), dict):
        yield from _section(node["fields"], (*path, "fields"), label, inner)
    elif node.keys() & _RULE:
        yield from _rule(node, path, label, inner)


def _rule(node: dict[str, Any], path: KeyPath, label: str, base: _Base) -> Iterator[Source]:
    for key in ("from", *_SEVERAL_SOURCES):
        if key in node:
            yield from _source(node[key], (*path, key), label, base, alternatives=key == "from")


def _source(node: Any, path: KeyPath, label: str, base: _Base, *, alternatives: bool = False) -> Iterator[Source]:
    if isinstance(node, str):
        yield from _path(node, path, label, base, (path,))
    elif isinstance(node, list):
        places = tuple((*path, index) for index in range(len(node)))
        for place, inner in zip(places, node, strict=True):
            if isinstance(inner, str):
                yield from _path(inner, place, label, base, places if alternatives else (place,))
            else:
                yield from _source(inner, place, label, base)
    elif isinstance(node, dict):
        yield from _rule(node, path, label, base)


def _path(text: str, place: KeyPath, label: str, base: _Base, among: tuple[KeyPath, ...]) -> Iterator[Source]:
    from_root = text == "$" or text.startswith("$.")
    try:
        names = () if text == "$" else Path(text[2:] if from_root else text).every_name
    except PathError:
        return
    start = () if from_root else base
    yield Source(label, text, place, None if start is None else (*start, *names), among)


def _rules(node: Any, path: KeyPath, label: str, each: str, document: Document) -> Iterator[Rule]:
    if isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _rules(inner, (*path, index), label, each, document)
    elif isinstance(node, dict) and node.keys() & {"each", "where", "fields"}:
        below = _written(node["each"]) if "each" in node else ""
        inside = f"{each} > {below}" if each and below else each or below
        if "fields" in node:
            yield from _rules(node["fields"], (*path, "fields"), label, inside, document)
        else:
            rule = {key: value for key, value in node.items() if key not in {"each", "where"}}
            yield Rule(label, _written(rule or "@"), inside, document.key_place(path)[0])
    elif isinstance(node, dict) and not node.keys() & _RULE:
        for key, inner in node.items():
            yield from _rules(inner, (*path, key), f"{label}.{key}" if label else key, each, document)
    else:
        yield Rule(label, _written(node), each, document.key_place(path)[0])


MAX_WRITTEN = 160


def _written(node: Any) -> str:
    """Write a rule in one line, long tables cut."""
    match node:
        case dict():
            shown = ", ".join(
                "table: {..}" if key == "table" else f"{key}: {_written(value)}" for key, value in node.items()
            )
            text = shown.removeprefix("from: ") if len(node) == 1 else shown
        case list():
            text = f"[{', '.join(map(_written, node))}]"
        case bool():
            text = "true" if node else "false"
        case _:
            text = str(node)
    return text if len(text) <= MAX_WRITTEN else f"{text[:MAX_WRITTEN]}.."
