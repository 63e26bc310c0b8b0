"""How long to wait before another attempt to reach what could not be reached."""

from __future__ import annotations

import random

_MAX_DOUBLINGS = 30


def wait_after(failures: int, *, shortest_s: float, longest_s: float) -> float:
    """Return the seconds to wait after `failures` attempts (0 for the first) that failed before this one.

    Exponential back-off with jitter: the wait doubles up to `longest_s`, and its second half is left to chance, so that
    the many that lost one server do not all come back at the same moment.
    """
    full = min(longest_s, shortest_s * 2.0 ** min(failures, _MAX_DOUBLINGS))
    return random.uniform(full / 2, full)  # noqa: S311 - spreads load, guards nothing
