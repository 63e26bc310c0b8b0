"""The contacts of a call's customer, read of the timeline."""

from __future__ import annotations

import structlog

from hub.context.live_lookups import LiveLookups
from hub.context.telling import Telling
from hub.domain.ports import StoreError, Timeline

log = structlog.get_logger(__name__)


class Contacts:
    """`count` is how many of the newest are shown; with 0, or without a timeline, none are read."""

    def __init__(self, source: Timeline | None, count: int, telling: Telling) -> None:
        self._source = source if count else None
        self._count = count
        self._telling = telling

    def read_first(self, live: LiveLookups) -> None:
        """Have them read; the context is not settled before."""
        if self._source is not None:
            live.reading += 1
            live.spawn(self._read_counted(live), "interactions")

    def read_later(self, live: LiveLookups) -> None:
        """Have them read again, since something of them has changed."""
        live.spawn(self._read(live), "contacts again")

    async def read_now(self, live: LiveLookups) -> None:
        """Return once they are read."""
        if self._source is not None:
            live.reading += 1
            await self._read_counted(live)

    async def _read_counted(self, live: LiveLookups) -> None:
        try:
            await self._read(live)
        finally:
            live.reading -= 1

    async def _read(self, live: LiveLookups) -> None:
        """Read the customer's newest contacts; what was read before something that is shown already is left."""
        if self._source is None:
            return
        live.reads += 1
        read = live.reads
        try:
            page = await self._source.timeline(live.assembly.keys, limit=self._count)
        except StoreError as error:
            log.warning("contacts not read", reason=str(error))
            return
        if read > live.last_read:
            live.last_read = read
            if live.assembly.take_page(page):
                self._telling.changed(live)
