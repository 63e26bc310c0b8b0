"""What people decided of who is who, in the contexts of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import structlog

from hub.context.contacts import Contacts
from hub.context.identity.book import DecisionBook
from hub.context.live_lookups import LiveLookups
from hub.context.telling import Telling
from hub.domain.customer import CustomerRecord
from hub.domain.identity import IdentityDecision, RecordRef
from hub.domain.ports import IdentityDecisions, StoreError

log = structlog.get_logger(__name__)

READ_WITHIN_S: Final = 0.3
"""How long the reading of decisions may hold up an answer."""


class Decided:
    """Decisions are read once and kept; without a `source` there are those that were taken."""

    def __init__(self, source: IdentityDecisions | None, telling: Telling, contacts: Contacts) -> None:
        self._source = source
        self._telling = telling
        self._contacts = contacts
        self._book = DecisionBook()

    def about(self, keys: Collection[str]) -> Sequence[IdentityDecision]:
        """Return what stands about any of these, as far as it is at hand."""
        return self._book.about(keys)

    def take(self, decision: IdentityDecision, calls: Iterable[LiveLookups]) -> None:
        """Take what was just decided, or taken back, and show it in those of the calls that it is about."""
        self._book.take(decision)
        for live in calls:
            if not set(decision.keys).isdisjoint(live.assembly.decision_keys):
                self._regroup(live)

    def forget(self, names: Collection[str]) -> None:
        """Keep nothing that was decided of whom these index keys name."""
        self._book.forget(names)

    async def read(self, live: LiveLookups, records: Iterable[CustomerRecord] = ()) -> None:
        """Have at hand what was decided of a context's customers, and of these records."""
        keys = [*live.assembly.decision_keys, *(RecordRef(system=one.system, id=one.id).key for one in records)]
        missing = self._book.missing(keys)
        if self._source is None or not missing:
            return
        self._book.begin()
        read: Sequence[str] = ()
        found: Sequence[IdentityDecision] = ()
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                found = await self._source.decisions(missing)
            read = missing
        except (StoreError, TimeoutError) as error:
            # The customers are put together by the rules alone, and the next caller's are not.
            log.warning("identity decisions not read", reason=str(error) or "the store is slow")
        finally:
            self._book.end(read, found)

    def read_later(self, live: LiveLookups) -> None:
        """Have at hand, and shown, what was decided; the context is not settled before."""
        if self._source is not None and self._book.missing(live.assembly.decision_keys):
            live.reading += 1
            live.spawn(self._read_and_show(live), "identity decisions")

    async def _read_and_show(self, live: LiveLookups) -> None:
        try:
            await self.read(live)
        finally:
            live.reading -= 1
        self._regroup(live)

    def _regroup(self, live: LiveLookups) -> None:
        keys = live.assembly.keys
        if live.assembly.regroup():
            self._telling.changed(live)
            self._telling.completed_again(live)
            if live.assembly.keys != keys:
                self._contacts.read_later(live)
