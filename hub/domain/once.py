"""What may be shown only once: signatures and nonces, remembered as long as they could be shown again."""

from __future__ import annotations

import enum
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_REMEMBERED = 50_000


class Showing(enum.Enum):
    """`FRESH` was not shown before; `SEEN` was. `TOO_OLD` and `TOO_NEW` are beyond the tolerance.

    `UNCERTAIN` is from before the memory begins: it may have been shown to the hub that ran before.
    """

    FRESH = "fresh"
    SEEN = "seen"
    TOO_OLD = "too old"
    TOO_NEW = "too new"
    UNCERTAIN = "uncertain"


class OnceOnly:
    """Remembers what was shown, each with the moment that it names (Unix seconds), for twice the tolerance.

    Memory is bounded: when more than 50,000 are held the oldest moment is forgotten, and the memory begins behind it.
    """

    def __init__(
        self, *, tolerance_s: float, clock: Callable[[], float] = time.time, limit: int = MAX_REMEMBERED
    ) -> None:
        self._tolerance = tolerance_s
        self._clock = clock
        self._limit = limit
        self._begins = clock()
        self._shown: OrderedDict[Hashable, float] = OrderedDict()

    def show(self, key: Hashable, at: float) -> Showing:
        """Return what `key`, made at the moment `at`, is. It is remembered where that is FRESH or UNCERTAIN."""
        now = self._clock()
        if at < now - self._tolerance:
            return Showing.TOO_OLD
        if at > now + self._tolerance:
            return Showing.TOO_NEW
        if key in self._shown:
            return Showing.SEEN
        self._forget_the_oldest(now)
        self._shown[key] = at
        return Showing.FRESH if at >= self._begins else Showing.UNCERTAIN

    def take_back(self, key: Hashable) -> None:
        """Forget a key whose showing came to nothing, so that it can be shown again."""
        self._shown.pop(key, None)

    def _forget_the_oldest(self, now: float) -> None:
        while self._shown:
            key, at = next(iter(self._shown.items()))
            if at >= now - self._tolerance and len(self._shown) < self._limit:
                return
            del self._shown[key]
            if at >= now - self._tolerance:
                self._begins = max(self._begins, at + 1e-6)
