"""Compiles the `fields` of a mapping into a builder of the target struct."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

from hub.config.document import KeyPath, Node
from hub.config.wording import nearest
from hub.mapping.converters import is_plain
from hub.mapping.errors import FieldProblemError, ValueProblemError
from hub.mapping.reader import Findings
from hub.mapping.rule_compiler import RuleCompiler
from hub.mapping.rules import Getter, Run
from hub.mapping.targets import Shape, shape_of

MAX_ITEMS = 500
"""Items of one list that are taken; the rest is left out."""
MAX_FIELDS = 300
MAX_KEY = 64

_LIST_KEYS = frozenset({"each", "where", "fields"})
Entry = tuple[Node, KeyPath]
Values = dict[str, Any]
Builder = Callable[[Any, Run], Values]


class StructCompiler:
    def __init__(self, findings: Findings, rules: RuleCompiler) -> None:
        self._findings = findings
        self._rules = rules
        self._count = 0

    def fields(self, entries: dict[str, Entry], shape: Shape, prefix: str = "") -> Builder:
        """Compile rules by dotted field name into a builder of the struct's arguments."""
        getters: list[tuple[str, str, Getter]] = []
        for name, group in self._grouped(entries).items():
            kind = shape.fields.get(name)
            first_path = next(iter(group.values()))[1]
            self._count += 1
            if kind is None:
                known = sorted(shape.fields)
                self._findings.at_key(first_path, f"the target has no field {prefix + name!r}{nearest(name, known)}")
            elif self._count > MAX_FIELDS:
                self._findings.at_key(first_path, f"too many fields: at most {MAX_FIELDS}")
                break
            else:
                getters.append((name, prefix + name, self._field(group, kind, prefix + name)))
        return _builder(getters)

    def _grouped(self, entries: dict[str, Entry]) -> dict[str, dict[str, Entry]]:
        groups: dict[str, dict[str, Entry]] = {}
        for key, entry in entries.items():
            first, _, rest = key.partition(".")
            group = groups.setdefault(first, {})
            if group and ("" in group or rest == ""):
                self._findings.at_key(entry[1], f"{first!r} is given both as a whole and by its parts: keep one")
            else:
                group[rest] = entry
        return groups

    def _field(self, group: dict[str, Entry], kind: inspect.Type, label: str) -> Getter:
        whole = group.get("")
        match kind:
            case inspect.StructType():
                entries = self._sections(*whole) if whole else group
                shape = shape_of(kind)
                self.require(entries, shape, next(iter(group.values()))[1])
                return _struct_getter(self.fields(entries, shape, f"{label}."), shape)
            case inspect.DictType():
                return self._dictionary(self._sections(*whole) if whole else group, kind, label)
            case _ if whole is None:
                path = next(iter(group.values()))[1]
                self._findings.at_key(path, f"{label!r} has no parts")
                return _nothing
            case inspect.VarTupleType():
                return self._list(*whole, kind.item_type, label)
            case _:
                return self._rules.plain(*whole, kind)

    def _sections(self, node: Node, path: KeyPath) -> dict[str, Entry]:
        return {key: (value, (*path, key)) for key, value in self._findings.section(node, path).items()}

    def _dictionary(self, entries: dict[str, Entry], kind: inspect.DictType, label: str) -> Getter:
        getters: list[tuple[str, str, Getter]] = []
        for key, (node, path) in entries.items():
            if len(key) > MAX_KEY:
                self._findings.at_key(path, f"too long: at most {MAX_KEY} characters")
            getters.append((key, f"{label}.{key}", self._rules.plain(node, path, kind.value_type)))
        return _builder(getters)

    def _list(self, node: Node, path: KeyPath, kind: inspect.Type, label: str) -> Getter:
        if isinstance(node, list):
            parts = [self._list(item, (*path, index), kind, label) for index, item in enumerate(node)]
            return lambda item, run: _distinct([made for part in parts for made in part(item, run)])
        if is_plain(kind):
            return self._plain_list(node, path, kind)
        section = self._findings.section(node, path, _LIST_KEYS)
        if "fields" not in section:
            self._findings.at_key(
                path, f"{label!r} is a list of sections: give `fields`, and `each` for where they are"
            )
            return _nothing
        items = self._items(section, path)
        shape = shape_of(kind)
        entries = self._sections(section["fields"], (*path, "fields"))
        self.require(entries, shape, (*path, "fields"))
        return _list_getter(items, _struct_getter(self.fields(entries, shape, f"{label}."), shape))

    def _plain_list(self, node: Node, path: KeyPath, kind: inspect.Type) -> Getter:
        if not isinstance(node, dict) or "each" not in node:
            values = self._rules.many(node, path, kind)
            return lambda item, run: _distinct(values(item, run)[:MAX_ITEMS])
        items = self._items({key: node[key] for key in ("each", "where") if key in node}, path)
        rule = {key: value for key, value in node.items() if key not in {"each", "where"}}
        if not rule.keys() & {"from", "expr", "const", "join"}:
            rule["from"] = "@"
        return _list_getter(items, self._rules.plain(rule, path, kind))

    def _items(self, section: dict[str, Any], path: KeyPath) -> Getter:
        """Compile which items a list is made of: those at `each` that meet `where`, or the item at hand."""
        source = self._rules.source(section["each"], (*path, "each")) if "each" in section else None
        test = self._rules.where(section["where"], (*path, "where")) if "where" in section else None

        def items(item: Any, run: Run) -> Any:
            found = source(item, run) if source else [item]
            if found is None:
                return []
            several = found if isinstance(found, list | tuple) else [found]
            return [inner for inner in several if inner is not None and (test is None or test(inner, run))]

        return items

    def require(self, entries: dict[str, Entry], shape: Shape, path: KeyPath) -> None:
        """Say which fields must have a rule and have none."""
        given = {key.partition(".")[0] for key in entries}
        for name in sorted(shape.required - given):
            self._findings.at_key(path, f"the field {name!r} is required: say where it comes from")


def _nothing(_item: Any, _run: Run) -> Any:
    return []


def _builder(getters: list[tuple[str, str, Getter]]) -> Builder:
    def build(item: Any, run: Run) -> Values:
        values: Values = {}
        for name, label, getter in getters:
            try:
                value = getter(item, run)
            except ValueProblemError as error:
                problem = FieldProblemError(label, str(error))
                if run.left_out is None:
                    raise problem from None
                run.left_out.append(problem)
                continue
            if value is not None and value not in ((), {}):
                values[name] = value
        return values

    return build


def _struct_getter(build: Builder, shape: Shape) -> Getter:
    def read(item: Any, run: Run) -> Any:
        values = build(item, run)
        # An entry of which the essential is missing (a phone without a number) is no entry.
        return shape.struct(**values) if values and shape.required <= values.keys() else None

    return read


def _list_getter(items: Getter, make: Getter) -> Getter:
    def read(item: Any, run: Run) -> Any:
        made = (make(inner, run) for inner in items(item, run)[:MAX_ITEMS])
        return _distinct([one for one in made if one is not None])

    return read


def _distinct(values: list[Any]) -> tuple[Any, ...]:
    """Drop repetitions: joins and several addresses name the same number again and again."""
    kept: list[Any] = []
    seen: set[Any] = set()
    for value in values:
        key = msgspec.structs.astuple(value) if isinstance(value, msgspec.Struct) else value
        if key not in seen:
            seen.add(key)
            kept.append(value)
    return tuple(kept)
