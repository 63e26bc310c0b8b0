"""Where a reader stands in the journal, saved now and then, and whether the last one left in the midst of a write."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Protocol

import structlog

from hub.domain.ports import EventJournal, StoreError

log = structlog.get_logger(__name__)

SAVED_EVERY_S: Final = 0.2
AHEAD: Final = 100
"""Of a backlog so many events are said to have begun at once, so that not each of them waits for the disk."""
_BEGINNING: Final = -1
"""Saved for the place before the first event: 0 is the place of a reader that never saved one."""


class PlacedJournal(EventJournal, Protocol):
    @property
    def position(self) -> int:
        """The newest durable position."""


class Place:
    """A cursor, `reader`, and another, `reader:begun`, up to which writes may have begun when the hub was killed."""

    def __init__(self, reader: str, journal: PlacedJournal) -> None:
        self.position = 0
        self._reader = reader
        self._begun_reader = f"{reader}:begun"
        self._journal = journal
        self._saved = 0
        self._begun = 0
        self._unsure_up_to = 0
        self._saving: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Go to where the reader stood; one that is new stands at the end. Raises StoreError."""
        saved = await self._journal.cursor(self._reader)
        self._begun = await self._journal.cursor(self._begun_reader)
        if saved == 0:
            self.position = self._journal.position
            await self._journal.save_cursor(self._reader, self.position or _BEGINNING)
        else:
            self.position = max(0, saved)
        self._saved = self.position
        self._unsure_up_to = self._begun
        self._saving = asyncio.create_task(self._save_now_and_then(), name=f"place of {self._reader}")

    def passed(self, position: int) -> None:
        """Go on: everything up to there is done with."""
        self.position = position

    def is_unsure(self, position: int) -> bool:
        """Whether a hub that was killed may have begun to write this."""
        return position <= self._unsure_up_to

    def is_sure(self) -> None:
        """Note that there was time enough for what may have been under way."""
        self._unsure_up_to = 0

    async def begin(self, position: int) -> None:
        """Note, durably, that a write may be under way from now on; if that can't be, it is written all the same."""
        if position <= self._begun:
            return
        self._begun = min(position + AHEAD, max(position, self._journal.position))
        await self._save(self._begun_reader, self._begun)

    async def leave(self, *, is_unsure: bool) -> None:
        """Save the place; nothing is under way any more, unless it `is_unsure`."""
        if self._saving is not None:
            self._saving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saving
        await self._save_position()
        if not is_unsure and self._begun > self.position:
            await self._save(self._begun_reader, self.position or _BEGINNING)

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVED_EVERY_S)
            await self._save_position()

    async def _save_position(self) -> None:
        position = self.position
        if position != self._saved and await self._save(self._reader, position):
            self._saved = position

    async def _save(self, reader: str, position: int) -> bool:
        try:
            await self._journal.save_cursor(reader, position)
        except StoreError as error:
            log.warning("outbound place not saved", reader=reader, reason=str(error))
            return False
        return True
