"""Compiles the rule of one plain field: where its value comes from, and what is done to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import inspect

from hub.config.document import KeyPath, Node
from hub.config.expressions import ExpressionError
from hub.config.wording import kind_of, meant, nearest
from hub.domain.path import Path, PathError, is_one_name
from hub.domain.phone import is_region
from hub.mapping.converters import Converter, converter_for, is_dated
from hub.mapping.dates import NAMED_FORMATS, USUAL_FORMATS, DateReader, pattern_problem, zone_named
from hub.mapping.errors import ValueProblemError
from hub.mapping.holders import Holders
from hub.mapping.reader import Findings
from hub.mapping.rules import (
    Getter,
    Run,
    Stage,
    Test,
    all_of,
    case_stage,
    email_stage,
    equals,
    expression_getter,
    first_of,
    held_text_getter,
    joined,
    path_getter,
    phone_stage,
    present,
    single,
    summed,
    table_getter,
    table_stage,
    text_getter,
)

SOURCES = ("from", "expr", "const", "join", "sum")
CHANGES = frozenset({"table", "phone", "email", "date", "case", "default"})
"""What may be done to a value."""
RULE_KEYS = frozenset({*SOURCES, "with", *CHANGES})
MAX_EXPRESSION = 500
MAX_TABLE = 1_000
MAX_PARTS = 50
"""Of a join, a sum, or a list of paths, and conditions of one `where`."""
MAX_SEPARATOR = 50
CASES = ("lower", "upper", "title")

_NOTHING: Getter = lambda _item, _run: None  # noqa: E731 - stands in for a getter that could not be compiled


class RuleCompiler:
    """`holders` are those of the item whose fields are compiled at the moment, None where there are none."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.holders: Holders | None = None

    @contextmanager
    def looking_in(self, holders: Holders | None) -> Iterator[None]:
        """Compile the rules of another item."""
        before, self.holders = self.holders, holders
        try:
            yield
        finally:
            self.holders = before

    def plain(self, node: Node, path: KeyPath, kind: inspect.Type) -> Getter:
        """Compile a rule whose value becomes one plain field."""
        rule = self._rule(node, path)
        getter = self._source(rule, path)
        changes = rule.keys() & CHANGES
        if isinstance(kind, inspect.StrType) and not changes:
            return self._text(rule, getter)
        if "table" in changes and changes <= {"table", "default"}:
            convert = converter_for(kind, None)
            table, otherwise = self._table(rule, path, kind, convert, convert)
            place = self._place(rule.get("from"))
            return table_getter(getter, place, table, otherwise, self._default(rule, path, convert))
        finish = self.finisher(rule, path, kind)
        return lambda item, run: finish(single(getter(item, run)), run)

    def text_place(self, node: Node, kind: inspect.Type) -> tuple[int, str] | None:
        """Return where a text stands that is taken as it is, None where there is more to the rule than that."""
        return self._place(node) if isinstance(kind, inspect.StrType) else None

    def _place(self, node: Node) -> tuple[int, str] | None:
        if self.holders is None or not isinstance(node, str) or node.startswith("$"):
            return None
        try:
            steps = Path(node).steps
        except PathError:
            return None  # told where the rule is compiled
        if not steps or steps[-1][1] is not None:
            return None
        return self.holders.place(steps[:-1]), steps[-1][0]

    def _text(self, rule: dict[str, Any], getter: Getter) -> Getter:
        """Return what reads a text to which nothing is done; where names alone lead to it, by the short way."""
        if "join" in rule:
            return getter  # of clean texts
        node = rule.get("from")
        places = [self._place(path) for path in (node if isinstance(node, list) else [node])]
        known = [place for place in places if place is not None]
        return held_text_getter(known, getter) if len(known) == len(places) else text_getter(getter)

    def many(self, node: Node, path: KeyPath, kind: inspect.Type) -> Getter:
        """Compile a rule whose values become a list of plain values, the missing ones left out."""
        rule = self._rule(node, path)
        getter = self._source(rule, path)
        finish = self.finisher(rule, path, kind)

        def read(item: Any, run: Run) -> Any:
            value = getter(item, run)
            values = value if isinstance(value, list | tuple) else [value]
            return [made for inner in values if (made := finish(inner, run)) is not None]

        return read

    def _rule(self, node: Node, path: KeyPath) -> dict[str, Any]:
        if isinstance(node, str):
            return {"from": node}
        return self._findings.section(node, path, RULE_KEYS)

    def source(self, node: Node, path: KeyPath) -> Getter:
        """Compile where a value comes from: a path, or a section with from, expr, const or join."""
        if isinstance(node, str):
            return self._path(node, path)
        return self._source(self._findings.section(node, path, {*SOURCES, "with"}), path)

    def _source(self, rule: dict[str, Any], path: KeyPath) -> Getter:
        given = [key for key in SOURCES if key in rule]
        if len(given) != 1:
            what = f"not both {given[0]} and {given[1]}" if given else "none is here"
            self._findings.at_key(
                path, f"a rule says where its value comes from by one of {', '.join(SOURCES)}: {what}"
            )
            return _NOTHING
        if "with" in rule and "join" not in rule:
            self._findings.at_key((*path, "with"), "`with` is the separator of `join`, which is not here")
        node, place = rule[given[0]], (*path, given[0])
        match given[0]:
            case "from":
                return self._paths(node, place)
            case "expr":
                return self._expression(node, place)
            case "join":
                return self._join(node, place, rule.get("with", " "), (*path, "with"))
            case "sum":
                return summed(self._parts(node if isinstance(node, list) else [node], place))
            case _:
                return self._constant(node, place)

    def _paths(self, node: Node, path: KeyPath) -> Getter:
        if not isinstance(node, list):
            return self._path(node, path)
        self._limit(len(node), path)
        return first_of([self._path(item, (*path, index)) for index, item in enumerate(node)])

    def _path(self, node: Node, path: KeyPath) -> Getter:
        text = self._findings.text(node, path)
        if text is None:
            return _NOTHING
        try:
            return path_getter(text, self.holders)
        except PathError as error:
            self._findings.at_value(path, str(error))
            return _NOTHING

    def _expression(self, node: Node, path: KeyPath) -> Getter:
        text = self._findings.text(node, path, MAX_EXPRESSION)
        if text is None:
            return _NOTHING
        try:
            return expression_getter(text)
        except ExpressionError as error:
            self._findings.at_value(path, str(error))
            return _NOTHING

    def _join(self, node: Node, path: KeyPath, separator: Node, separator_path: KeyPath) -> Getter:
        if not isinstance(separator, str):
            self._findings.at_value(separator_path, f"must be text, not {kind_of(separator)}")
            return _NOTHING
        if len(separator) > MAX_SEPARATOR:
            self._findings.at_value(separator_path, f"too long: at most {MAX_SEPARATOR} characters")
        if not isinstance(node, list) or not node:
            self._findings.at_value(path, "must be a list of what is joined")
            return _NOTHING
        parts = self._parts(node, path)
        rules = [part if isinstance(part, dict) else {"from": part} for part in node]
        return joined([self._text(rule, part) for rule, part in zip(rules, parts, strict=True)], separator)

    def _parts(self, nodes: list[Any], path: KeyPath) -> list[Getter]:
        self._limit(len(nodes), path)
        return [self.source(node, (*path, index)) for index, node in enumerate(nodes)]

    def _limit(self, count: int, path: KeyPath) -> None:
        if count > MAX_PARTS:
            self._findings.at_value(path, f"too many: at most {MAX_PARTS}")

    def _constant(self, node: Node, path: KeyPath) -> Getter:
        if isinstance(node, dict | list) or node is None:
            self._findings.at_value(path, f"must be one plain value, not {kind_of(node)}")
        return lambda _item, _run: node

    def finisher(self, rule: dict[str, Any], path: KeyPath, kind: inspect.Type) -> Stage:
        """Compile what happens to a value: table, phone, email, case, then the target's type, or default."""
        convert = converter_for(kind, self._dates(rule, path, kind))
        default = self._default(rule, path, convert)
        stages = [*self._phone(rule, path), *self._email(rule, path), *self._case(rule, path)]
        if "table" in rule:
            stages.insert(0, table_stage(*self._table(rule, path, kind, convert, _text)))
        if "const" in rule and not stages:
            self._checked(rule["const"], (*path, "const"), convert)
        if not stages:
            return lambda value, _run: default if (made := convert(value)) is None else made

        def finish(value: Any, run: Run) -> Any:
            for stage in stages:
                value = stage(value, run)
            made = convert(value)
            return default if made is None else made

        return finish

    def _checked(self, node: Node, path: KeyPath, convert: Converter) -> Any:
        """Convert what the file itself gives, so that a wrong one is found when the file is read."""
        try:
            return convert(node)
        except ValueProblemError as error:
            self._findings.at_value(path, str(error))
            return None

    def _default(self, rule: dict[str, Any], path: KeyPath, convert: Converter) -> Any:
        return self._checked(rule["default"], (*path, "default"), convert) if "default" in rule else None

    def _table(
        self, rule: dict[str, Any], path: KeyPath, kind: inspect.Type, convert: Converter, made_by: Converter
    ) -> tuple[dict[str, Any], Converter]:
        """Return a table with its words as `made_by` makes them, and what makes something of an unknown code."""
        place = (*path, "table")
        table = self._findings.section(rule["table"], place)
        if len(table) > MAX_TABLE:
            self._findings.at_value(place, f"too long: at most {MAX_TABLE} entries")
        words: dict[str, Any] = {}
        for code, value in table.items():
            if isinstance(value, dict | list) or value is None:
                self._findings.at_value((*place, code), f"must be one plain value, not {kind_of(value)}")
            elif self._checked(value, (*place, code), convert) is not None or value == "":
                words[code] = made_by(value)
        default = rule.get("default")
        if default is None or not isinstance(
            kind, inspect.StrType | inspect.BoolType | inspect.IntType | inspect.EnumType
        ):
            return words, made_by
        unknown = self._checked(default, (*path, "default"), convert) if made_by is convert else made_by(default)
        return words, lambda _code: unknown

    def _phone(self, rule: dict[str, Any], path: KeyPath) -> list[Stage]:
        node = rule.get("phone", False)
        if isinstance(node, bool):
            return [phone_stage(None)] if node else []
        if not isinstance(node, str) or not is_region(node):
            self._findings.at_value((*path, "phone"), "must be true or a country code in capitals, as in DE or CN")
            return []
        return [phone_stage(node)]

    def _email(self, rule: dict[str, Any], path: KeyPath) -> list[Stage]:
        return [email_stage] if "email" in rule and self._findings.flag(rule["email"], (*path, "email")) else []

    def _case(self, rule: dict[str, Any], path: KeyPath) -> list[Stage]:
        if "case" not in rule:
            return []
        case = rule["case"]
        if case not in CASES:
            near = meant(case, CASES) if isinstance(case, str) else ""
            self._findings.at_value((*path, "case"), f"must be one of {', '.join(CASES)}{near}")
            return []
        return [case_stage(case)]

    def _dates(self, rule: dict[str, Any], path: KeyPath, kind: inspect.Type) -> DateReader | None:
        if "date" not in rule:
            return None
        place = (*path, "date")
        if not is_dated(kind):
            self._findings.at_key(place, "this field holds no date")
            return None
        node = rule["date"]
        if node is True:
            return DateReader()
        zone_name: Any = "UTC"
        formats_place: KeyPath = place
        if isinstance(node, dict):
            section = self._findings.section(node, place, {"formats", "zone"})
            zone_name, node = section.get("zone", "UTC"), section.get("formats", list(USUAL_FORMATS))
            formats_place = (*place, "formats")
        formats = [node] if isinstance(node, str) else node
        if not isinstance(formats, list) or not formats:
            self._findings.at_value(place, "must be true, a format, a list of formats, or {formats: ..., zone: ...}")
            return None
        known = [self._date_format(form, formats_place) for form in formats]
        try:
            zone = zone_named(str(zone_name))
        except ValueError as error:
            self._findings.at_value((*place, "zone"), str(error))
            return None
        return DateReader(tuple(form for form in known if form), zone)

    def _date_format(self, form: Node, path: KeyPath) -> str | None:
        if not isinstance(form, str) or (form not in NAMED_FORMATS and "%" not in form):
            near = nearest(str(form), NAMED_FORMATS)
            self._findings.at_value(path, f"a date's format is a name or a pattern as in %d.%m.%Y{near}")
        elif problem := pattern_problem(form):
            self._findings.at_value(path, problem)
        else:
            return form
        return None

    def where(self, node: Node, path: KeyPath) -> Test:
        """Compile conditions that an item must meet, all of them."""
        tests: list[Test] = []
        section = self._findings.section(node, path)
        self._limit(len(section), path)
        for key, wanted in section.items():
            getter = self._where_path(key, (*path, key))
            name = key if is_one_name(key) else None
            tests.append(self._condition(getter, name, wanted, (*path, key)))
        return all_of(tests)

    def _where_path(self, key: str, path: KeyPath) -> Getter:
        try:
            return path_getter(key, None)
        except PathError as error:
            self._findings.at_key(path, str(error))
            return _NOTHING

    def _condition(self, getter: Getter, name: str | None, wanted: Node, path: KeyPath) -> Test:
        if isinstance(wanted, dict):
            section = self._findings.section(wanted, path, {"not", "present"})
            if len(section) != 1:
                self._findings.at_value(path, "a condition is a value, a list of values, {not: ...} or {present: true}")
                return lambda _item, _run: False
            if "present" in section:
                return present(getter, self._findings.flag(section["present"], (*path, "present")))
            return equals(getter, name, self._wanted(section["not"], (*path, "not")), negate=True)
        return equals(getter, name, self._wanted(wanted, path), negate=False)

    def _wanted(self, node: Node, path: KeyPath) -> frozenset[str]:
        values = node if isinstance(node, list) else [node]
        if any(isinstance(value, dict | list) for value in values):
            self._findings.at_value(path, "must be a plain value or a list of them")
            return frozenset()
        return frozenset(
            "" if value is None else str(value).lower() if isinstance(value, bool) else str(value) for value in values
        )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
