"""What a REST service says of itself in OpenAPI 3, or in Swagger 2.0 before it (JSON or YAML).

Paths, parameters, and replies' fields.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import yaml

from connectors.shapes import OPEN, ContractError, Field, Kind
from hub.domain.nesting import is_deeper_than

MAX_DEPTH = 200
MAX_NODES = 1_000_000
MAX_YAML = 5 * 1024 * 1024
"""Bytes of a document in YAML, which takes a second for each 500 KB; JSON may be as large as any contract."""
MAX_REFERENCES = 50
MAX_PARTS = 30
METHODS = ("get", "post", "put", "patch", "delete")
GIVEN_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""What is no parameter even if it is named as one (OpenAPI 3.1, 4.8.12.1)."""

HOLE = re.compile(r"\{[^{}/]*\}")

_KINDS: dict[str, Kind] = {"integer": "number", "number": "number", "boolean": "bool"}
_FORMATS: dict[str, Kind] = {"date": "date", "date-time": "time", "uuid": "guid", "binary": "binary", "byte": "binary"}


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """`place` is path, query, header or cookie."""

    name: str
    place: str
    required: bool
    field: Field

    @property
    def is_needed_header(self) -> bool:
        return self.place == "header" and self.required and self.name.lower() not in GIVEN_HEADERS


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One method of one path; `reply` is that of success, `body` what is sent (OPEN where it isn't said)."""

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Field
    reply: Field
    title: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """`address` is the first server's; without a host it is relative to where the document was."""

    title: str
    address: str
    calls: tuple[Call, ...]

    def at(self, path: str) -> list[Call]:
        """Return the calls of a path as a step writes it, whatever its holes are called."""
        wanted = HOLE.sub("{}", "/" + path.strip("/"))
        return [call for call in self.calls if HOLE.sub("{}", "/" + call.path.strip("/")) == wanted]


def read_openapi(content: bytes) -> Service:
    """Read an OpenAPI document. Raises ContractError."""
    document = _document(content)
    if not str(document.get("openapi", "")).startswith("3.") and str(document.get("swagger", "")) != "2.0":
        raise ContractError("this is no OpenAPI document: neither `openapi: 3..` nor `swagger: '2.0'` stands in it")
    return _Reader(document).service()


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(content) if content.lstrip()[:1] == b"{" else _from_yaml(content)
    except RecursionError:
        raise ContractError("the document is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise ContractError(f"the document begins as JSON, but is none: {error}") from None
    if not isinstance(document, dict):
        raise ContractError("this is no OpenAPI document: it is no section of keys")
    if is_deeper_than(document, MAX_DEPTH):
        raise ContractError(f"the document is nested too deeply: at most {MAX_DEPTH} levels")
    return document


def _from_yaml(content: bytes) -> Any:
    if len(content) > MAX_YAML:
        raise ContractError(f"the document is too large: at most {MAX_YAML} bytes of YAML, more as JSON")
    try:
        text = content.decode("utf-8-sig")
        _measure(text)
        return yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a safe loader that knows plain values only
    except UnicodeDecodeError:
        raise ContractError("the document is not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ContractError(f"the document is neither JSON nor YAML{where}") from None


def _measure(text: str) -> None:
    """Refuse what would exhaust the stack or the memory before it is built."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise ContractError("the document uses YAML aliases (*name): that is refused, write the values out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise ContractError(f"the document is too large: {MAX_DEPTH} levels, {MAX_NODES} entries at most")


class _TextLoader(yaml.CSafeLoader):
    """Leaves dates as text."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # Schemas are used again and again, and hold one another: each is looked into once.
        self._known: dict[int, Mapping[str, Field]] = {}

    def service(self) -> Service:
        calls = []
        for path, node in _section(self._document.get("paths")).items():
            item = self._resolved(node)
            shared = _list(item.get("parameters"))
            calls += [
                self._call(method, str(path), _section(item[method]), shared) for method in METHODS if method in item
            ]
        if not calls:
            raise ContractError("the OpenAPI document names no paths: is it the right one?")
        address = self._address()
        title = str(_section(self._document.get("info")).get("title", ""))
        return Service(title, address, tuple(calls))

    def _address(self) -> str:
        """Return the first server's, with the defaults of its variables; Swagger 2.0 gives it in parts."""
        host = str(self._document.get("host", ""))
        if host:
            schemes = [str(scheme) for scheme in _list(self._document.get("schemes"))]
            scheme = "https" if "https" in schemes or not schemes else schemes[0]
            return f"{scheme}://{host}{self._document.get('basePath', '')}".rstrip("/")
        servers = _list(self._document.get("servers"))
        server = _section(servers[0]) if servers else {}
        address = str(server.get("url", ""))
        for name, node in _section(server.get("variables")).items():
            address = address.replace(f"{{{name}}}", str(_section(node).get("default", "")))
        return address

    def _call(self, method: str, path: str, operation: dict[str, Any], shared: Sequence[Any]) -> Call:
        parameters: dict[tuple[str, str], Parameter] = {}
        sent = OPEN
        for node in (*shared, *_list(operation.get("parameters"))):
            found = self._resolved(node)
            name, place = str(found.get("name", "")), str(found.get("in", ""))
            # Swagger 2.0 has the type beside the name, and the body among the parameters.
            field = self._field("" if place == "body" else name, found.get("schema", found))
            if place == "body":
                sent = field
                continue
            parameters[name, place] = Parameter(name, place, found.get("required") is True, field)
        body = self._resolved(operation.get("requestBody"))
        return Call(
            method.upper(),
            path,
            tuple(parameters.values()),
            self._content(body) if body else sent,
            self._reply(_section(operation.get("responses"))),
            str(operation.get("summary", operation.get("operationId", ""))),
        )

    def _reply(self, responses: dict[str, Any]) -> Field:
        for status in ("200", "201", "2XX", "default"):
            for key, node in responses.items():
                if str(key).upper() == status.upper():
                    return self._content(self._resolved(node))
        return OPEN

    def _content(self, node: dict[str, Any]) -> Field:
        if "schema" in node:
            return self._field("", node["schema"])  # Swagger 2.0
        for media, inner in _section(node.get("content")).items():
            if "json" in str(media).lower():
                return self._field("", _section(inner).get("schema"))
        return OPEN

    def _field(self, name: str, node: Any, *, required: bool = False, depth: int = 0) -> Field:
        if depth > MAX_PARTS:
            return dataclasses.replace(OPEN, name=name)  # a list of itself, without end
        schema = self._resolved(node)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), None)
        if kind == "array" or "items" in schema:
            item = self._field(name, schema.get("items"), depth=depth + 1)
            return dataclasses.replace(item, many=True, required=required)
        if kind == "object" or schema.keys() & {"properties", "allOf", "oneOf", "anyOf"}:
            return self._object(name, schema, required=required, depth=depth)
        if kind is None and "enum" not in schema:
            return dataclasses.replace(OPEN, name=name, required=required)
        values = tuple(str(value) for value in _list(schema.get("enum")))
        plain: Kind = _FORMATS.get(str(schema.get("format")), _KINDS.get(str(kind), "text"))
        length = schema.get("maxLength")
        return Field(
            name, plain, required=required, values=values, max_length=length if isinstance(length, int) else None
        )

    def _object(self, name: str, schema: dict[str, Any], *, required: bool, depth: int) -> Field:
        parts = self._parts(schema, 0)
        if len(parts) == 1 and not parts[0].keys() & {"properties", "additionalProperties"}:
            return dataclasses.replace(OPEN, name=name, required=required)
        plain = [part for part in parts if part.get("type") not in {None, "object"}]
        if plain and not any("properties" in part for part in parts):
            return self._field(name, plain[0], required=required, depth=depth + 1)
        # One that names its properties is taken at its word, unless it says that there are more.
        is_open = any(part.get("additionalProperties", False) is not False for part in parts)
        return Field(name, "section", required=required, is_open=is_open, inside=partial(self._inside, schema, parts))

    def _parts(self, schema: dict[str, Any], depth: int) -> list[dict[str, Any]]:
        """Return a schema and those it is put together from, or is one of."""
        found = [schema]
        for key in ("allOf", "oneOf", "anyOf"):
            for node in _list(schema.get(key)):
                if depth < MAX_PARTS and len(found) < MAX_PARTS:
                    found += self._parts(self._resolved(node), depth + 1)
        return found[:MAX_PARTS]

    def _inside(self, schema: dict[str, Any], parts: Sequence[dict[str, Any]]) -> Mapping[str, Field]:
        # The document holds each schema for as long as it is read from, so that no two have one id.
        if id(schema) not in self._known:
            self._known[id(schema)] = self._properties(parts)
        return self._known[id(schema)]

    def _properties(self, parts: Sequence[dict[str, Any]]) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for part in parts:
            needed = _list(part.get("required"))
            for name, node in _section(part.get("properties")).items():
                found.setdefault(str(name), self._field(str(name), node, required=name in needed))
        return found

    def _resolved(self, node: Any) -> dict[str, Any]:
        """Follow `$ref` within the document. Raises ContractError for one that leads out of it or nowhere."""
        for _ in range(MAX_REFERENCES):
            found = _section(node)
            reference = found.get("$ref")
            if reference is None:
                return found
            node = self._referenced(str(reference))
        raise ContractError("a $ref leads to itself")

    def _referenced(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise ContractError(f"{reference[:100]!r} leads to another document: put it all into one")
        node: Any = self._document
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        if node is None:
            raise ContractError(f"the $ref {reference[:100]!r} leads nowhere")
        return node


def _section(node: Any) -> dict[str, Any]:
    return node if isinstance(node, dict) else {}


def _list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []
