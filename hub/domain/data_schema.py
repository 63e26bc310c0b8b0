"""What events carry, as JSON Schema (draft 2020-12), made from the types themselves.

A reader of events takes what it knows and passes over the rest, so that the hub can grow: fields that it does not know,
values of an enumeration that it does not know, members of a union whose tag it does not know. The schemas say so: each
enumeration is its known values or another text, each tagged union its known members or an object with another tag.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from hub.domain.event import SCHEMA_VERSIONS, EventData, EventType, data_type_of, dataschema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def file_name(data_type: type[EventData]) -> str:
    """Return what the committed schema is called: one for each major version."""
    name, major = SCHEMA_VERSIONS[data_type]
    return f"{name}-{major}.json"


def data_schema(data_type: type[EventData]) -> Schema:
    """Return the schema of one kind of data, complete in itself."""
    (reference,), definitions = components([data_type], "#/$defs/{name}")
    return {"$schema": DIALECT, "$id": dataschema(data_type), **reference, "$defs": definitions}


def components(types: Iterable[Any], ref_template: str) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """Return a reference for each type, and the definitions of all of them by name."""
    references, definitions = msgspec.json.schema_components(list(types), ref_template=ref_template)
    return references, {name: _opened(definitions[name]) for name in sorted(definitions)}


def event_schema(references: Mapping[type[EventData], Schema]) -> Schema:
    """Describe the CloudEvent by hand: its data's type follows from its own, which a struct can't say.

    `references` has the schema of each kind of data as the document around it can name it.
    """
    text = {"type": "string"}
    types_of: dict[type[EventData], list[str]] = {}
    for kind in sorted(EventType):
        types_of.setdefault(data_type_of(kind), []).append(str(kind))
    return {
        "title": "Event",
        "description": "A CloudEvent 1.0 in JSON. `sequence` is its position in the journal, `partitionkey` the key"
        " within which order matters. An event from before there were schemas has no `dataschema`.",
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": text,
            "type": {"anyOf": [{"enum": sorted(EventType)}, text]},
            "source": text,
            "subject": text,
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": text,
            "partitionkey": text,
            "sequence": text,
            "data": {"type": "object"},
        },
        "required": ["specversion", "id", "type", "source", "subject", "time", "data"],
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": kinds}}},
                "then": {"properties": {"data": references[data_type], "dataschema": {"const": dataschema(data_type)}}},
            }
            for data_type, kinds in types_of.items()
        ],
    }


def events_schema() -> Schema:
    """Return one schema for every event there is, complete in itself."""
    references, definitions = components(SCHEMA_VERSIONS, "#/$defs/{name}")
    schema = event_schema(dict(zip(SCHEMA_VERSIONS, references, strict=True)))
    return {"$schema": DIALECT, **schema, "title": "An event (CloudEvents 1.0)", "$defs": definitions}


def _opened(node: Any) -> Any:
    """Make known values and known members one alternative, and others the second; tidy the docstrings."""
    if isinstance(node, list):
        return [_opened(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _opened(inner) for key, inner in node.items()}
    if isinstance(made.get("description"), str):
        made["description"] = inspect.cleandoc(made["description"])
    if isinstance(made.get("enum"), list) and "title" in made:
        made["anyOf"] = [{"enum": made.pop("enum")}, {"type": "string"}]
    union = made.pop("discriminator", None)
    if union is not None and "propertyName" in union:
        tag = union["propertyName"]
        others = {"type": "string", "not": {"enum": sorted(union["mapping"])}}
        made["anyOf"].append({"type": "object", "properties": {tag: others}, "required": [tag]})
    return made
