"""Supervisors who listen in (ChanSpy): with a connection in the call, and no part in whether it was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.call import Role

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.sight import Sight


class Observers:
    EVENTS: ClassVar[dict[str, str]] = {"ChanSpyStart": "begun", "ChanSpyStop": "ended"}

    def __init__(self, sight: Sight, book: CallBook) -> None:
        self._sight = sight
        self._book = book

    def begun(self, event: AmiEvent, now: datetime) -> None:
        spied = self._sight.present(event, now, "Spyee")
        spy = self._sight.present(event, now, "Spyer")
        if spied is None or spy is None or spied.call is spy.call or not spy.is_party or spied.call.ended_at:
            return
        self._book.rest(spy, now)
        self._book.listen(spy, spied.call, now)

    def ended(self, event: AmiEvent, now: datetime) -> None:
        spy = self._sight.known(event, "Spyer")
        if spy is not None and spy.party is not None and spy.party.role is Role.OBSERVER:
            self._book.rest(spy, now)
