"""What a bench hands back: its figures, and how they compare with what they must reach."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "at least": operator.ge,
    "at most": operator.le,
    "under": operator.lt,
}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be reached: `value` is measured, `rule` is "at least", "at most" or "under" `limit`."""

    what: str
    value: float
    rule: str
    limit: float

    @property
    def met(self) -> bool:
        return _COMPARISONS[self.rule](self.value, self.limit)


def report(figures: Mapping[str, Any], *targets: Target) -> dict[str, Any]:
    """Return a bench's part of the document that `python -m tests.bench` prints."""
    return {
        "met": all(target.met for target in targets),
        "targets": [
            {
                "what": target.what,
                "value": target.value,
                "target": f"{target.rule} {target.limit:g}",
                "met": target.met,
            }
            for target in targets
        ],
        "figures": dict(figures),
    }


def spread(values: Sequence[float], digits: int = 0) -> dict[str, float]:
    """Return the median of several runs, with the lowest and the highest."""
    return {
        "median": round(statistics.median(values), digits),
        "lowest": round(min(values), digits),
        "highest": round(max(values), digits),
    }
