"""An element as XML again, to be kept: what lxml told of it, with its namespaces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

_SPECIAL = re.compile(r"[&<>\r]")
_RETURN = {"\r": "&#13;"}


class XmlWriter:
    """Takes what lxml tells of an element; `text` is then the element, `size` how long that is already."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.size = 0

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element; its namespace is the default one within it."""
        namespace, _, name = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        piece = f"<{name}"
        if namespace != (self._open[-1][1] if self._open else ""):
            piece += f" xmlns={quoteattr(namespace)}"
        if attributes:
            piece += "".join(_attribute(key, value, number) for number, (key, value) in enumerate(attributes.items()))
        self._open.append((name, namespace))
        self._add(f"{piece}>")

    def data(self, text: str) -> None:
        # A carriage return that stands here was written as a reference, or it would be read as a line feed.
        self._add(escape(text, _RETURN) if _SPECIAL.search(text) else text)

    def end(self) -> None:
        self._add(f"</{self._open.pop()[0]}>")

    def _add(self, piece: str) -> None:
        self._pieces.append(piece)
        self.size += len(piece)


def _attribute(key: str, value: str, number: int) -> str:
    written = quoteattr(value, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    if key[0] != "{":
        return f" {key}={written}"
    namespace, _, name = key[1:].rpartition("}")
    if namespace == "http://www.w3.org/XML/1998/namespace":
        return f" xml:{name}={written}"
    return f" xmlns:n{number}={quoteattr(namespace)} n{number}:{name}={written}"
