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
        self._down: dict[str, str] = {}

    @property
    def down(self) -> dict[str, str]:
        """The backends that don't answer, with the reason."""
        return dict(self._down)

    def succeeded(self, connector: str) -> None:
        if self._down.pop(connector, None) is not None:
            self._tell(ConnectorStatus(connector=connector), True)

    def failed(self, connector: str, problem: Problem, reason: str) -> None:
        if problem in _GONE and connector not in self._down:
            self._down[connector] = reason
            self._tell(ConnectorStatus(connector=connector, reason=reason), False)
