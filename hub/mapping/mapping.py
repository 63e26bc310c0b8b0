"""A mapping: loaded from its YAML file once, run for every record."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.inspect import StructType

from hub.config.document import Document, read_document
from hub.config.problem import ConfigError
from hub.config.wording import meant
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.customer import CustomerRecord
from hub.domain.event import FeedData
from hub.domain.interaction import CustomerRef, Interaction
from hub.domain.writeback import WriteBack, WriteKind
from hub.mapping.errors import FieldProblemError, MappingError, MappingRunError
from hub.mapping.plan import Builder
from hub.mapping.reader import Findings
from hub.mapping.rule_compiler import RuleCompiler
from hub.mapping.rules import Run
from hub.mapping.sources import sources_of
from hub.mapping.struct_compiler import Entry, StructCompiler
from hub.mapping.targets import FILLED_BY_HUB, TARGETS, Shape, shape_of, shape_of_target

MAX_WORK = 500_000
"""Steps that mapping one record may take: some tenths of a second at worst."""
_PATHS_TOLD = 5
_KEYS = frozenset({"source", "version", "target", "fields"})


@dataclasses.dataclass(frozen=True, slots=True)
class Mapping:
    """`name` is `<folder>/<file>`, `label` what a record's `mapping` says: name and version."""

    name: str
    source: str
    version: str
    target: str
    build: Builder
    required: frozenset[str]
    names_customer: bool
    label: str
    read_for: dict[str, tuple[str, ...]]
    """The paths of the record that a required field needs."""

    @property
    def targets(self) -> frozenset[str]:
        """What a record can become: with a mapping that is one thing."""
        return frozenset({self.target})

    def run(self, source: Any, *, system: str, region: str) -> FeedData | WriteBack:
        """Map one record, whatever the target. Raises MappingRunError."""
        if self.target == "write_back":
            return self.run_write_back(source, entry_id="", kind=WriteKind.ACTIVITY, customer="", region=region)
        return self.run_feed(source, system=system, region=region)

    def run_customer(
        self,
        source: Any,
        *,
        system: str,
        region: str,
        at: datetime | None = None,
        left_out: list[FieldProblemError] | None = None,
    ) -> CustomerRecord:
        """Map one record of the backend `system`, fetched `at`. Raises MappingRunError.

        With `left_out`, one wrong value costs itself and not the customer: it goes there, unless the field is required.
        """
        values = self._values(source, region, "customer", left_out)
        values.pop("change", None)  # what a backend answers is there, whatever was said of it before
        values["system"], values["mapping"], values["fetched_at"] = system, self.label, at
        return CustomerRecord(**values)

    def run_feed(self, source: Any, *, system: str, region: str) -> FeedData:
        """Map one message of a feed that brings the records of `system`; whatever it says, they are that system's.

        Raises MappingRunError, also when it names no customer.
        """
        values = self._values(source, region, self.target)
        made: FeedData
        match self.target:
            case "customer":
                change = values.pop("change", ChangeKind.CHANGED)
                return CustomerChange(
                    customer=CustomerRecord(system=system, mapping=self.label, **values), change=change
                )
            case "order":
                made = OrderChange(system=system, **values)
            case "case":
                made = CaseChange(system=system, **values)
            case "interaction":
                made = Interaction(source=system, **values)
            case _:
                raise MappingRunError(self.name, "target", f"a {self.target} is nothing that a feed brings")
        named = made.customer
        if not (named.phones or named.emails or named.ids):
            reason = "the message names no customer: no phone, e-mail or id"
            raise MappingRunError(self.name, "customer", f"{reason}{self._read('customer')}")
        return made

    def run_write_back(self, source: Any, *, entry_id: str, kind: WriteKind, customer: str, region: str) -> WriteBack:
        """Map an event (its JSON form, decoded) to what a backend is given of it. Raises MappingRunError."""
        values = self._values(source, region, "write_back")
        return WriteBack(id=entry_id, kind=kind, customer=customer, **values)

    def _values(
        self, source: Any, region: str, target: str, left_out: list[FieldProblemError] | None = None
    ) -> dict[str, Any]:
        if self.target != target:
            raise MappingRunError(
                self.name, "target", f"the mapping makes {self.target}s, but a {target} is wanted here"
            )
        if not isinstance(source, dict):
            raise MappingRunError(self.name, "@", "the record is no object with fields")
        try:
            values = self.build(source, Run(MAX_WORK, source, region, [], left_out))
        except FieldProblemError as problem:
            raise MappingRunError(self.name, problem.field, problem.message) from None
        except RecursionError:
            raise MappingRunError(self.name, "@", "the record is nested too deeply") from None
        if self.names_customer:
            values.setdefault("customer", CustomerRef())
        if not self.required <= values.keys():
            raise self._missing(min(self.required - values.keys()), left_out or ())
        return values

    def _missing(self, field: str, left_out: Sequence[FieldProblemError]) -> MappingRunError:
        reasons = [one.message for one in left_out if one.field == field]
        if reasons:
            return MappingRunError(self.name, field, reasons[0])
        return MappingRunError(self.name, field, f"is required, but the record has no value for it{self._read(field)}")

    def _read(self, field: str) -> str:
        """Say which paths a required field is read from; nothing where that is an expression."""
        read = ", ".join(map(repr, self.read_for.get(field, ())[:_PATHS_TOLD]))
        return f"; the mapping reads {read}" if read else ""


def load_mapping(path: Path) -> Mapping:
    """Read and compile a mapping file. Raises MappingError with every problem and its place."""
    try:
        document = read_document(path)
    except ConfigError as error:
        raise MappingError(error.problems) from None
    findings = Findings(document)
    top = findings.section(document.data, (), _KEYS)
    for key in sorted(_KEYS - top.keys()):
        findings.at_key((), f"key {key!r} is missing")
    source = findings.text(top["source"], ("source",)) if "source" in top else None
    version = findings.text(top["version"], ("version",), 50) if "version" in top else None
    target = top.get("target")
    if not isinstance(target, str) or target not in TARGETS:
        if "target" in top:
            near = meant(str(target), list(TARGETS))
            findings.at_value(("target",), f"must be one of {', '.join(TARGETS)}{near}")
        raise MappingError(findings.problems)
    shape = shape_of_target(target)
    reserved = FILLED_BY_HUB[target]
    fields = findings.section(top.get("fields", {}), ("fields",))
    for name in sorted(reserved & fields.keys()):
        findings.at_key(("fields", name), f"the hub fills {name!r} itself: leave it out")
    compiler = StructCompiler(findings, RuleCompiler(findings))
    entries: dict[str, Entry] = {key: (node, ("fields", key)) for key, node in fields.items() if key not in reserved}
    compiler.require(entries, shape, ("fields",))
    build = compiler.fields(entries, shape)
    if findings.problems or source is None or version is None:
        raise MappingError(findings.problems)
    name = f"{path.parent.name}/{path.stem}"
    return Mapping(
        name=name, source=source, version=version, target=target, build=build, required=shape.required,
        names_customer="customer" in shape.required, label=f"{name}@{version}", read_for=_read_for(document, shape),
    )  # fmt: skip


def _read_for(document: Document, shape: Shape) -> dict[str, tuple[str, ...]]:
    sources = list(sources_of(document))
    found = {}
    for field in shape.required:
        kind = shape.fields[field]
        below = shape_of(kind) if isinstance(kind, StructType) else None
        # Of a customer nothing alone is required, but something is.
        names = [f"{field}.{name}." for name in below.required or below.fields] if below else []
        needed = tuple(names) or (f"{field}.",)
        read = [source.path for source in sources if f"{source.field}.".startswith(needed)]
        found[field] = tuple(dict.fromkeys(read))
    return found
