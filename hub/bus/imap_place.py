"""Up to where a folder of a mailbox has been read, kept with the journal's cursors."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from hub.config.mailbox import ImapMailbox

MARGIN: Final = timedelta(days=2)
"""How far before the last look mails are taken again once their numbers have changed: servers count days, in any zone,
and their clocks differ from this one."""
LOOKED_EVERY_S: Final = 60.0


class Cursors(Protocol):
    """Positions of readers, as the journal keeps them; 0 of one that it does not know."""

    async def cursor(self, reader: str) -> int: ...

    async def save_cursor(self, reader: str, position: int) -> None: ...


class Place:
    """A folder's UIDs mean something together with its UIDVALIDITY alone: when that changes they count anew.

    `first` is the UID to go on from. `since` is set while the folder is looked at for the first time under its present
    UIDVALIDITY: what came before that day is not taken.
    """

    def __init__(self, feed: str, section: ImapMailbox, folder: str, cursors: Cursors) -> None:
        self._name = f"imap/{feed}/{section.username}@{section.host}/{folder}"
        self._first_days = section.first_days
        self._cursors = cursors
        self._validity = 0
        self._is_known = False
        self._looked = 0.0
        self.first = 1
        self.since: date | None = None

    async def load(self, uid_validity: int, uid_next: int) -> None:
        """Read where to go on in the folder as it is now. Raises StoreError."""
        self._validity = uid_validity
        known = await self._cursors.cursor(f"{self._name}/validity")
        kept = await self._cursors.cursor(f"{self._name}/{uid_validity}")
        self._is_known = known == uid_validity
        self.first, self.since = kept or 1, None
        if self._is_known:
            return
        looked = await self._cursors.cursor(f"{self._name}/looked")
        if known and looked:
            self.since = datetime.fromtimestamp(looked, UTC).date() - MARGIN
        elif self._first_days:
            self.since = datetime.now(UTC).date() - timedelta(days=self._first_days)
        else:
            await self.through(kept or uid_next)

    async def through(self, first: int) -> None:
        """Keep that everything before this UID is durable elsewhere. Raises StoreError."""
        if first > self.first or not self._is_known:
            self.first = max(first, self.first)
            await self._cursors.save_cursor(f"{self._name}/{self._validity}", self.first)

    async def looked(self) -> None:
        """Keep that the folder has been read to its end just now. Raises StoreError."""
        now = time.time()
        if not self._is_known or now - self._looked >= LOOKED_EVERY_S:
            await self._cursors.save_cursor(f"{self._name}/looked", int(now))
            self._looked = now
        if not self._is_known:
            await self._cursors.save_cursor(f"{self._name}/validity", self._validity)
            self._is_known, self.since = True, None
