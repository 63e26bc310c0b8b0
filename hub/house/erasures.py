"""What a running hub does when a customer is erased beside it: it lets go of what it has in memory, and tells of it.

Whoever erases (`ctihub customer erase`) writes in the store whose data it is before anything is changed there, and that
it is done; this looks every second, as for dead letters that are to be replayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from typing import Final

import structlog

from hub.callbacks.service import CallbackService
from hub.context.service import ContextService
from hub.desk.server import DeskServer
from hub.domain.event import ERASED, CustomerErased, erased_event
from hub.domain.ports import StoreError
from hub.journal.erasure_row import Erasure, ErasureState
from hub.journal.journal import Journal
from hub.outbound.outbound import Outbound
from hub.privacy.accesses import AccessBook

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 1.0

Forget = Callable[[Collection[str]], Awaitable[None]]
"""Lets go of what is in memory of whom these index keys name; what it still says of them is durable when it returns."""


def forget_in(
    *,
    context: ContextService,
    server: DeskServer,
    accesses: AccessBook,
    outbound: Outbound,
    callbacks: CallbackService,
) -> Forget:
    """Return what lets go of a customer in all rooms: what is kept of them, whom to call, what is to be written."""

    async def forget(keys: Collection[str]) -> None:
        context.forget(keys)
        server.forget(keys)
        await accesses.flush()
        outbound.look_again()
        for callback in callbacks.waiting():
            if not set(keys).isdisjoint(callback.keys()):
                await callbacks.cancel(callback.id, reason=ERASED)

    return forget


class Erasures:
    """`forget` is told whose data to let go of: when an erasure begins, and again once the store has none of it."""

    def __init__(self, journal: Journal, forget: Forget, *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._journal = journal
        self._forget = forget
        self._look_every_s = look_every_s
        self._keys: dict[str, frozenset[str]] = {}
        self._problem: str | None = None
        self._task: asyncio.Task[None] | None = None
        self.told_total = 0

    def start(self, stack: AsyncExitStack) -> None:
        """Begin to look; `stack` ends it."""
        self._task = asyncio.create_task(self._run(), name="erasures")
        stack.push_async_callback(self._stop)

    async def tell_unfinished(self) -> None:
        """Log what was begun before this hub was started and may have been cut off. Raises StoreError."""
        for erasure in await self._journal.erasures((ErasureState.BEGUN, ErasureState.HEARD)):
            command = f"ctihub customer erase erasure:{erasure.id} --yes"
            log.warning("erasure_unfinished", erasure=erasure.id, by=erasure.by, unless_it_runs=command)

    async def look(self) -> None:
        """Do what is to be done now. Raises StoreError."""
        for erasure in await self._journal.erasures((ErasureState.BEGUN, ErasureState.DONE)):
            if erasure.state is ErasureState.BEGUN:
                await self._hear(erasure)
            else:
                await self._tell(erasure)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        is_told = False
        while True:
            try:
                if not is_told:
                    await self.tell_unfinished()
                    is_told = True
                await self.look()
            except StoreError as error:
                if self._problem != str(error):
                    log.warning("erasures_not_read", reason=str(error))
                self._problem = str(error)
            except Exception:
                # A defect of the hub: told with its traceback, and looked at again.
                log.exception("erasures_failed")
            else:
                self._problem = None
            await asyncio.sleep(self._look_every_s)

    async def _hear(self, erasure: Erasure) -> None:
        self._keys[erasure.id] = frozenset(erasure.scope.keys)
        await self._let_go(erasure.id)
        await self._journal.move_erasure(erasure.id, ErasureState.BEGUN, ErasureState.HEARD)
        log.info("customer_is_being_erased", erasure=erasure.id, by=erasure.by)

    async def _tell(self, erasure: Erasure) -> None:
        """Publish it, under the erasure's own id: told a second time it is the same event."""
        await self._let_go(erasure.id)
        erased = CustomerErased(records=tuple(sorted(erasure.scope.records)), by=erasure.by, events=erasure.events)
        await self._journal.append(erased_event(erased, erasure_id=erasure.id))
        await self._journal.move_erasure(erasure.id, ErasureState.DONE, ErasureState.TOLD)
        self._keys.pop(erasure.id, None)
        self.told_total += 1
        log.info("customer_erased", erasure=erasure.id, events=erasure.events, by=erasure.by)

    async def _let_go(self, erasure_id: str) -> None:
        self._journal.forget_recent()
        await self._forget(self._keys.get(erasure_id, frozenset()))
