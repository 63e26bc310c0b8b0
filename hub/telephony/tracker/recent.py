"""The names of the latest things that are over, and of no more than a given number of them."""

from __future__ import annotations

from collections import deque


class RecentNames:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._names: set[str] = set()
        self._in_order: deque[str] = deque()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        self._in_order.append(name)
        if len(self._in_order) > self._limit:
            self._names.discard(self._in_order.popleft())
