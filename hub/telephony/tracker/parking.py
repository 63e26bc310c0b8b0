"""Parking lots: a call waits at a place from which anybody may fetch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.call import CallEventKind, Cause, ConnectionState, Role
from hub.domain.phone import clean_text
from hub.telephony.tracker.book import caller_of
from hub.telephony.tracker.party import TALKING

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.calls import LiveCall
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.party import Party
    from hub.telephony.tracker.sight import Sight

_MANY_PLACES = 1_000
"""With so many places taken those are looked for whose caller went without a word."""


class Parking:
    EVENTS: ClassVar[dict[str, str]] = {
        "ParkedCall": "parked",
        "ParkedCallSwap": "swapped",
        "UnParkedCall": "fetched",
        "ParkedCallTimeOut": "timed_out",
        "ParkedCallGiveUp": "given_up",
    }

    def __init__(self, sight: Sight, book: CallBook) -> None:
        self._sight = sight
        self._book = book
        self._at: dict[str, Channel] = {}

    def parked(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now, "Parkee")
        if channel is not None:
            self.park(channel, parking_place(event), event.get("ParkerDialString"), now)

    def park(self, channel: Channel, place: str, parker: str, now: datetime) -> None:
        """Note that the call waits at that place; a second time for the same place changes nothing."""
        call = channel.call
        if not place or call.parked == place:
            return
        call.parked = place
        if len(self._at) > _MANY_PLACES:
            self._at = {at: other for at, other in self._at.items() if not other.is_gone}
        self._at[place] = channel
        waiting = channel.party or caller_of(call)
        # What looked like a transfer was one to the lot's number: nobody is there.
        was_sent, call.handover = call.handover is not None, None
        for other in call.channels.values():
            if other is not channel and other.party and other.party.device == parker and other.party.state in TALKING:
                other.parting = Cause.PARKED
                if was_sent:
                    other.party.end(Cause.PARKED, now)
                    other.party = None
        if waiting and waiting.state is not ConnectionState.NULL:
            waiting.queue(now)
        self._book.say(CallEventKind.QUEUED, call, waiting, now, Cause.PARKED)

    def swapped(self, event: AmiEvent, now: datetime) -> None:
        """Another takes the place: who was parked by an attended transfer, instead of the one who asked for it."""
        channel = self._sight.present(event, now, "Parkee")
        if channel is None:
            return
        place = parking_place(event)
        before = self._at.pop(place, None)
        if before is not None and before is not channel and before.call.parked == place:
            before.call.parked = ""
        self.park(channel, place, event.get("ParkerDialString"), now)

    def fetched(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now, "Parkee")
        if channel is None:
            return
        self.clear(channel.call)
        retriever = self._sight.present(event, now, "Retriever")
        if retriever is not None:
            self._book.merge(channel.call, retriever.call, now)
            if retriever.party is not None and retriever.party.state is ConnectionState.INITIATED:
                retriever.party.take_role(Role.CALLED)

    def timed_out(self, event: AmiEvent, now: datetime) -> None:
        """Nobody fetched it: the dialplan rings the one who parked it, or does something else."""
        channel = self._sight.present(event, now, "Parkee")
        if channel is None or not channel.call.parked:
            return
        call = channel.call
        self.clear(channel.call)
        waiting = _back(channel, now)
        self._book.say(CallEventKind.CALL_INFORMATION, call, waiting, now, Cause.PARK_TIMED_OUT)

    def given_up(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._sight.known(event, "Parkee")
        if channel is not None:
            self.clear(channel.call)
            channel.call.abandoned = True

    def clear(self, call: LiveCall) -> None:
        """Note that the call is parked no more, whatever became of it."""
        self._at.pop(call.parked, None)
        call.parked = ""


def parking_place(event: AmiEvent) -> str:
    """Return LOT/SPACE, as an event about a parked call says it."""
    return clean_text(f"{event.get('Parkinglot')}/{event.get('ParkingSpace')}")


def _back(channel: Channel, now: datetime) -> Party | None:
    waiting = channel.party or caller_of(channel.call)
    if waiting is not None and waiting.state is ConnectionState.QUEUED:
        waiting.change(ConnectionState.INITIATED, now)
    return waiting
