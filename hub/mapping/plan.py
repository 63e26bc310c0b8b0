"""The fields of a record in the order in which they are read, and the loop that reads them: what costs most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.domain.budget import TooMuchWorkError
from hub.mapping.errors import FieldProblemError, ValueProblemError
from hub.mapping.holders import Holders
from hub.mapping.rules import Getter, Run
from hub.mapping.values import MAX_TEXT

Values = dict[str, Any]
Builder = Callable[[Any, Run], Values]
Planned = tuple[str, int, str | None, tuple[str, Getter]]
"""A field, the place and name of a text that is taken as it is, and the rule: what messages call it, how it is read."""
Made = Callable[[Values], Any]
"""From the values of a part (`name.full`, `name.given`) to the part itself; None if there is none."""


class Plan:
    """The fields of one item, those of its parts among them: a part costs no loop of its own."""

    def __init__(self) -> None:
        self._fields: list[list[Planned]] = [[]]
        self._parts: list[tuple[int, str, Made | None]] = []

    def add(self, part: int, field: str, label: str, place: tuple[int, str] | None, getter: Getter) -> None:
        """Add a field of a part (0 is the item itself), which messages call `label`.

        `place` is where in the run's held objects a text stands that is taken as it is, None if there is more to the
        rule; `getter` reads the field in any case.
        """
        at, name = place or (0, None)
        self._fields[part].append((field, at, name, (label, getter)))

    def part(self, within: int, field: str, made: Made | None) -> int:
        """Open a part of a part; return its number. Without `made` it stays a dictionary."""
        self._parts.append((within, field, made))
        self._fields.append([])
        return len(self._parts)

    def builder(self, holders: Holders | None) -> Builder:  # noqa: C901 - one loop, see build
        """Return what reads all fields of an item; a missing one is left out.

        `holders` are the item's own; without them it is the item at hand, whose objects are looked up already.
        """
        fields = tuple(map(tuple, self._fields))
        # A part within a part stands behind it, and has to be made before it.
        parts = tuple((number + 1, *part) for number, part in reversed(list(enumerate(self._parts))))

        def build(item: Any, run: Run) -> Values:  # noqa: C901, PLR0912 - one loop without calls: each would cost as much as the rest
            if holders is not None:
                run.held = holders.open(item)
            held = run.held
            every: list[Values] = []
            for planned in fields:
                values: Values = {}
                every.append(values)
                for field, at, name, rule in planned:
                    if name is not None:
                        # Most fields are clean texts taken as they are: these cost no call of their own.
                        holder = held[at]
                        if type(holder) is dict:
                            text = holder.get(name)
                            if type(text) is str and len(text) <= MAX_TEXT and text.isprintable():
                                if text := text.strip():
                                    values[field] = text
                                continue
                            holder = text
                        if holder is None:
                            continue
                    try:
                        value = rule[1](item, run)
                    except (ValueProblemError, TooMuchWorkError) as error:
                        _leave_out(FieldProblemError(rule[0], str(error)), run)
                    else:
                        if value is not None:
                            values[field] = value
            for number, within, field, made in parts:
                values = every[number]
                if values:
                    one = values if made is None else made(values)
                    if one is not None:
                        every[within][field] = one
            return every[0]

        return build


def _leave_out(problem: FieldProblemError, run: Run) -> None:
    if run.left_out is None:
        raise problem from None
    run.left_out.append(problem)
