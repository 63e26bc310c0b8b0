"""Write `src/frames.ts`: the TypeScript types of what the hub sends and takes, derived from the msgspec structs.

Run as `python -m hub.desk.web.frame_types` after a change to frames or commands; a test fails when the file is out of
date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hub.desk.frames import Frame
from hub.domain.control import Command, CommandResult
from hub.domain.identity import IdentityDecided
from hub.domain.interaction import TimelinePage
from hub.domain.ports import CallLogEntry
from hub.domain.search import CustomerSearch, CustomerView
from hub.domain.wrapup import WrapUp, WrapUpResult

TARGET = Path(__file__).parent / "src" / "frames.ts"
_HEAD = "// Made by hub/desk/web/frame_types.py from hub/desk/frames.py; change that and run it again.\n"
_PLAIN = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}

Schema = Mapping[str, Any]


def typescript() -> str:
    """Return the whole file. A field with a default may be absent: the hub leaves defaults out."""
    kinds = [Frame, Command, CommandResult, CallLogEntry, WrapUp, WrapUpResult]
    kinds += [CustomerSearch, CustomerView, IdentityDecided, TimelinePage]
    (frame, command, *_), components = msgspec.json.schema_components(kinds, ref_template="{name}")
    parts = [_HEAD]
    parts += [_declaration(_name(key), schema) for key, schema in sorted(components.items())]
    parts.append(f"export type Frame = {_type(frame)};\n")
    parts.append(f"export type Command = {_type(command)};\n")
    return "\n".join(parts)


def _declaration(name: str, schema: Schema) -> str:
    if "enum" in schema:
        return f"export type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    fields = "".join(
        f"  readonly {key}{'' if key in required else '?'}: {_type(value)};\n"
        for key, value in schema["properties"].items()
    )
    return f"export interface {name} {{\n{fields}}}\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    if schema["type"] == "array":
        return f"readonly ({_type(schema['items'])})[]"
    if schema["type"] == "object":
        return f"Readonly<Record<string, {_type(schema['additionalProperties'])}>>"
    return _PLAIN[schema["type"]]


def _name(component: str) -> str:
    """Turn a component name such as `Sourced_Name_` into `SourcedName`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", component))


if __name__ == "__main__":
    TARGET.write_text(typescript(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET}\n")
