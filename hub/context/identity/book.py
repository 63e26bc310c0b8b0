"""The decisions that were read, kept by what they are about, so that a context has them without waiting."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from hub.domain.identity import IdentityDecision

MAX_KEYS: Final = 100_000


class DecisionBook:
    """What stands about each key that was asked for; `take` keeps it true. The keys asked for longest ago are dropped.

    Only one hub at a time has the store, and all its decisions go through `take`.
    """

    def __init__(self, *, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._of_key: OrderedDict[str, tuple[IdentityDecision, ...]] = OrderedDict()
        self._taken: dict[str, IdentityDecision] = {}
        self._readings = 0

    def missing(self, keys: Iterable[str]) -> Sequence[str]:
        """Return the keys of which nothing was read yet."""
        return [key for key in dict.fromkeys(keys) if key not in self._of_key]

    def about(self, keys: Collection[str]) -> Sequence[IdentityDecision]:
        """Return what stands about any of these, as far as it was read, each once."""
        found: dict[str, IdentityDecision] = {}
        for key in keys:
            if key in self._of_key:
                self._of_key.move_to_end(key)
                found.update((decision.id, decision) for decision in self._of_key[key])
        return list(found.values())

    def begin(self) -> None:
        """Say that the store is about to be read: what is decided meanwhile counts before what it tells."""
        self._readings += 1

    def end(self, keys: Collection[str], found: Iterable[IdentityDecision]) -> None:
        """Keep what the store told of these keys; of a reading that failed, nothing of none."""
        told = {decision.id: decision for decision in found} | self._taken
        self._readings -= 1
        if not self._readings:
            self._taken.clear()
        for key in keys:
            self._of_key[key] = tuple(one for one in told.values() if key in one.keys and not one.withdrawn)
        while len(self._of_key) > self._max_keys:
            self._of_key.popitem(last=False)

    def take(self, decision: IdentityDecision) -> None:
        """Keep what was just decided, or taken back."""
        if self._readings:
            self._taken[decision.id] = decision
        for key in decision.keys:
            if key in self._of_key:
                others = tuple(one for one in self._of_key[key] if one.id != decision.id)
                self._of_key[key] = others if decision.withdrawn else (*others, decision)

    def forget(self, keys: Iterable[str]) -> None:
        """Have what is about any of these read afresh when it is asked for again, whatever else it is about."""
        gone = set(keys)
        for key, standing in list(self._of_key.items()):
            if key in gone or any(not gone.isdisjoint(one.keys) for one in standing):
                del self._of_key[key]
