"""Conference rooms (ConfBridge): which room a call is in, and who is muted there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.phone import clean_text

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.graph import ChannelGraph
    from hub.telephony.tracker.sight import Sight
    from hub.telephony.tracker.states import States


class Conferences:
    """The room's bridge itself says who talks to whom (`States.talking`)."""

    EVENTS: ClassVar[dict[str, str]] = {
        "ConfbridgeJoin": "joined",
        "ConfbridgeLeave": "left",
        "ConfbridgeMute": "muted",
        "ConfbridgeUnmute": "unmuted",
    }

    def __init__(self, sight: Sight, graph: ChannelGraph, states: States, book: CallBook) -> None:
        self._sight = sight
        self._graph = graph
        self._states = states
        self._book = book

    def joined(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now)
        if channel is not None:
            # Another call is in that room, which this one is about to become part of: that is told instead.
            is_met = self._graph.is_awaited(channel, event.get("BridgeUniqueid"))
            self.join(channel, event.get("Conference"), now, is_muted=event.get("Muted") == "Yes", is_told=not is_met)

    def join(self, channel: Channel, room: str, now: datetime, *, is_muted: bool, is_told: bool = True) -> None:
        """Note the room; a second time changes nothing."""
        call = channel.call
        name = clean_text(room)
        if name and channel.room != name:
            channel.room = name
            if call.conference != name:
                call.conference = name
                if is_told:
                    self._book.inform(call, channel.party, now)
        if channel.party is not None:
            self._states.muted(call, channel.party, now, is_muted=is_muted)

    def left(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is None:
            return
        channel.room = ""
        call = channel.call
        if call.conference and not any(other.room for other in call.channels.values()):
            call.conference = ""

    def muted(self, event: AmiEvent, now: datetime) -> None:
        self._mute(event, now, is_muted=True)

    def unmuted(self, event: AmiEvent, now: datetime) -> None:
        self._mute(event, now, is_muted=False)

    def _mute(self, event: AmiEvent, now: datetime, *, is_muted: bool) -> None:
        channel = self._sight.known(event)
        if channel is not None and channel.party is not None:
            self._states.muted(channel.call, channel.party, now, is_muted=is_muted)
