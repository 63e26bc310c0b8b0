"""The fields of one struct in the order in which they are read, and the loop that reads them: what costs most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.domain.budget import TooMuchWorkError
from hub.domain.path import Step, item_at
from hub.mapping.errors import FieldProblemError, ValueProblemError
from hub.mapping.rules import Getter, Run
from hub.mapping.values import MAX_TEXT

Values = dict[str, Any]
Builder = Callable[[Any, Run], Values]

_NO_OBJECT = ""
"""Stands where the short way does not lead on; the field's own getter knows the others."""


class Plan:
    """Fields, each with what reads it in any case.

    Most are clean texts that stand under names. Those names are shared: `Address` is looked up once for all that is in
    it, and a text in it costs no call of its own.
    """

    def __init__(self) -> None:
        self._holders: dict[tuple[Step, ...], int] = {(): 0}
        self._hops: list[tuple[int, str, int | None]] = []
        self._fields: list[tuple[str, str, int, str | None, Getter]] = []

    def add(self, field: str, label: str, getter: Getter, steps: tuple[Step, ...] | None) -> None:
        """Add a field; `steps` lead to a text that is taken as it is. Messages call the field `label`."""
        if steps and steps[-1][1] is None:
            self._fields.append((field, label, self._holder(steps[:-1]), steps[-1][0], getter))
        else:
            self._fields.append((field, label, 0, None, getter))

    def _holder(self, steps: tuple[Step, ...]) -> int:
        if steps not in self._holders:
            self._hops.append((self._holder(steps[:-1]), *steps[-1]))
            self._holders[steps] = len(self._hops)
        return self._holders[steps]

    def builder(self) -> Builder:
        """Return what reads all the fields of an item; a missing one is left out."""
        hops, fields = tuple(self._hops), tuple(self._fields)

        def build(item: Any, run: Run) -> Values:
            holders = [item]
            for at, name, place in hops:
                holder = holders[at]
                inner = holder.get(name) if type(holder) is dict else _NO_OBJECT if holder is not None else None
                if place is not None and inner is not None:
                    inner = inner[place] if type(inner) is list and place < len(inner) else item_at(inner, place)
                holders.append(inner)
            values: Values = {}
            for field, label, at, key, getter in fields:
                if key is not None:
                    holder = holders[at]
                    if type(holder) is dict:
                        text = holder.get(key)
                        if type(text) is str and len(text) <= MAX_TEXT and text.isprintable():
                            if text := text.strip():
                                values[field] = text
                            continue
                        if text is None:
                            continue
                    elif holder is None:
                        continue
                try:
                    value = getter(item, run)
                except (ValueProblemError, TooMuchWorkError) as error:
                    problem = FieldProblemError(label, str(error))
                    if run.left_out is None:
                        raise problem from None
                    run.left_out.append(problem)
                    continue
                if value is not None:
                    values[field] = value
            return values

        return build
