"""How many dead letters wait for somebody, by where they came from: counted now and then, for the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

import structlog

from hub.domain.inbound import DeadLetterState
from hub.domain.ports import DeadLetters, StoreError

log = structlog.get_logger(__name__)

COUNT_EVERY_S: Final = 5.0


class WaitingLetters:
    """`counts` are those of the last look, by origin."""

    def __init__(self, letters: DeadLetters, origins: Collection[str], *, count_every_s: float = COUNT_EVERY_S) -> None:
        self._letters = letters
        self._every_s = count_every_s
        self._counts = dict.fromkeys(origins, 0)
        self._task: asyncio.Task[None] | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        return self._counts

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="counting dead letters")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                for origin in self._counts:
                    self._counts[origin] = await self._letters.count_dead(
                        origin=origin, states=(DeadLetterState.WAITING,)
                    )
            except StoreError as error:
                log.debug("dead_letters_not_counted", reason=str(error))
            await asyncio.sleep(self._every_s)
