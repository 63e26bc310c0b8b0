"""How often somebody may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MAX_KEYS = 10_000


class RateLimit:
    """At most `per_second` for each key, and as many at once (a token bucket); memory is bounded."""

    def __init__(self, *, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one; return 0, or the seconds until there is one again."""
        now = self._clock()
        left, at = self._left.pop(key, (float(self._per_second), now))
        left = min(float(self._per_second), left + (now - at) * self._per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._left[key] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _MAX_KEYS:
            self._left.popitem(last=False)
        return wait
