"""Notices that files have changed, by looking at them again and again.

By looking, as the kernel's own notices miss what comes over a network or a container's mounted folder, and an editor
or a mounted secret that puts another file in a file's place. A look at a hundred files takes less than a millisecond,
in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from hub.config.watched import stamps

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5


class FileWatch:
    """Calls `on_change` once the files have changed and then stayed as they are for one look: nothing half-written."""

    def __init__(
        self,
        files: Callable[[], Iterable[Path]],
        on_change: Callable[[], Awaitable[object]],
        *,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._files = files
        self._on_change = on_change
        self._every_s = every_s

    async def run(self) -> None:
        """Look until cancelled. What changed before the first look counts as a change too."""
        taken_in: object = None
        last: object = None
        while True:
            now = await asyncio.to_thread(lambda: stamps(self._files()))
            if now != taken_in and now == last:
                taken_in = now
                await self._tell()
            last = now
            await asyncio.sleep(self._every_s)

    async def _tell(self) -> None:
        try:
            await self._on_change()
        except Exception:
            # One change that went wrong must not be the last that is noticed.
            log.exception("change of a file not taken in")


def start_watching(
    files: Callable[[], Iterable[Path]], on_change: Callable[[], Awaitable[object]], stack: AsyncExitStack
) -> None:
    """Begin to look; `stack` ends it."""
    task = asyncio.create_task(FileWatch(files, on_change).run(), name="file watch")
    stack.callback(task.cancel)
