"""JSON Schemas of mappings and of their tests, made from the canonical structs that mappings fill."""

from __future__ import annotations

from typing import Any

from msgspec import inspect

from hub.mapping.dates import NAMED_FORMATS
from hub.mapping.rule_compiler import CASES, MAX_EXPRESSION, MAX_TABLE, SOURCES
from hub.mapping.targets import TARGETS, Shape, shape_of, shape_of_target

Schema = dict[str, Any]

_PATH: Schema = {"type": "string", "minLength": 1, "maxLength": 500}
_PLAIN: Schema = {"type": ["string", "number", "boolean"]}
_TEXT: Schema = {"type": ["string", "number"]}


def mapping_schema() -> Schema:
    """Return the schema of a mapping of whatever target."""
    return {
        "description": "What a backend's record, or a feed's message, means",
        "type": "object",
        "required": ["source", "version", "target", "fields"],
        "additionalProperties": False,
        "properties": {
            "source": {**_TEXT, "description": "Where the records come from, for people"},
            "version": {**_TEXT, "description": "Shown with every value in a customer's context"},
            "target": {"enum": list(TARGETS)},
            "fields": {"type": "object"},
        },
        "allOf": [
            {
                "if": {"properties": {"target": {"const": target}}, "required": ["target"]},
                "then": {"properties": {"fields": _fields(shape_of_target(target))}},
            }
            for target in TARGETS
        ],
        "$defs": _rules(),
    }


def mapping_test_schema() -> Schema:
    """Return the schema of the cases beside a mapping."""
    case = {
        "type": "object",
        "required": ["name", "input"],
        "additionalProperties": False,
        "properties": {
            "name": _PLAIN,
            "input": {"description": "A record as the backend sends it"},
            "expect": {"type": "object", "description": "What the mapping makes of it: only what is given is compared"},
            "whole": {"type": "boolean", "description": "Nothing else may be there"},
            "error": {"type": "string", "description": "A part of the message that is expected"},
        },
        "oneOf": [{"required": ["expect"]}, {"required": ["error"]}],
    }
    return {
        "type": "object",
        "required": ["cases"],
        "additionalProperties": False,
        "properties": {
            "region": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "cases": {"type": "array", "minItems": 1, "items": case},
        },
    }


def _fields(shape: Shape) -> Schema:
    """Return the section of a struct's fields, by their names or, into what is below them, by dotted names."""
    properties: dict[str, Schema] = {}
    patterns: dict[str, Schema] = {}
    for name, kind in shape.fields.items():
        properties[name] = _field(kind)
        if isinstance(kind, inspect.StructType):
            for inner, inner_kind in shape_of(kind).fields.items():
                properties[f"{name}.{inner}"] = _field(inner_kind)
                if isinstance(inner_kind, inspect.DictType):
                    patterns[rf"^{name}\.{inner}\."] = _field(inner_kind.value_type)
        elif isinstance(kind, inspect.DictType):
            patterns[rf"^{name}\."] = _field(kind.value_type)
    every = sorted(shape.required)
    return {
        "type": "object",
        "properties": properties,
        **({"patternProperties": patterns} if patterns else {}),
        "additionalProperties": False,
        # A field may be given by its parts alone (customer.phones).
        **({"allOf": [_given(name, properties) for name in every]} if every else {}),
    }


def _given(name: str, properties: dict[str, Schema]) -> Schema:
    ways = [name, *(key for key in properties if key.startswith(f"{name}."))]
    return {"anyOf": [{"required": [way]} for way in ways]}


def _field(kind: inspect.Type) -> Schema:
    match kind:
        case inspect.UnionType():
            return _field(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.StructType():
            return _fields(shape_of(kind))
        case inspect.DictType():
            return {"type": "object", "additionalProperties": _field(kind.value_type)}
        case inspect.VarTupleType():
            return _list(kind.item_type)
        case _:
            return {"$ref": "#/$defs/Rule"}


def _list(kind: inspect.Type) -> Schema:
    if not isinstance(kind, inspect.StructType):
        one: Schema = {"anyOf": [{"$ref": "#/$defs/Rule"}, {"$ref": "#/$defs/PlainItems"}]}
    else:
        shape = shape_of(kind)
        one = {
            "type": "object",
            "required": ["fields"],
            "additionalProperties": False,
            "properties": {
                "each": {"$ref": "#/$defs/Source"},
                "where": {"$ref": "#/$defs/Where"},
                "fields": _fields(shape),
            },
        }
        if shape.essential:
            short: Schema = {"anyOf": [{"$ref": "#/$defs/Rule"}, {"$ref": "#/$defs/ShortItems"}]}
            one = {"if": {"type": "object", "required": ["fields"]}, "then": one, "else": short}
    return {"if": {"type": "array"}, "then": {"items": one}, "else": one}


def _rules() -> dict[str, Schema]:
    several = {"anyOf": [{"$ref": "#/$defs/Source"}, {"type": "array", "items": {"$ref": "#/$defs/Source"}}]}
    sources: dict[str, Schema] = {
        "from": {**several, "description": "A path, or the first that has a value"},
        "expr": {"type": "string", "maxLength": MAX_EXPRESSION, "description": "JMESPath"},
        "const": _PLAIN,
        "join": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Source"}},
        "sum": {**several, "description": "Numbers to add up"},
        "with": {"type": "string", "description": "What stands between the parts of a `join`"},
    }
    changes: dict[str, Schema] = {
        "table": {"type": "object", "maxProperties": MAX_TABLE, "additionalProperties": _PLAIN},
        "phone": {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^[A-Z]{2}$"}]},
        "email": {"type": "boolean"},
        "date": {
            "anyOf": [
                {"const": True},
                {"$ref": "#/$defs/DateFormat"},
                {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/DateFormat"}},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "formats": {
                            "anyOf": [
                                {"$ref": "#/$defs/DateFormat"},
                                {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/DateFormat"}},
                            ]
                        },
                        "zone": {"type": "string"},
                    },
                },
            ]
        },
        "case": {"enum": list(CASES)},
        "default": _PLAIN,
    }
    one_source = {"oneOf": [{"required": [name]} for name in SOURCES]}
    wanted = {"anyOf": [{**_PLAIN, "type": [*_PLAIN["type"], "null"]}, {"type": "array"}]}
    return {
        "Rule": {
            "anyOf": [
                _PATH,
                {"type": "object", "properties": {**sources, **changes}, "additionalProperties": False, **one_source},
            ]
        },
        "Source": {
            "anyOf": [_PATH, {"type": "object", "properties": sources, "additionalProperties": False, **one_source}]
        },
        "PlainItems": {
            "type": "object",
            "required": ["each"],
            "additionalProperties": False,
            "properties": {
                "each": {"$ref": "#/$defs/Source"},
                "where": {"$ref": "#/$defs/Where"},
                **sources,
                **changes,
            },
        },
        "ShortItems": {
            "allOf": [{"$ref": "#/$defs/PlainItems"}, one_source],
            "description": "Sections by the one field that each of them needs",
        },
        "Where": {
            "type": "object",
            "additionalProperties": {
                "if": {"type": "object"},
                "then": {
                    "additionalProperties": False,
                    "minProperties": 1,
                    "maxProperties": 1,
                    "properties": {"not": wanted, "present": {"type": "boolean"}},
                },
                "else": wanted,
            },
        },
        "DateFormat": {"type": "string", "anyOf": [{"enum": list(NAMED_FORMATS)}, {"pattern": "%"}]},
    }
