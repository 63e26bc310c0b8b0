"""Whether a backend answers at all, told once when it goes and once when it comes back."""

from __future__ import annotations

from collections.abc import Callable

from hub.domain.event import ConnectorStatus


class ConnectorHealth:
    """`tell(status, up)` is called when a backend changes between answering and not answering.

    It outlives the connectors: one that takes the place of another which was down says when the backend is back.
    """

    def __init__(self, tell: Callable[[ConnectorStatus, bool], None]) -> None:
        self._tell = tell
        self._down: set[str] = set()

    def changed(self, connector: str, is_up: bool, reason: str) -> None:
        if is_up and connector in self._down:
            self._down.remove(connector)
            self._tell(ConnectorStatus(connector=connector), True)
        elif not is_up and connector not in self._down:
            self._down.add(connector)
            self._tell(ConnectorStatus(connector=connector, reason=reason), False)

    def forget(self, connector: str) -> None:
        """Say nothing more of a connector that is gone from the configuration."""
        self._down.discard(connector)
