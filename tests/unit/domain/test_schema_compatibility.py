"""The comparison of schemas finds what breaks a reader, and lets pass what does not."""

from __future__ import annotations

import copy
import enum
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from hub.domain.call import CallEvent
from hub.domain.data_schema import components, data_schema
from hub.domain.event import SCHEMA_VERSIONS
from tests.schemas.committed import Published, advice, published
from tests.schemas.compatibility import changes


class _Dog(msgspec.Struct, tag_field="kind", tag="dog"):
    name: str


class _Cat(msgspec.Struct, tag_field="kind", tag="cat"):
    name: str
    lives: int = 9


class _Bird(msgspec.Struct, tag_field="kind", tag="bird"):
    can_talk: bool


def _schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Make a schema as those of events are made, all of them under one name."""
    (reference,), definitions = components([kind], "#/$defs/{name}")
    return {**reference, "$defs": definitions}


def _struct(**fields: Any) -> type[msgspec.Struct]:
    """Make a type; a field is its type, or its type and default."""
    listed = [(name, *(kind if isinstance(kind, tuple) else (kind,))) for name, kind in fields.items()]
    return msgspec.defstruct("Data", listed, kw_only=True, omit_defaults=True)


INNER: Any = msgspec.defstruct("Inner", [("number", int), ("note", str, "")])
INNER_WITHOUT_NOTE: Any = msgspec.defstruct("Inner", [("number", int)])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"a": str, "b": str}, {"a": str}, "b: the field is gone"),
        ({"old_name": str}, {"new_name": str}, "old_name: the field is gone"),
        ({"a": str}, {"a": int}, "a: may be an integer now"),
        ({"a": int}, {"a": float}, "a: may be a number now"),
        ({"a": str}, {"a": str | None}, "a: may be null now"),
        ({"a": str}, {"a": (str, "")}, "a: is not always there any more"),
        ({"a": (int, 1)}, {"a": (int, 2)}, "a: means something else where it is left out: 2"),
        ({"a": str}, {"a": list[str]}, "a: may be an array now"),
        ({"a": list[str]}, {"a": list[int]}, "a[]: may be an integer now"),
        ({"a": dict[str, int]}, {"a": dict[str, str]}, "a{}: may be a string now"),
        ({"a": tuple[int, str]}, {"a": tuple[int, str, str]}, "a: has 3 places, not 2"),
        ({"a": INNER}, {"a": INNER_WITHOUT_NOTE}, "a.note: the field is gone"),
        ({"a": list[INNER]}, {"a": list[INNER_WITHOUT_NOTE]}, "a[].note: the field is gone"),
        ({"a": dict[str, INNER]}, {"a": dict[str, INNER_WITHOUT_NOTE]}, "a{}.note: the field is gone"),
        ({"a": INNER | None}, {"a": INNER_WITHOUT_NOTE | None}, "a.note: the field is gone"),
        ({"a": _Dog | _Cat | _Bird}, {"a": _Dog | _Cat}, "a: an object kind=bird is gone"),
        ({"a": Literal["x", "y"]}, {"a": Literal["x", "y", "z"]}, "a: the value 'z' is new"),
        ({"a": Literal["x", "y"]}, {"a": Literal["x"]}, "a: the value 'y' is gone"),
        ({"a": Literal["x", "y"]}, {"a": str}, "a: may have other values than those of the enumeration now"),
        ({"a": dict[str, str]}, {"a": dict[str, Any]}, "a{}: may be anything now"),
    ],
)
def test_what_breaks_a_reader_is_found(old: dict[str, Any], new: dict[str, Any], told: str) -> None:
    """Gone, renamed, of another type, perhaps null, perhaps left out, another default; within others, too."""
    found = changes(_schema(_struct(**old)), _schema(_struct(**new)))
    assert told in [str(change) for change in found if change.breaks]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"a": str}, {"a": str, "b": (str, "")}, "b: the field is new"),
        ({"a": str}, {"a": str, "b": str}, "b: the field is new"),
        ({"a": (str, "")}, {"a": str}, "a: is always there now"),
        ({"a": str | None}, {"a": str}, "a: is never null any more"),
        ({"a": float}, {"a": int}, "a: is never a number any more"),
        ({"a": INNER_WITHOUT_NOTE}, {"a": INNER}, "a.note: the field is new"),
        ({"a": _Dog | _Cat}, {"a": _Dog | _Cat | _Bird}, "a: an object kind=bird is new"),
        ({"a": str}, {"a": Literal["x"]}, "a: is an enumeration now"),
    ],
)
def test_what_breaks_nobody_passes(old: dict[str, Any], new: dict[str, Any], told: str) -> None:
    """More fields, more members of a tagged union, and promises that are kept more strictly; each is told."""
    found = changes(_schema(_struct(**old)), _schema(_struct(**new)))
    assert told in [str(change) for change in found]
    assert [] == [str(change) for change in found if change.breaks]


def _with_causes(*values: str) -> dict[str, Any]:
    return _schema(_struct(a=enum.StrEnum("Cause", [(value, value) for value in values])))


def test_an_enumeration_may_grow_and_not_shrink() -> None:
    """Readers were told to pass over a value that they don't know; one that they wait for has to go on coming."""
    two, three = _with_causes("busy", "gone"), _with_causes("busy", "gone", "tired")
    assert [("a: the value 'tired' is new", False)] == [(str(one), one.breaks) for one in changes(two, three)]
    assert [("a: the value 'tired' is gone", True)] == [(str(one), one.breaks) for one in changes(three, two)]


@pytest.mark.parametrize(
    ("before", "after", "breaks"),
    [
        ({"maxLength": 5}, {"maxLength": 9}, True),
        ({"maxLength": 5}, {"maxLength": 3}, False),
        ({"maxLength": 5}, {}, True),
        ({"minimum": 1}, {"minimum": 0}, True),
        ({"minimum": 1}, {"minimum": 2}, False),
        ({"pattern": "a"}, {"pattern": "b"}, True),
        ({"format": "date-time"}, {}, True),
    ],
)
def test_bounds_may_become_narrower(before: dict[str, Any], after: dict[str, Any], breaks: bool) -> None:
    """A reader made room for what the older schema allowed."""
    (change,) = changes({"type": "string", **before}, {"type": "string", **after})
    assert breaks == change.breaks


def test_a_schema_that_refers_to_itself_is_compared_once() -> None:
    """A tree has an end."""
    tree = {"$ref": "#/$defs/Tree", "$defs": {"Tree": {"type": "object", "properties": {}}}}
    tree["$defs"]["Tree"]["properties"] = {"left": {"$ref": "#/$defs/Tree"}, "size": {"type": "integer"}}  # type: ignore[index]
    other = json.loads(json.dumps(tree).replace('"integer"', '"string"'))
    assert ["size: may be a string now", "size: is never an integer any more"] == sorted(
        (str(change) for change in changes(tree, other)), key=len
    )


def _everywhere(schema: Any, change: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Return a copy of the schema for each place that `change` changes; it says whether it did."""
    count = 0
    found: list[dict[str, Any]] = []
    while True:
        altered = copy.deepcopy(schema)
        seen = 0

        def visit(node: Any) -> bool:
            nonlocal seen
            if isinstance(node, dict):
                if change(copy.deepcopy(node)):
                    seen += 1
                    if seen > count:  # noqa: B023 - called within its own round
                        return change(node)
                return any(visit(inner) for inner in node.values())
            return isinstance(node, list) and any(visit(inner) for inner in node)

        if not visit(altered):
            return found
        found.append(altered)
        count += 1


def _drop_a_field(node: dict[str, Any]) -> bool:
    fields = node.get("properties")
    if node.get("type") != "object" or not fields or "title" not in node:
        return False
    name = next(iter(fields))
    del fields[name]
    node["required"] = [one for one in node.get("required", []) if one != name]
    return True


def _drop_a_value(node: dict[str, Any]) -> bool:
    values = node.get("enum")
    return isinstance(values, list) and len(values) > 1 and values.pop() is not None


def _make_optional(node: dict[str, Any]) -> bool:
    required = node.get("required")
    return isinstance(required, list) and "title" in node and bool(required) and required.pop() is not None


@pytest.mark.parametrize("change", [_drop_a_field, _make_optional])
@pytest.mark.parametrize("kind", SCHEMA_VERSIONS, ids=lambda kind: kind.__name__)
def test_no_place_of_the_real_schemas_is_overlooked(kind: Any, change: Callable[[dict[str, Any]], bool]) -> None:
    """Each struct of each event, one at a time: a field that goes, or is no more certain, is found."""
    schema = data_schema(kind)
    assert [] == changes(schema, schema)
    altered = _everywhere(schema, change)
    assert altered
    for one in altered:
        assert any(found.breaks for found in changes(schema, one))


def test_no_enumeration_of_a_call_is_overlooked() -> None:
    """A value that goes is found, whichever enumeration it is of."""
    schema = data_schema(CallEvent)
    altered = _everywhere(schema, _drop_a_value)
    assert len(altered) > 5
    for one in altered:
        assert any(found.breaks for found in changes(schema, one))


def test_what_is_published_can_still_be_read() -> None:
    """What systems were built on stays; if this fails the message says what to do."""
    breaking = [line for file in published() for line in file.breaking]
    assert not breaking, advice(breaking)


def test_what_is_published_is_what_the_types_say() -> None:
    """Additions and explanations are published with the change that makes them."""
    stale = [file.file.name for file in published() if file.before != file.now]
    assert not stale, f"hub/domain/schemas: {', '.join(stale)}: to publish them as they are now: make schemas"


def test_a_type_of_event_may_come_and_not_go(tmp_path: Path) -> None:
    """Whose schema is raised breaks nobody unseen: the name of the schema says so in each event."""

    def told(before: dict[str, str], now: dict[str, str]) -> list[tuple[str, bool]]:
        file = Published(tmp_path / "types.json", json.dumps(now), json.dumps(before))
        return [(str(change), change.breaks) for change in file.changes]

    call = "urn:ctihub:schema:call:1"
    assert [("b: the type of event is gone", True)] == told({"a": call, "b": call}, {"a": call})
    assert [("b: the type of event is new", False)] == told({"a": call}, {"a": call, "b": call})
    assert [(f"a: its data has schema {call[:-1]}2, not {call}", False)] == told({"a": call}, {"a": f"{call[:-1]}2"})
    assert [("a: its data has schema urn:ctihub:schema:agent:1, not " + call, True)] == told(
        {"a": call}, {"a": "urn:ctihub:schema:agent:1"}
    )


def test_the_advice_names_the_place_and_the_way_out(tmp_path: Path) -> None:
    """Who breaks a reader learns which field it is, and how to raise the version."""
    schema = data_schema(CallEvent)
    (smaller, *_) = _everywhere(schema, _drop_a_field)
    file = Published(tmp_path / "call-1.json", json.dumps(smaller), json.dumps(schema))
    told = advice(file.breaking)
    assert "call-1.json: " in told
    assert "the field is gone" in told
    assert "SCHEMA_VERSIONS" in told
    assert "make schemas" in told
