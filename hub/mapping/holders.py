"""The objects inside an item in which its fields stand: each is looked up once, for all fields that are in it."""

from __future__ import annotations

from typing import Any

from hub.domain.path import Step, item_at

_NO_OBJECT = ""
"""Stands where names alone do not lead on (to a list, a text): the paths themselves are read there."""


class Holders:
    """Filled while rules are compiled, opened for every item. The item itself is the first."""

    def __init__(self) -> None:
        self._places: dict[tuple[Step, ...], int] = {(): 0}
        self._hops: list[tuple[int, str, int | None]] = []

    def place(self, steps: tuple[Step, ...]) -> int:
        """Return the place of the object that `steps` lead to."""
        if steps not in self._places:
            self._hops.append((self.place(steps[:-1]), *steps[-1]))
            self._places[steps] = len(self._hops)
        return self._places[steps]

    def open(self, item: Any) -> list[Any]:
        """Return the objects of an item by their places; None where there is none."""
        held = [item]
        add = held.append
        for at, name, place in self._hops:
            holder = held[at]
            if type(holder) is dict:
                inner = holder.get(name)
                if place is not None and inner is not None:
                    inner = inner[place] if type(inner) is list and place < len(inner) else item_at(inner, place)
                add(inner)
            else:
                add(None if holder is None else _NO_OBJECT)
        return held
