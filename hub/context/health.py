"""Whether a backend answers at all, told once when it goes and once when it comes back."""

from __future__ import annotations

from collections.abc import Callable

from hub.domain.customer import Problem
from hub.domain.event import ConnectorStatus

_GONE = frozenset({Problem.UNREACHABLE, Problem.TIMEOUT, Problem.REFUSED})


class ConnectorHealth:
    """`tell(status, up)` is called when a backend changes between answering and not answering."""

    def __init__(self, tell: Callable[[ConnectorStatus, bool], None]) -> None:
        self._tell = tell
        self._down: set[str] = set()

    def succeeded(self, connector: str) -> None:
        if connector in self._down:
            self._down.remove(connector)
            self._tell(ConnectorStatus(connector=connector), True)

    def failed(self, connector: str, problem: Problem, reason: str) -> None:
        if problem in _GONE and connector not in self._down:
            self._down.add(connector)
            self._tell(ConnectorStatus(connector=connector, reason=reason), False)
