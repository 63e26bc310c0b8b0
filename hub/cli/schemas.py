"""JSON Schemas (draft 2020-12) of the files that people write, made from the models that read them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, cast

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_REFERENCE: Schema = {"type": "string", "pattern": r"\$\{"}
"""`${NAME}` and `${file:PATH}`: what comes in their place is not known to an editor."""
_NUMBER_TEXT: Schema = {"type": "string", "pattern": r"^\s*[-+]?\d|\$\{"}
_BOOLEAN_TEXT: Schema = {
    "type": "string",
    "pattern": r"^([Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|[YyNnTtFf10])$|\$\{",
}
_ARGUMENT: Schema = {
    "description": "What is sent: a value, {from: PATH}, {text: .., quote: ..}, or a list or section of these",
    "if": {"type": "object", "required": ["from"]},
    "then": {"$ref": "#/$defs/Found"},
    "else": {
        "if": {"type": "object", "required": ["text", "quote"]},
        "then": {"$ref": "#/$defs/Statement"},
        "else": {
            "type": ["string", "number", "boolean", "null", "array", "object"],
            "items": {"$ref": "#/$defs/Argument"},
            "additionalProperties": {"$ref": "#/$defs/Argument"},
        },
    },
}
_CONDITION: Schema = {
    "description": "What a field has to be: a value, {from: PATH}, or one comparison, as in {ne: C}",
    "if": {"type": "object", "not": {"required": ["from"]}},
    "then": {"$ref": "#/$defs/Condition"},
    "else": {"$ref": "#/$defs/Argument"},
}


def schema_of(what: str) -> Schema:
    """Return what `ctihub schema` prints under that name: a schema, or the document `asyncapi`."""
    return _MADE[what]()


def _config() -> Schema:
    from hub.config.model import Config
    from hub.config.request import Found, Statement

    return _titled(_of_models([Found, Statement], Config), "ctihub.yaml")


def _preset() -> Schema:
    """Make the schema of a connector of which a site gives the rest."""
    document = _config()
    connectors = document["properties"]["connectors"]["additionalProperties"]
    definitions: dict[str, Schema] = document["$defs"]
    for definition in definitions.values():
        if _is_connector(definition):
            definition.pop("if", None)
            definition.pop("else", None)
            definition["required"] = ["kind"]
    return {"$schema": DIALECT, "title": "A preset of a system", **connectors, "$defs": definitions}


def _of_models(more: list[Any], model: Any) -> Schema:
    from pydantic.json_schema import models_json_schema

    models = [(one, "validation") for one in (model, *more)]
    _, together = models_json_schema(cast("Any", models), by_alias=True, schema_generator=_generator())
    definitions: dict[str, Schema] = together["$defs"]
    top = definitions.pop(model.__name__)
    document = {**top, "$defs": definitions}
    for definition in definitions.values():
        if _is_connector(definition):
            _fill_from_preset(definition)
    loosened = cast("Schema", _loosened(document))
    loosened["$defs"]["Argument"] = _ARGUMENT
    return loosened


def _is_connector(definition: Schema) -> bool:
    return "preset" in definition.get("properties", {}) and "kind" in definition["properties"]


def _fill_from_preset(definition: Schema) -> None:
    """With a preset, what it gives need not be written."""
    needed = [name for name in definition.get("required", []) if name != "kind"]
    definition["required"] = ["kind"]
    definition["if"] = {"required": ["preset"]}
    definition["else"] = {"required": needed}


def _generator() -> Any:
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        """Knows the short ways of writing that validators allow."""

        def function_before_schema(self, schema: Any) -> Schema:
            name = getattr(schema["function"]["function"], "__name__", "")
            made = _SHORT_WAYS.get(name)
            inner = super().function_before_schema(schema)
            return made(inner) if made else inner

        def is_instance_schema(self, _schema: Any) -> Schema:
            return {}

    return Generator


_SHORT_WAYS: Mapping[str, Callable[[Schema], Schema]] = {
    "parse_argument": lambda _inner: {"$comment": "Argument"},
    "parse_condition": lambda _inner: {"$comment": "Condition"},
    "_header_value": lambda _inner: {"type": ["string", "number", "boolean", "null", "object"]},
    "_one_for_all": lambda inner: {"anyOf": [{"type": "string"}, inner]},
    "_token_alone": lambda inner: {"anyOf": [{"type": "string"}, inner]},
    "_listed": lambda inner: {"anyOf": [{"type": "string"}, inner]},
    "_as_signs": lambda inner: {"anyOf": [{"type": ["string", "number", "object"]}, inner, {"type": "array"}]},
    "_conditions": lambda _inner: {"type": "object"},
}
"""By the validator's name: what may be written besides what the model has in the end."""


def _loosened(node: Any) -> Any:
    """Let a number or a choice also come from `${NAME}`, and a number or truth value be written as text."""
    if isinstance(node, list):
        return [_loosened(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"$comment"}:
        # Set by a short way: pydantic looks into references itself.
        return copy.deepcopy(_PLACES[node["$comment"]])
    made: Schema = {}
    for key, inner in node.items():
        if key in {"properties", "patternProperties", "$defs"}:
            made[key] = {name: _loosened(one) for name, one in inner.items()}
        else:
            made[key] = inner if key in {"default", "enum", "const", "examples"} else _loosened(inner)
    # An editor has no use for it, and with `anyOf` inside it is no more true.
    made.pop("discriminator", None)
    kind = str(made.get("type"))
    ways: list[Schema] = []
    if kind in {"number", "integer"}:
        ways = [_NUMBER_TEXT]
    elif kind == "boolean":
        ways = [_BOOLEAN_TEXT, {"enum": [0, 1]}]
    elif kind == "string" and made.keys() & {"enum", "pattern", "maxLength", "minLength", "format"}:
        made.pop("format", None)
        ways = [_REFERENCE]
    return {"anyOf": [made, *ways]} if ways else made


_PLACES: Mapping[str, Schema] = {"Argument": {"$ref": "#/$defs/Argument"}, "Condition": _CONDITION}


def _titled(document: Schema, title: str) -> Schema:
    return {"$schema": DIALECT, **document, "title": title}


def _mapping() -> Schema:
    from hub.cli.mapping_schema import mapping_schema

    return _titled(mapping_schema(), "A mapping")


def _mapping_test() -> Schema:
    from hub.cli.mapping_schema import mapping_test_schema

    return _titled(mapping_test_schema(), "The tests of a mapping")


def _rule() -> Schema:
    from hub.config.anticipation import ProposalRule
    from hub.config.conditions import DatedComparison

    document = _titled(_of_models([DatedComparison], ProposalRule), "A rule of proposals")
    document["properties"]["when"]["additionalProperties"] = {
        "anyOf": [
            {"type": ["string", "number", "boolean"]},
            {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
            {"$ref": "#/$defs/DatedComparison"},
        ]
    }
    return document


def _rule_test() -> Schema:
    from hub.context.anticipation.testing import Cases

    return _titled(_of_models([], Cases), "The tests of a rule of proposals")


def _events() -> Schema:
    from hub.domain.data_schema import events_schema

    return events_schema()


def _asyncapi() -> Schema:
    from hub.desk.access import COOKIE_NAME
    from hub.desk.asyncapi import asyncapi
    from hub.version import VERSION

    return asyncapi(version=VERSION, cookie_name=COOKIE_NAME)


_MADE: Mapping[str, Callable[[], Schema]] = {
    "config": _config,
    "preset": _preset,
    "mapping": _mapping,
    "mapping-test": _mapping_test,
    "rule": _rule,
    "rule-test": _rule_test,
    "events": _events,
    "asyncapi": _asyncapi,
}
