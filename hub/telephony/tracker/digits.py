"""Digits that are pressed during a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.call import CallEventKind

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.sight import Sight

_DIGITS = frozenset("0123456789ABCD*#")


class Digits:
    """Read only where the configuration wants digits told: they may be card numbers."""

    EVENTS: ClassVar[dict[str, str]] = {"DTMFEnd": "pressed"}

    def __init__(self, sight: Sight, book: CallBook) -> None:
        self._sight = sight
        self._book = book

    def pressed(self, event: AmiEvent, now: datetime) -> None:
        # "Sent" is the same digit on its way to the other side.
        digit = event.get("Digit").upper()
        if event.get("Direction") != "Received" or digit not in _DIGITS:
            return
        channel = self._sight.present(event, now)
        if channel is not None and channel.party is not None:
            self._book.say(CallEventKind.DTMF, channel.call, channel.party, now, digit=digit)
