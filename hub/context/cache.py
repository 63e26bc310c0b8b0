"""Answers of backends that are still fresh, and lookups under way that several calls wait for together."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from hub.domain.customer import CustomerRecord

Records = tuple[CustomerRecord, ...]
Key = tuple[str, str]
"""Connector name and E.164 number."""


class AnswerCache:
    """Least recently used answers, each for `lifetime_s` seconds of `clock`."""

    def __init__(self, *, lifetime_s: float, entries: int, clock: Callable[[], float]) -> None:
        self._lifetime_s = lifetime_s
        self._entries = entries
        self._clock = clock
        self._answers: OrderedDict[Key, tuple[float, Records]] = OrderedDict()

    def get(self, key: Key) -> Records | None:
        held = self._answers.get(key)
        if held is None:
            return None
        expires, records = held
        if self._clock() >= expires:
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return records

    def put(self, key: Key, records: Sequence[CustomerRecord]) -> None:
        if self._lifetime_s <= 0:
            return
        self._answers[key] = (self._clock() + self._lifetime_s, tuple(records))
        self._answers.move_to_end(key)
        while len(self._answers) > self._entries:
            self._answers.popitem(last=False)

    def drop(self, key: Key) -> None:
        self._answers.pop(key, None)


class SharedLookups:
    """One request for the same question asked at once; it is cancelled when nobody waits for it any more."""

    def __init__(self) -> None:
        self._running: dict[Key, tuple[asyncio.Task[Records], set[object]]] = {}

    async def run(self, key: Key, ask: Callable[[], Awaitable[Records]]) -> Records:
        """Return what `ask` returns, or raise what it raises, asking only once for all who come meanwhile."""
        held = self._running.get(key)
        if held is None:
            task = asyncio.ensure_future(self._ask(key, ask))
            held = self._running[key] = (task, set())
        task, waiting = held
        ticket = object()
        waiting.add(ticket)
        try:
            return await asyncio.shield(task)
        finally:
            waiting.discard(ticket)
            if not waiting and not task.done():
                task.cancel()
                if self._running.get(key, (None,))[0] is task:
                    del self._running[key]

    async def _ask(self, key: Key, ask: Callable[[], Awaitable[Records]]) -> Records:
        try:
            return await ask()
        finally:
            held = self._running.get(key)
            if held is not None and held[0] is asyncio.current_task():
                del self._running[key]
