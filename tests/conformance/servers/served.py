"""A backend as the suite sees it, over HTTP or not."""

from typing import Any, Protocol


class Served(Protocol):
    """Knows the customers of backend.py and, by phone, the known one's order. Made anew for each test."""

    @property
    def gone(self) -> str:
        """What is said while it is not there."""

    def config(self) -> dict[str, Any]:
        """Return a connector's configuration, with operations by phone, e-mail and id."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...
