"""Whether this machine's clock and a backend's agree: signatures and certificates fail if they don't."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time

MAX_DIFFERENCE_S = 30
"""What is told; a reply's Date has whole seconds and the way takes some time."""


def clock_difference(headers: Mapping[str, str]) -> float | None:
    """Return by how many seconds this machine's clock is ahead of a reply's Date; None if it names none."""
    try:
        moment = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return time() - moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def clock_words(headers: Mapping[str, str], host: str) -> str:
    """Say that the clocks differ, beginning with `; `; nothing if they agree."""
    difference = clock_difference(headers)
    if difference is None or abs(difference) <= MAX_DIFFERENCE_S:
        return ""
    how = "ahead of" if difference > 0 else "behind"
    return f"; this machine's clock is {abs(difference):.0f} s {how} that of {host}: set the one that is wrong"


def this_clock() -> str:
    """Return what this machine's clock says, for a person to compare."""
    return f"this machine's clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
