"""Where a value is in a record: `orders[0].id`, `phones[].number`, `"odd key".x`, `@` for the record itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from hub.domain.budget import Budget

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

    __slots__ = ("_behind", "_parts", "_steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = _parse(text)
        self._steps, self._behind = _common_beginning(self._parts)

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

    @property
    def steps(self) -> tuple[Step, ...] | None:
        """The names, each with the place in a list that may follow it; None if there is more to the path."""
        return self._steps if self._behind is None else None

    def read(self, record: Any, budget: Budget | None = None) -> Any:
        """Return what stands there. Raises TooMuchWorkError if the lists on the way hold more than `budget` allows."""
        value = record
        for name, place in self._steps:
            if type(value) is not dict:
                return _read(record, self._parts, 0, budget)
            value = value.get(name)
            if place is not None:
                value = value[place] if type(value) is list and place < len(value) else item_at(value, place)
        return value if self._behind is None else _read(value, self._parts, self._behind, budget)

    def read_all(self, record: Any) -> list[Any]:
        """Return what the path finds as a list without missing values: none, one, or several."""
        found = self.read(record)
        if found is None:
            return []
        return [item for item in found if item is not None] if isinstance(found, list | tuple) else [found]


@lru_cache(maxsize=4_096)
def compiled(text: str) -> Path:
    """Return the path of a text from the configuration, read once. Raises PathError."""
    return Path(text)


class _Every:
    """Stands for `[]`."""


_EVERY = _Every()
_Part = str | int | _Every
Step = tuple[str, int | None]


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


def _common_beginning(parts: Sequence[_Part]) -> tuple[tuple[Step, ...], int | None]:
    """Return a path's names, each with the place in a list that may follow it, and where the other parts begin.

    Nearly all values are found by these alone, so they are read without a look at what kind of part comes next.
    """
    steps: list[Step] = []
    position = 0
    while position < len(parts):
        name, after = parts[position], parts[position + 1] if position + 1 < len(parts) else None
        if not isinstance(name, str):
            return tuple(steps), position
        place = after if isinstance(after, int) and after >= 0 else None
        steps.append((name, place))
        position += 1 if place is None else 2
    return tuple(steps), None


def _read(value: Any, parts: Sequence[_Part], start: int, budget: Budget | None) -> Any:
    for position in range(start, len(parts)):
        part = parts[position]
        if value is None:
            return None
        if isinstance(part, str):
            if type(value) is dict or isinstance(value, Mapping):
                value = value.get(part)
            elif isinstance(value, list | tuple):
                return _collect(value, parts, position, budget)
            else:
                return None
        elif isinstance(part, int):
            value = item_at(value, part)
        else:
            return _collect(value if isinstance(value, list | tuple) else [value], parts, position + 1, budget)
    return value


def item_at(value: Any, place: int) -> Any:
    """Return one item of a list, None if it has none there."""
    if not isinstance(value, list | tuple):
        # XML and SOAP give a single item where there is one: it is its own first item.
        return value if place in {0, -1} else None
    return value[place] if -len(value) <= place < len(value) else None


def _collect(items: Sequence[Any], parts: Sequence[_Part], start: int, budget: Budget | None) -> list[Any]:
    """Apply the parts from `start` on to every item, one part after the other, and flatten what comes out."""
    for position in range(start, len(parts)):
        if budget is not None:
            budget.spend(len(items))
        part = parts[position]
        if isinstance(part, str):
            found: list[Any] = []
            _add_named(found, items, part)
            items = found
        elif isinstance(part, int):
            items = [item_at(item, part) for item in items]
        else:
            items = _flat(items)
    if budget is not None:
        budget.spend(len(items))
    for item in items:
        if item is None or isinstance(item, list | tuple):
            return _flat(items)
    return items if isinstance(items, list) else list(items)


def _add_named(found: list[Any], items: Sequence[Any], name: str) -> None:
    for item in items:
        if type(item) is dict or isinstance(item, Mapping):
            value = item.get(name)
            if value is not None:
                found.append(value)
        elif isinstance(item, list | tuple):
            _add_named(found, item, name)


def _flat(items: Sequence[Any]) -> list[Any]:
    """Take the items out of lists that stand among them; the missing ones are left out."""
    flat: list[Any] = []
    for item in items:
        if isinstance(item, list | tuple):
            flat += [inner for inner in item if inner is not None]
        elif item is not None:
            flat.append(item)
    return flat


def is_one_name(text: str) -> bool:
    """Whether a path is a name and no more."""
    return re.fullmatch(_NAME, text) is not None
