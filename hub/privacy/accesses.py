"""Writes down who has seen whose data, without anybody waiting for it: the `AccessLog` of hub/domain/ports.py."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final

import structlog

from hub.domain.ports import Access, StoreError

log = structlog.get_logger(__name__)

GROUP_S: Final = 0.5
"""How long accesses are gathered before they are written together."""
MAX_GROUP: Final = 1_000
MAX_WAITING: Final = 50_000
"""Accesses that are kept in memory while the store takes none; of those beyond it only the number is known."""

REPEATED_S: Final = 60.0
"""The same look by the same viewer counts once in that time: a machine may read the live calls every second."""
MAX_REPEATED: Final = 20_000

Keep = Callable[[Sequence[Access]], Awaitable[None]]
"""Returns once they are durable. Raises StoreError."""


class AccessBook:
    """`start`, then `stop` once, which writes what still waits; to be used within one event loop."""

    def __init__(
        self,
        keep: Keep,
        *,
        group_s: float = GROUP_S,
        max_waiting: int = MAX_WAITING,
        repeated_s: float = REPEATED_S,
    ) -> None:
        self._keep = keep
        self._repeated_s = repeated_s
        self._recent: OrderedDict[tuple[object, ...], datetime] = OrderedDict()
        self._group_s = group_s
        self._max_waiting = max_waiting
        self._waiting: list[Access] = []
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = None
        self.kept_total = 0
        self.lost_total = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def seen(self, access: Access) -> None:
        if self._is_repeated(access):
            return
        if len(self._waiting) >= self._max_waiting:
            if self.lost_total % MAX_GROUP == 0:
                log.error("accesses_not_logged", lost=self.lost_total + 1, reason=self._problem or "the store is slow")
            self.lost_total += 1
            return
        self._waiting.append(access)
        self._arrived.set()

    def _is_repeated(self, access: Access) -> bool:
        look = (access.viewer, access.action, access.keys, access.call_id)
        before = self._recent.get(look)
        if before is not None and (access.at - before).total_seconds() < self._repeated_s:
            return True
        self._recent[look] = access.at
        self._recent.move_to_end(look)
        if len(self._recent) > MAX_REPEATED:
            self._recent.popitem(last=False)
        return False

    def start(self, stack: AsyncExitStack) -> None:
        """Begin to write; `stack` stops it."""
        self._task = asyncio.create_task(self._run(), name="access log")
        stack.push_async_callback(self.stop)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        await self.flush()
        if self._waiting:
            self.lost_total += len(self._waiting)
            log.error("accesses_not_logged", lost=self.lost_total, reason=self._problem)

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(self._group_s)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits; while the store takes nothing it goes on waiting."""
        while self._waiting:
            group = self._waiting[:MAX_GROUP]
            try:
                await self._keep(group)
            except StoreError as error:
                if self._problem is None:
                    log.warning("accesses_wait", reason=str(error), waiting=len(self._waiting))
                self._problem = str(error)
                return
            # Only what was written leaves: who is cancelled meanwhile finds the same group again, and it is one row.
            del self._waiting[: len(group)]
            self.kept_total += len(group)
            self._problem = None
        self._arrived.clear()
