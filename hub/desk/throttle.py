"""Back-off for sign-in attempts that fail."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

_MAX_KEYS = 10_000


class Throttle:
    """Counts failures by key: `free` of them cost nothing, each further one doubles the wait.

    A count is forgotten `memory_s` after the last failure. Memory is bounded: of more than 10,000 keys those that
    failed longest ago are forgotten.
    """

    def __init__(
        self, *, free: int, first_wait_s: float, longest_wait_s: float, memory_s: float, clock: Callable[[], float]
    ) -> None:
        self._free = free
        self._first_wait = first_wait_s
        self._longest_wait = longest_wait_s
        self._memory = memory_s
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Return the seconds that must pass before another attempt is looked at; 0 when it may be made now."""
        count, last = self._failures.get(key, (0, 0.0))
        now = self._clock()
        if now - last >= self._memory:
            self._failures.pop(key, None)
            return 0.0
        if count < self._free:
            return 0.0
        wait = min(self._first_wait * 2.0 ** min(count - self._free, 32), self._longest_wait)
        return max(0.0, last + wait - now)

    def failed(self, key: str) -> None:
        count, last = self._failures.pop(key, (0, 0.0))
        now = self._clock()
        if now - last >= self._memory:
            count = 0
        self._failures[key] = (count + 1, now)
        if len(self._failures) > _MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)
