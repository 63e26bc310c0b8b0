"""`${NAME}` from the environment and `${file:PATH}` from a file, in any text value; `$${` stands for `${`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hub.config.document import Document, KeyPath, Node
from hub.config.problem import Problem

MAX_FILE_BYTES = 64 * 1024

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Substitution:
    """Fills in a document's references.

    `unresolved` are the paths whose reference has a problem (their values stay as written, so that nothing else is
    said of them); `filled` is every text that came from outside: none may be shown.
    """

    def __init__(self, document: Document, folder: Path, environment: Mapping[str, str]) -> None:
        self._document = document
        self._folder = folder
        self._environment = environment
        self.problems: list[Problem] = []
        self.unresolved: set[KeyPath] = set()
        self.filled: set[str] = set()
        self.data = self._fill(document.data, ())

    def _fill(self, node: Node, path: KeyPath) -> Node:
        if isinstance(node, dict):
            return {key: self._fill(value, (*path, key)) for key, value in node.items()}
        if isinstance(node, list):
            return [self._fill(value, (*path, index)) for index, value in enumerate(node)]
        if isinstance(node, str) and "${" in node:
            return self._text(node, path)
        if isinstance(node, str) and node[:1] == "$" and node[1:] in self._environment:
            self.unresolved.add(path)
            message = f"this is the text {node} itself, not the environment variable: write ${{{node[1:]}}}"
            self.problems.append(self._document.problem(self._document.value_place(path), message))
        return node

    def _text(self, text: str, path: KeyPath) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            value = self._value(match[0], match[1])
            self.filled.add(value)
            return value

        try:
            return _REFERENCE.sub(replace, text)
        except _UnresolvedError as error:
            self.unresolved.add(path)
            self.problems.append(self._document.problem(self._document.value_place(path), str(error)))
            return text

    def _value(self, reference: str, inner: str) -> str:
        if not reference.endswith("}"):
            raise _UnresolvedError("the } of ${ is missing; for the two characters themselves write $${")
        if inner.startswith("file:"):
            return self._file(inner.removeprefix("file:"))
        if not _NAME.fullmatch(inner):
            raise _UnresolvedError(
                "this is neither ${NAME} nor ${file:PATH}; for the two characters ${ themselves write $${"
            )
        value = self._environment.get(inner)
        if value is None:
            raise _UnresolvedError(f"the environment variable {inner} is not set: set it before starting ctihub")
        if not value:
            raise _UnresolvedError(f"the environment variable {inner} is empty: give it a value")
        return value

    def _file(self, name: str) -> str:
        path = self._folder / name
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise _UnresolvedError(f"the file {path} can't be read: {reason}") from None
        if len(raw) > MAX_FILE_BYTES:
            raise _UnresolvedError(f"the file {path} is too large: at most {MAX_FILE_BYTES // 1024} KiB")
        try:
            value = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise _UnresolvedError(f"the file {path} is not UTF-8 text") from None
        if not value:
            raise _UnresolvedError(f"the file {path} is empty: write the value into it")
        return value


class _UnresolvedError(Exception):
    pass
