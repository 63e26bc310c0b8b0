"""The garbage collector's share: kept small, as every pop waits for it."""

from __future__ import annotations

import gc

_THRESHOLDS = (10_000, 10, 10)
"""Objects in the youngest generation, and rounds, before the garbage collector looks at them and at older ones."""


def spare_collector() -> None:
    """Keep the garbage collector from going through all that was built at the start again and again.

    A full round over it takes 50 ms and more, and with Python's own thresholds one comes every few hundred calls:
    each time every pop would wait.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
