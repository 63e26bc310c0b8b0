"""Where a value is in a record: `orders[0].id`, `phones[].number`, `"odd key".x`, `@` for the record itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_PATH_LENGTH = 500

_NAME = r"[^\W\d][\w$:#-]*|[@$#][\w:-]+|\d[\w:-]*"
_PART = re.compile(rf'(?P<dot>\.)?(?:(?P<name>{_NAME})|"(?P<quoted>[^"]+)")|\[(?P<index>\d{{0,6}}|-\d{{1,6}})\]')


class PathError(ValueError):
    """A path that can't be read, said to the person who wrote it."""


class Path:
    """A compiled path.

    Plain names go down; `[0]` takes one item (negative ones from the end); `[]` applies the rest to every item and
    gives a list of what is there. A name met by a list is applied to its items too, so that `steps.id` collects.
    What is missing is None, in a list it is left out.
    """

    __slots__ = ("_only", "_parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = _parse(text)
        # Most paths are one name; they are read most.
        self._only = self._parts[0] if len(self._parts) == 1 and isinstance(self._parts[0], str) else None

    @property
    def first(self) -> str | None:
        """The first name, None for the record itself."""
        part = self._parts[0] if self._parts else None
        return part if isinstance(part, str) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it begins with, up to the first index."""
        return tuple(itertools.takewhile(lambda part: isinstance(part, str), self._parts))  # type: ignore[arg-type]  # takewhile does not narrow

    @property
    def every_name(self) -> tuple[str, ...]:
        """All the names on the way, indices left out."""
        return tuple(part for part in self._parts if isinstance(part, str))

    def read(self, record: Any) -> Any:
        if self._only is not None and type(record) is dict:
            return record.get(self._only)
        return _read(record, self._parts, 0)

    def read_all(self, record: Any) -> list[Any]:
        """Return what the path finds as a list without missing values: none, one, or several."""
        found = self.read(record)
        if found is None:
            return []
        return [item for item in found if item is not None] if isinstance(found, list | tuple) else [found]


class _Every:
    """Stands for `[]`."""


_EVERY = _Every()
_Part = str | int | _Every


def _parse(text: str) -> tuple[_Part, ...]:
    if not text or len(text) > MAX_PATH_LENGTH:
        raise PathError(f"a path has 1 to {MAX_PATH_LENGTH} characters")
    if text == "@":
        return ()
    parts: list[_Part] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or (match["index"] is None and bool(match["dot"]) != bool(parts)):
            raise PathError(
                f"can't read the path {text!r} from character {position + 1}: names joined by dots, [0] for one item, "
                '[] for all, a name with other characters in double quotes, as in "first name"'
            )
        if match["index"] is not None:
            parts.append(int(match["index"]) if match["index"] else _EVERY)
        else:
            parts.append(match["name"] or match["quoted"])
        position = match.end()
    return tuple(parts)


def _read(value: Any, parts: Sequence[_Part], start: int) -> Any:
    for position in range(start, len(parts)):
        if value is None:
            return None
        part = parts[position]
        if isinstance(part, str):
            if type(value) is dict or isinstance(value, Mapping):
                value = value.get(part)
            elif isinstance(value, list | tuple):
                return _collect(value, parts, position)
            else:
                return None
        elif isinstance(part, int):
            if not isinstance(value, list | tuple):
                # XML and SOAP give a single item where there is one: it is its own first item.
                value = value if part in {0, -1} else None
            else:
                value = value[part] if -len(value) <= part < len(value) else None
        else:
            return _collect(value if isinstance(value, list | tuple) else [value], parts, position + 1)
    return value


def _collect(items: Sequence[Any], parts: Sequence[_Part], start: int) -> list[Any]:
    collected: list[Any] = []
    for item in items:
        found = _read(item, parts, start)
        if isinstance(found, list | tuple):
            collected.extend(inner for inner in found if inner is not None)
        elif found is not None:
            collected.append(found)
    return collected
