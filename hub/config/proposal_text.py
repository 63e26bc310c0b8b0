"""The texts of proposals: words, facts to be filled in, and passages that stand there where their facts are known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_MARK: Final = re.compile(r"\{(?P<path>[^{}]*)\}|[\[\]{}]")


class Fact(NamedTuple):
    """What stands at `path`."""

    path: str


class IfKnown(NamedTuple):
    """A passage that is left out where one of the facts in it is not known; another passage in it is its own matter."""

    parts: tuple[Part, ...]


Part = str | Fact | IfKnown


def parts_of(text: str) -> Sequence[Part]:
    """Take a text apart, as in `{item.id} is due[ since {item.due_on}]`. Raises ValueError in plain words."""
    open_parts: list[list[Part]] = [[]]
    end = 0
    for mark in _MARK.finditer(text):
        open_parts[-1].append(text[end : mark.start()])
        end = mark.end()
        if mark["path"] is not None:
            open_parts[-1].append(Fact(mark["path"]))
        elif mark[0] == "[":
            open_parts.append([])
        elif mark[0] == "]" and len(open_parts) > 1:
            passage = IfKnown(tuple(open_parts.pop()))
            if not any(isinstance(part, Fact) for part in passage.parts):
                raise ValueError("[ and ] hold what is left out where a fact in it is not known: there is none in it")
            open_parts[-1].append(passage)
        elif mark[0] == "]":
            raise ValueError("a ] ends what a [ began: there is no [ before it")
        else:
            raise ValueError("a { begins the path of a fact and a } ends it, as in {item.name}")
    if len(open_parts) > 1:
        raise ValueError("a [ begins what is left out where a fact in it is not known: there is no ] behind it")
    return [*open_parts[0], text[end:]]


def paths_of(parts: Sequence[Part]) -> Iterator[str]:
    """Yield the paths of the facts in a text."""
    for part in parts:
        if isinstance(part, Fact):
            yield part.path
        elif isinstance(part, IfKnown):
            yield from paths_of(part.parts)
