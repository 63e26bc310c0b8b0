"""Customers put together as soon as their backends have answered, so that none of that is left for when they call."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from hub.context.asking import Asked
from hub.context.decided import Decided
from hub.context.live_lookups import LiveLookups
from hub.context.lookups import Lookups, report_failure
from hub.context.question import Question

BEGUN_AFTER_S: Final = 0.05
"""So much later than the answer: who waits for it goes first, and backends that answer together count once."""
MAX_DUE: Final = 10_000
"""Of more the oldest are put together when they call."""


class Ahead:
    """`asked_for` returns who answers a question at any time, `live_for` an empty context for what they say.

    What is made is kept beside the answers (`Grouper`). Use within one event loop.
    """

    def __init__(
        self,
        lookups: Lookups,
        decided: Decided,
        *,
        asked_for: Callable[[Question], Asked],
        live_for: Callable[[Asked], LiveLookups],
    ) -> None:
        self._lookups = lookups
        self._decided = decided
        self._asked_for = asked_for
        self._live_for = live_for
        self._due: OrderedDict[Hashable, Question] = OrderedDict()
        self._working: asyncio.Task[None] | None = None

    def answered(self, question: Question) -> None:
        """Have whom a question is about put together, since an answer to it was kept."""
        self._due[question.key] = question
        if len(self._due) > MAX_DUE:
            self._due.popitem(last=False)
        if self._working is None:
            self._begin()

    async def until_done(self) -> None:
        """Return once all are put together whose backends have answered."""
        while self._working is not None:
            await asyncio.wait([self._working])

    async def close(self) -> None:
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    def _begin(self) -> None:
        self._working = asyncio.get_running_loop().create_task(self._work(), name="put together ahead")
        self._working.add_done_callback(self._ended)
        self._working.add_done_callback(report_failure)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working = None
        if self._due and not task.cancelled():
            self._begin()  # something came as it ended

    async def _work(self) -> None:
        await asyncio.sleep(BEGUN_AFTER_S)
        while self._due:
            await self._lookups.until_none_waits()
            _, question = self._due.popitem(last=False)
            await self._put_together(question)
            await asyncio.sleep(0)  # one customer at a time, and what else there is to do in between

    async def _put_together(self, question: Question) -> None:
        asked = self._asked_for(question)
        kept = self._lookups.all_kept(asked.connectors, question)
        if not kept:
            return
        live = self._live_for(asked)
        await self._decided.read(live, [record for answer in kept for record in answer.records])
        if now := self._lookups.all_kept(asked.connectors, question):  # in the meantime one may have gone
            live.assembly.answer(now)
