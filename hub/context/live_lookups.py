"""What is under way for one call: its context as it grows, and the tasks that make it grow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine

import structlog

from hub.context.assembly import Assembly
from hub.context.lookups import report_failure


class LiveLookups:
    """What is under way for one call, or for an enquiry (`is_told` false: nobody else hears of it).

    `settled` is set once every backend has answered or is given up, and the contacts are read. `changed_meanwhile` are
    index keys, each with the system that told of whom it names while it was asked. `reading` counts what is read of
    the store, `reads` and `last_read` number the readings of contacts. `is_over` is set where the call has ended and
    what is under way is waited for all the same.
    """

    def __init__(self, pbx: str, assembly: Assembly, *, is_told: bool = True) -> None:
        self.pbx = pbx
        self.assembly = assembly
        self.is_told = is_told
        self.tasks: set[asyncio.Task[None]] = set()
        self.changed_meanwhile: set[tuple[str, str]] = set()
        self.reading = 0
        self.reads = self.last_read = 0
        self.settled = asyncio.Event()
        self.is_over = False

    def spawn(self, coroutine: Coroutine[None, None, None], name: str) -> None:
        """Have it done beside; it ends with the call."""
        with structlog.contextvars.bound_contextvars(call_id=self.assembly.context.call_id):
            task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _task: self.settle())
        task.add_done_callback(report_failure)

    def settle(self) -> None:
        if self.assembly.context.complete and not self.reading:
            self.settled.set()

    async def until_settled(self, within_s: float) -> None:
        """Return once it is settled, or when the time is over."""
        if self.settled.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self.settled.wait()

    async def until_done(self, within_s: float) -> None:
        """Return once nothing is under way any more, or when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.tasks:
                    await asyncio.wait(set(self.tasks))

    def cancel(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.settled.set()
