"""How often somebody may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MAX_KEYS = 10_000


class RateLimit:
    """At most `per_second` for each key, and `burst` at once (a token bucket), as many if unset; memory is bounded."""

    def __init__(
        self, *, per_second: float, burst: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = per_second if burst is None else float(burst)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, count: int = 1) -> float:
        """Take so many; return 0, or the seconds until there are as many again: then none was taken."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        wait = 0.0 if left >= count else (count - left) / self._per_second
        self._left[key] = (left - count if left >= count else left, now)
        if len(self._left) > _MAX_KEYS:
            self._left.popitem(last=False)
        return wait

    def give_back(self, key: str, count: int = 1) -> None:
        """Return what was taken and came to nothing."""
        left, at = self._left.get(key, (self._burst, self._clock()))
        self._left[key] = (min(self._burst, left + count), at)
