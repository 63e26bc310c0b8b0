"""Compiles the `fields` of a mapping into a builder of the target struct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import inspect

from hub.config.document import KeyPath, Node
from hub.config.wording import nearest
from hub.mapping.converters import is_plain
from hub.mapping.holders import Holders
from hub.mapping.plan import Builder, Made, Plan, Values
from hub.mapping.reader import Findings
from hub.mapping.rule_compiler import SOURCES, RuleCompiler
from hub.mapping.rules import Getter, Run
from hub.mapping.targets import Shape, shape_of

MAX_ITEMS = 500
"""Items of one list that are taken; the rest is left out."""
MAX_FIELDS = 300
MAX_KEY = 64
STEPS_A_TEST = 4
"""Asking an item one `where` takes about as long as looking at so many items."""

_LIST_KEYS = frozenset({"each", "where", "fields"})
Entry = tuple[Node, KeyPath]


class StructCompiler:
    def __init__(self, findings: Findings, rules: RuleCompiler) -> None:
        self._findings = findings
        self._rules = rules
        self._count = 0

    def fields(
        self, entries: dict[str, Entry], shape: Shape, prefix: str = "", *, of_the_item_at_hand: bool = False
    ) -> Builder:
        """Compile rules by dotted field name into a builder of the struct's arguments."""
        plan = Plan()
        if of_the_item_at_hand:
            self._plan(plan, 0, entries, shape, prefix)
            return plan.builder(None)
        holders = Holders()
        with self._rules.looking_in(holders):
            self._plan(plan, 0, entries, shape, prefix)
        return plan.builder(holders)

    def _plan(self, plan: Plan, part: int, entries: dict[str, Entry], shape: Shape, prefix: str) -> None:
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
                self._field(plan, part, name, group, kind, label=prefix + name)

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

    def _field(
        self, plan: Plan, part: int, name: str, group: dict[str, Entry], kind: inspect.Type, *, label: str
    ) -> None:
        whole = group.get("")
        first_path = next(iter(group.values()))[1]
        match kind:
            case inspect.StructType():
                entries = self._sections(*whole) if whole else group
                shape = shape_of(kind)
                self.require(entries, shape, first_path)
                self._plan(plan, plan.part(part, name, _struct_maker(shape)), entries, shape, f"{label}.")
            case inspect.DictType():
                entries = self._sections(*whole) if whole else group
                self._dictionary(plan, plan.part(part, name, None), entries, kind, label)
            case _ if whole is None:
                self._findings.at_key(first_path, f"{label!r} has no parts")
            case inspect.VarTupleType(item_type=inspect.StructType()) if (own := _of_the_item(whole[0])) is not None:
                entries = self._sections(own, (*whole[1], "fields"))
                shape = shape_of(kind.item_type)
                self.require(entries, shape, (*whole[1], "fields"))
                make = _struct_maker(shape)
                number = plan.part(part, name, lambda values: None if (one := make(values)) is None else (one,))
                self._plan(plan, number, entries, shape, f"{label}.")
            case inspect.VarTupleType():
                plan.add(part, name, label, None, self._list(*whole, kind.item_type, label))
            case _:
                plan.add(part, name, label, self._rules.text_place(whole[0], kind), self._rules.plain(*whole, kind))

    def _sections(self, node: Node, path: KeyPath) -> dict[str, Entry]:
        return {key: (value, (*path, key)) for key, value in self._findings.section(node, path).items()}

    def _dictionary(self, plan: Plan, part: int, entries: dict[str, Entry], kind: inspect.DictType, label: str) -> None:
        for key, (node, path) in entries.items():
            if len(key) > MAX_KEY:
                self._findings.at_key(path, f"too long: at most {MAX_KEY} characters")
            place = self._rules.text_place(node, kind.value_type)
            plan.add(part, key, f"{label}.{key}", place, self._rules.plain(node, path, kind.value_type))

    def _list(self, node: Node, path: KeyPath, kind: inspect.Type, label: str) -> Getter:
        if isinstance(node, list):
            parts = [self._list(item, (*path, index), kind, label) for index, item in enumerate(node)]
            return lambda item, run: _distinct([made for part in parts for made in part(item, run) or ()])
        if is_plain(kind):
            return self._plain_list(node, path, kind)
        shape = shape_of(kind)
        essential = shape.essential
        if essential and _is_short(node):
            return _sections_of(self._plain_list(node, path, shape.fields[essential]), shape.struct, essential)
        section = self._findings.section(node, path, _LIST_KEYS)
        if "fields" not in section:
            self._findings.at_key(
                path, f"{label!r} is a list of sections: give `fields`, and `each` for where they are"
            )
            return _nothing
        items = self._items(section, path)
        entries = self._sections(section["fields"], (*path, "fields"))
        self.require(entries, shape, (*path, "fields"))
        make = _struct_maker(shape)
        if "each" not in section:
            # The item at hand is the only one, and its objects are looked up already.
            build = self.fields(entries, shape, f"{label}.", of_the_item_at_hand=True)
            return _list_getter(items, lambda item, run: make(build(item, run)))
        return _inner_list_getter(items, self.fields(entries, shape, f"{label}."), make)

    def _plain_list(self, node: Node, path: KeyPath, kind: inspect.Type) -> Getter:
        if not isinstance(node, dict) or "each" not in node:
            values = self._rules.many(node, path, kind)
            return lambda item, run: _distinct(values(item, run)[:MAX_ITEMS])
        items = self._items({key: node[key] for key in ("each", "where") if key in node}, path)
        rule = {key: value for key, value in node.items() if key not in {"each", "where"}}
        if not rule.keys() & set(SOURCES):
            rule["from"] = "@"
        with self._rules.looking_in(None):
            return _list_getter(items, self._rules.plain(rule, path, kind))

    def _items(self, section: dict[str, Any], path: KeyPath) -> Getter:
        """Compile which items a list is made of: those at `each` that meet `where`, or the item at hand."""
        source = self._rules.source(section["each"], (*path, "each")) if "each" in section else _the_item
        if "where" not in section:
            return source
        test = self._rules.where(section["where"], (*path, "where"))

        def items(item: Any, run: Run) -> Any:
            found = source(item, run)
            if type(found) is not list:
                found = _several(found)
            run.spend(len(found) * STEPS_A_TEST)
            return [inner for inner in found if inner is not None and test(inner, run)]

        return items

    def require(self, entries: dict[str, Entry], shape: Shape, path: KeyPath) -> None:
        """Say which fields must have a rule and have none."""
        given = {key.partition(".")[0] for key in entries}
        for name in sorted(shape.required - given):
            self._findings.at_key(path, f"the field {name!r} is required: say where it comes from")


def _of_the_item(node: Node) -> Node | None:
    """Return the fields of a list's one section that takes its only item from the item at hand: a part like others."""
    return node["fields"] if isinstance(node, dict) and node.keys() == {"fields"} else None


def _is_short(node: Node) -> bool:
    """Whether a list of sections is given by the values of their one essential field."""
    if isinstance(node, dict):
        return "fields" not in node and not node.keys().isdisjoint(SOURCES)
    return isinstance(node, str)


def _sections_of(values: Getter, struct: type[msgspec.Struct], essential: str) -> Getter:
    def read(item: Any, run: Run) -> Any:
        found = values(item, run)
        return tuple(struct(**{essential: value}) for value in found) if found else None

    return read


def _the_item(item: Any, _run: Run) -> Any:
    return item


def _several(found: Any) -> Sequence[Any]:
    """Return what is found as a list: an element of XML that comes once is no list."""
    if isinstance(found, list | tuple):
        return found
    return () if found is None else (found,)


def _nothing(_item: Any, _run: Run) -> Any:
    return None


def _struct_maker(shape: Shape) -> Made:
    struct, essentials = shape.struct, tuple(shape.required)

    def make(values: Values) -> Any:
        for essential in essentials:
            if essential not in values:
                return None  # an entry of which the essential is missing (a phone without a number) is no entry
        return struct(**values) if values else None

    return make


def _list_getter(items: Getter, make: Getter) -> Getter:
    def read(item: Any, run: Run) -> Any:
        found = items(item, run)
        made = []
        for inner in (found if type(found) is list else _several(found))[:MAX_ITEMS]:
            one = None if inner is None else make(inner, run)
            if one is not None:
                made.append(one)
        return _distinct(made) if made else None

    return read


def _inner_list_getter(items: Getter, build: Builder, make: Made) -> Getter:
    """Read a list whose items hold objects of their own."""

    def read(item: Any, run: Run) -> Any:
        found = items(item, run)
        outer, made = run.held, []
        for inner in (found if type(found) is list else _several(found))[:MAX_ITEMS]:
            one = None if inner is None else make(build(inner, run))
            if one is not None:
                made.append(one)
        run.held = outer
        return _distinct(made) if made else None

    return read


def _distinct(values: list[Any]) -> tuple[Any, ...] | None:
    """Drop repetitions: joins and several addresses name the same number again and again. Of nothing, None."""
    if len(values) <= 1:
        return tuple(values) if values else None
    kept: dict[Any, Any] = {}
    for value in values:
        key = msgspec.structs.astuple(value) if isinstance(value, msgspec.Struct) else value
        kept.setdefault(key, value)
    return tuple(kept.values())[:MAX_ITEMS]
