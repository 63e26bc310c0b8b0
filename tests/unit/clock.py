"""What time it is, and where, for what asks for the day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Self

import pytest

from hub.domain import day


@contextmanager
def clock_at(moment: datetime, zone: str) -> Iterator[None]:
    """Let the hub think that it is `moment`, and that it stands where the zone `zone` is."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(moment.timestamp(), tz)

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            patch.setattr(day, "datetime", Clock)
            yield
    finally:
        time.tzset()
