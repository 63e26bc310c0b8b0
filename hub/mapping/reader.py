"""Reads a mapping file's sections, and collects every problem with its place."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hub.config.document import Document, KeyPath, Node
from hub.config.problem import Problem
from hub.config.wording import kind_of, nearest


class Findings:
    """The problems of one file, found while compiling it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def at_key(self, path: KeyPath, message: str) -> None:
        self.problems.append(self._document.problem(self._document.key_place(path), message))

    def at_value(self, path: KeyPath, message: str) -> None:
        self.problems.append(self._document.problem(self._document.value_place(path), message))

    def section(self, node: Node, path: KeyPath, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return a section; unknown keys are told with the nearest right name, and left out."""
        if not isinstance(node, dict):
            self.at_value(path, f"must be a section of keys, not {kind_of(node)}")
            return {}
        if known is None:
            return node
        for key in node:
            if key not in known:
                self.at_key((*path, key), f"unknown key {key!r}{nearest(key, sorted(known))}")
        return {key: value for key, value in node.items() if key in known}

    def text(self, node: Node, path: KeyPath, limit: int = 500) -> str | None:
        """Return a text of at most `limit` characters; numbers count as text."""
        if isinstance(node, bool) or not isinstance(node, str | int | float) or node == "":
            self.at_value(path, f"must be text, not {kind_of(node)}")
            return None
        text = str(node)
        if len(text) > limit:
            self.at_value(path, f"too long: at most {limit} characters")
            return None
        return text

    def flag(self, node: Node, path: KeyPath) -> bool:
        if not isinstance(node, bool):
            self.at_value(path, f"must be true or false, not {kind_of(node)}")
            return False
        return node
