"""How long to wait before a backend is given the same thing again."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from connectors.base import ConnectorError
from hub.config.outbound import OutboundSection

UNSURE_S: Final = 10.0
"""After a write of which nobody knows how it ended (no answer in time, a gateway that gave up, the hub killed in the
midst) the backend is left alone with it so long: a repetition looks first whether it is there, and would find nothing
while the backend is still at it."""


class Backoff:
    """Doubles from `retry_min_s` to `retry_max_s`; what the backend asks for (Retry-After) counts if it is longer."""

    def __init__(self, section: OutboundSection, *, unsure_s: float = UNSURE_S) -> None:
        self._section = section
        self._unsure_s = unsure_s
        self._next_s = section.retry_min_s

    def reset(self) -> None:
        """Begin anew: the backend has answered."""
        self._next_s = self._section.retry_min_s

    def wait_s(self, error: ConnectorError | None = None) -> float:
        """Return the seconds to wait now; the next time it is twice as long."""
        wait_s = self._next_s
        self._next_s = min(self._next_s * 2, self._section.retry_max_s)
        if error is None:
            return wait_s
        return max(wait_s, error.retry_after_s or 0.0, self._unsure_s if error.is_unsure else 0.0)


class Pause(Protocol):
    async def __call__(self, seconds: float, *, until: asyncio.Event) -> None:
        """Return after that time, or as soon as `until` is set."""


async def pause(seconds: float, *, until: asyncio.Event) -> None:
    """Wait by the event loop's clock."""
    try:
        async with asyncio.timeout(seconds):
            await until.wait()
    except TimeoutError:
        return
