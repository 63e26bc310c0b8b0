"""Compares an operation's steps with what a contract says: names that it doesn't have, each with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from connectors.shapes import OPEN, Field, Unknown, field_at, section, unknown_in
from hub.config.document import KeyPath
from hub.config.operations import OperationBase, StepBase
from hub.config.request import Found, Statement
from hub.config.wording import nearest
from hub.domain.path import Path

MAX_KNOWN = 20

Step_contra = TypeVar("Step_contra", bound=StepBase, contravariant=True)


class Finding(NamedTuple):
    """`path` leads from the connector to what is wrong."""

    path: KeyPath
    message: str


class Contract(Protocol, Generic[Step_contra]):
    """What a kind of contract says of a step."""

    def request(self, step: Step_contra, path: KeyPath) -> Iterator[Finding]:
        """Yield what is wrong with what a step asks; `path` leads to the step."""

    def reply(self, step: Step_contra) -> Field:
        """Return what a step is answered: what `rows` begins at, OPEN where the contract doesn't say."""

    def whole(self, step: Step_contra) -> Field:
        """Return what the step could ask for beyond that."""

    def advice(self, step: Step_contra) -> str:
        """Say where a step asks for more."""


Shapes = dict[str, Field]


def step_findings(contract: Contract[Any], steps: Sequence[Any], path: KeyPath, shapes: Shapes) -> Iterator[Finding]:
    """Yield what is wrong with steps; fill in `shapes`, the row of each step by its name."""
    for index, step in enumerate(steps):
        place = (*path, "steps", index)
        shapes["item"] = _item(step, shapes)
        yield from contract.request(step, place)
        yield from _reads(step, place, shapes)
        row = reply = contract.reply(step)
        if getattr(step, "delimited", None) is not None:
            for key in ("columns", "rows"):
                names = Path(getattr(step.delimited, key)).every_name
                yield from _unknown(unknown_in(reply, names), (*place, "delimited", key), "the reply")
            row = OPEN
        elif step.rows:
            names = Path(step.rows).every_name
            yield from _unknown(unknown_in(reply, names), (*place, "rows"), "the reply")
            row = field_at(reply, names) or OPEN
        for key in step.keep:
            yield from _unknown(unknown_in(row, Path(key).every_name), (*place, "keep", key), "the row")
        for number, name in enumerate(step.same_number):
            yield from _unknown(unknown_in(row, Path(name).every_name), (*place, "same_number", number), "the row")
        shapes[step.name] = row


def record_findings(operation: OperationBase, path: KeyPath, shapes: Shapes) -> Iterator[Finding]:
    """Yield what is wrong with how an operation puts its records together."""
    row = _rows(operation, list(shapes), shapes)
    if operation.unique:
        yield from _unknown(unknown_in(row, Path(operation.unique).every_name), (*path, "unique"), "the record")
    for name, pairs in operation.attach.items():
        for theirs, ours in pairs.items():
            place = (*path, "attach", name, theirs)
            yield from _unknown(unknown_in(shapes[name], Path(theirs).every_name), place, f"step {name!r}")
            yield from _unknown(unknown_in(row, Path(ours).every_name), place, "the record")


def record_shape(operation: OperationBase, steps: Sequence[StepBase], shapes: Mapping[str, Field]) -> Field:
    """Return what a mapping is given."""
    row = _rows(operation, [step.name for step in steps], shapes)
    fields = dict(row.fields)
    if operation.unique:
        fields["rows"] = row
    fields |= {name: shapes[name] for name in operation.attach}
    return section(fields, is_open=row.is_open)


def _rows(operation: OperationBase, steps: Sequence[str], shapes: Mapping[str, Field]) -> Field:
    """Return the rows that the records are made of, those of several steps taken together."""
    rows = [shapes[name] for name in operation.record_steps or (steps[-1],)]
    if len(rows) == 1:
        return rows[0]
    fields = {name: field for row in rows for name, field in row.fields.items()}
    return section(fields, is_open=any(row.is_open for row in rows))


def argument_findings(argument: Any, field: Field, path: KeyPath, what: str) -> Iterator[Finding]:
    """Yield the names in an argument that the contract doesn't have, at any depth."""
    if isinstance(argument, dict):
        if not field.is_open and not field.is_section:
            yield Finding(path, f"{what} has a plain value here, not a section of fields")
            return
        for key, inner in argument.items():
            # `NAVIGATION@odata.bind` refers to an entity by its address (OData 4.01 JSON, 8.5).
            name, annotates, _ = key.partition("@odata.")
            below = field.fields.get(name)
            if below is None and not field.is_open:
                yield Finding((*path, key), f"{what} has no field {name!r}{suggestion(name, list(field.fields))}")
            elif not annotates:
                yield from argument_findings(inner, below or OPEN, (*path, key), what)
    elif isinstance(argument, list):
        if not field.many and not field.is_open:
            yield Finding(path, f"{what} takes one value here, not a list")
        for index, inner in enumerate(argument):
            yield from argument_findings(inner, field, (*path, index), what)
    elif argument is not None and argument != "" and _needs_fields(field):
        yield Finding(path, f"{what} has a section here, with {', '.join(_told(field)[:8])}, not one value")


def _told(field: Field) -> list[str]:
    return [name for name in field.fields if not name.startswith("$")]


def _needs_fields(field: Field) -> bool:
    return field.is_section and not field.is_open and bool(field.fields) and "#text" not in field.fields


def found_places(argument: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Found]]:
    """Yield each `from` inside an argument with its place."""
    match argument:
        case Found():
            yield (*path, "from"), argument
        case Statement():
            for name, found in argument.values.items():
                yield (*path, "values", name, "from"), found
        case dict():
            for key, inner in argument.items():
                yield from found_places(inner, (*path, key))
        case list():
            for index, inner in enumerate(argument):
                yield from found_places(inner, (*path, index))


def _reads(step: Any, path: KeyPath, shapes: Shapes) -> Iterator[Finding]:
    """Yield what a step reads of earlier steps that they can't have."""
    for key in ("each", "first"):
        if source := getattr(step, key):
            yield from _read(source, (*path, key), shapes)
    for key in ("arguments", "params", "values", "body", "key", "if_match"):
        for place, found in found_places(getattr(step, key, None), (*path, key)):
            yield from _read(found.source, place, shapes)
    for name, condition in getattr(step, "where", {}).items():
        for place, found in found_places(condition.value, (*path, "where", name)):
            yield from _read(found.source, place, shapes)


def _read(source: str, place: KeyPath, shapes: Shapes) -> Iterator[Finding]:
    first, *names = Path(source).every_name or ("",)
    if first in shapes:
        yield from _unknown(unknown_in(shapes[first], names), place, f"{source!r}: step {first!r}")


def _item(step: StepBase, shapes: Shapes) -> Field:
    source = step.each or step.first
    first, *names = Path(source).every_name if source else ("",)
    return field_at(shapes.get(first, OPEN), names) or OPEN


def _unknown(unknown: Unknown | None, place: KeyPath, where: str) -> Iterator[Finding]:
    if unknown is not None:
        yield Finding(place, f"{where} has no field {unknown.name!r}{below(unknown)}")


def below(unknown: Unknown) -> str:
    """Return what would be right instead of an unknown name."""
    if not unknown.known:
        return f"; {unknown.below.name!r} is a plain value" if unknown.below.name else ""
    return suggestion(unknown.name, unknown.known)


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the nearest right name, or the right ones as far as they fit into a line."""
    told = [one for one in known if not one.startswith("$")]
    if not difflib.get_close_matches(name, told, n=1, cutoff=0.6):
        holding = [one for one in told if name.lower() in one.lower()]
        if len(holding) == 1:
            return f"; did you mean {holding[0]!r}?"
        if len(told) > MAX_KNOWN:
            return f"{nearest(name, told[:MAX_KNOWN])}, .."
    return nearest(name, told)
