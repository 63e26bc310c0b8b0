"""The newest events in memory, so that those who follow the journal don't each read them from the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from hub.domain.ports import StoredEvent


class RecentEvents:
    """A run of stored events without gaps, bounded in number and bytes; the oldest leave first."""

    def __init__(self, *, max_events: int = 2_048, max_bytes: int = 8 * 1024 * 1024) -> None:
        self._events: deque[StoredEvent] = deque()
        self._bytes = 0
        self._max_events = max_events
        self._max_bytes = max_bytes

    def extend(self, events: Sequence[StoredEvent]) -> None:
        """Add the events of one commit."""
        for event in events:
            self._events.append(event)
            self._bytes += len(event.body)
        while self._events and (len(self._events) > self._max_events or self._bytes > self._max_bytes):
            self._bytes -= len(self._events.popleft().body)

    def forget(self) -> None:
        """Begin anew, since events were stored that are not known here."""
        self._events.clear()
        self._bytes = 0

    def after(self, position: int, limit: int) -> Sequence[StoredEvent] | None:
        """Return at most `limit` events above `position`; None if the first of them may have left already."""
        if not self._events or position + 1 < self._events[0].position:
            return None
        skip = position + 1 - self._events[0].position
        # By index: a deque finds one near either end at once, and those who follow stand at its end.
        return [self._events[index] for index in range(skip, min(skip + limit, len(self._events)))]
