"""A YAML file as plain data, with the place of every key and value. Hostile files are refused, not survived."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import yaml

from hub.config.problem import ConfigError, Problem
from hub.config.scalar import Scalar, core_scalar

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 100_000

Node = dict[str, "Node"] | list["Node"] | Scalar
KeyPath = tuple[str | int, ...]
Place = tuple[int, int]

_CORE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
# What PyYAML (YAML 1.1) takes a date, << and = for; here they are text.
_IMPLICIT_TAGS = _CORE_TAGS | {f"tag:yaml.org,2002:{name}" for name in ("timestamp", "merge", "value")}
_HINTS = (
    ("mapping values are not allowed", "no colon is allowed here: indent as the neighbours do, or quote the value"),
    ("could not find expected ':'", "a key needs a colon and a space after it"),
    ("did not find expected key", "this line does not belong here: indent it as its neighbours"),
    ("did not find expected '-' indicator", "this line does not belong in the list: indent it as its neighbours"),
    ("did not find expected ',' or ']'", "a comma or the closing ] is missing"),
    ("did not find expected ',' or '}'", "a comma or the closing } is missing"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("cannot start any token", "a value can't begin with this character: put it in quotes"),
    ("found undefined alias", "no anchor of this name stands above"),
    ("but found another document", "one file holds one document: take out what follows ---"),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """`keys` and `values` say where each key and each value begins (line, column, from 1), by path from the top."""

    file: str
    data: Node
    keys: dict[KeyPath, Place]
    values: dict[KeyPath, Place]

    def key_place(self, path: KeyPath) -> Place:
        """Return where a key stands (an item of a list: where it begins), or the nearest thing above it."""
        for length in range(len(path), 0, -1):
            place = self.keys.get(path[:length]) or self.values.get(path[:length])
            if place:
                return place
        return self.values[()]

    def value_place(self, path: KeyPath) -> Place:
        return self.values.get(path) or self.key_place(path)

    def problem(self, place: Place, message: str) -> Problem:
        return Problem(self.file, *place, message)


def read_document(path: Path, *, advice: str = "", exact: bool = False) -> Document:
    """Read one YAML file. Raises `ConfigError` with the place of what can't be read.

    `advice` is what to do when there is no file, or nothing in it. With `exact`, fractions are Decimals.
    """
    text = _read_text(path, advice)
    reader = _Reader(str(path), exact=exact)
    try:
        _measure(str(path), text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax_problem(str(path), text, error)]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ConfigError([Problem(str(path), *place, "a control character can't stand in a YAML file")]) from None
    if node is None or (isinstance(node, yaml.ScalarNode) and core_scalar(node.value) is None):
        raise ConfigError([Problem(str(path), 1, 1, _advised("the file is empty", advice))])
    data = reader.read(node, (), 0)
    if reader.problems:
        raise ConfigError(reader.problems)
    return Document(str(path), data, reader.keys, reader.values)


def _advised(message: str, advice: str) -> str:
    return f"{message}: {advice}" if advice else message


def _read_text(path: Path, advice: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = _advised("there is no such file", advice)
    except IsADirectoryError:
        message = "this is a folder, not a file"
    except OSError as error:
        message = f"can't be read: {error.strerror or error}"
    else:
        if len(raw) <= MAX_BYTES:
            return _decode(path, raw)
        message = f"the file is too large: at most {MAX_BYTES // 1024} KiB"
    raise ConfigError([Problem(str(path), 1, 1, message)])


def _decode(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"byte 0x{raw[error.start]:02X} is not UTF-8: save the file as UTF-8"
        raise ConfigError([Problem(str(path), line, column, message)]) from None


def _measure(file: str, text: str) -> None:
    """Refuse what would exhaust the stack or the memory before the nodes are built."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise ConfigError([Problem(file, *_place(event), f"nested too deeply: at most {MAX_DEPTH} levels")])
        if count > MAX_NODES:
            raise ConfigError([Problem(file, *_place(event), f"too many entries: at most {MAX_NODES}")])


def _syntax_problem(file: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    what = error.problem or error.context or "not YAML"
    mark = error.problem_mark or error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n")
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        tab = place[0], indentation.index("\t") + 1
        return Problem(file, *tab, "a tab can't indent YAML: use spaces")
    if mark and error.context_mark and "end of stream" in what:
        place = error.context_mark.line + 1, error.context_mark.column + 1
    message = next((hint for sign, hint in _HINTS if sign in what), re.sub(r"\s+", " ", what))
    return Problem(file, *place, message)


class _Reader:
    """Turns composed nodes into data. Aliases are followed, but what they expand to is counted."""

    def __init__(self, file: str, *, exact: bool) -> None:
        self.file = file
        self._exact = exact
        self.problems: list[Problem] = []
        self.keys: dict[KeyPath, Place] = {}
        self.values: dict[KeyPath, Place] = {}
        self._nodes = 0

    def read(self, node: yaml.Node, path: KeyPath, depth: int) -> Node:
        self._nodes += 1
        self.values[path] = _place(node)
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            self._stop(node, "aliases (*name) expand to too much here: write the values out")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node)
            return [self.read(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise TypeError(f"not a YAML node: {type(node)}")

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> dict[str, Node]:
        self._check_tag(node)
        data: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                self._say(key_node, "a key must be plain text")
            elif key == "<<":
                self._say(key_node, "merging with << is not supported: write the keys out")
            elif key in data:
                first = self.keys[(*path, key)][0]
                self._say(key_node, f"key {key!r} stands twice: first in line {first}")
            else:
                self.keys[(*path, key)] = _place(key_node)
                data[key] = self.read(value_node, (*path, key), depth + 1)
        return data

    def _scalar(self, node: yaml.ScalarNode) -> Scalar:
        text: str = node.value
        value: Scalar = (
            text if node.style or node.tag == "tag:yaml.org,2002:str" else core_scalar(text, exact=self._exact)
        )
        if node.tag not in _IMPLICIT_TAGS:
            self._check_tag(node)
        return value

    def _check_tag(self, node: yaml.Node) -> None:
        if node.tag not in _CORE_TAGS:
            self._say(node, f"tag {node.tag!r} is not allowed: plain values only")

    def _say(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(self.file, *_place(node), message))

    def _stop(self, node: yaml.Node, message: str) -> None:
        self._say(node, message)
        raise ConfigError(self.problems)


def _place(node: yaml.Node | yaml.Event) -> Place:
    mark = node.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
