"""Channels come, change and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.call import ConnectionState, Role
from hub.telephony.tracker.causes import is_refusal
from hub.telephony.tracker.channels import CHANNEL_STATES, ChannelState
from hub.telephony.tracker.sight import number

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.graph import ChannelGraph
    from hub.telephony.tracker.sight import Sight
    from hub.telephony.tracker.transfers import Transfers

_PROHIBITED = 0x20
_PRESENTATION_MASK = 0x60
_ANONYMOUS = "anonymous"


class Lives:
    EVENTS: ClassVar[dict[str, str]] = {
        "Newchannel": "begun",
        "Newstate": "changed",
        "NewCallerid": "named",
        "Rename": "renamed",
        "Pickup": "picked_up",
        "HangupRequest": "hanging_up",
        "Hangup": "hung_up",
    }

    def __init__(self, sight: Sight, graph: ChannelGraph, book: CallBook, transfers: Transfers) -> None:
        self._sight = sight
        self._transfers = transfers
        self._graph = graph
        self._book = book

    def begun(self, event: AmiEvent, now: datetime) -> None:
        uid = event.get("Uniqueid")
        if self._graph.find(uid) is not None:
            return
        state = CHANNEL_STATES.get(event.get("ChannelState"), ChannelState.DOWN)
        channel = self._graph.open(uid, event.get("Channel"), event.get("Linkedid"), state, now, is_new=True)
        if channel is None:
            return
        call = channel.call
        if call.first_uid == uid:
            call.set_caller(event.get("CallerIDNum"), event.get("CallerIDName"))
            channel.aimed_at = event.get("Exten")
            call.propose_called(channel.aimed_at)
        self._graph.reflect(channel, now)

    def changed(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is None:
            self._sight.present(event, now)
            return
        if channel.device in self._book.handed_over and channel.call.first_uid == channel.uid:
            recalled = self._transfers.recall(channel.device, event.get("ConnectedLineNum"))
            if recalled is not None:
                self._graph.dial_for(recalled, channel, now)
        self._graph.change_state(channel, CHANNEL_STATES.get(event.get("ChannelState"), ChannelState.DOWN), now)

    def named(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is None or channel.call.first_uid != channel.uid or channel.call.is_announced:
            return
        presentation = number(event.get("CID-CallingPres").partition(" ")[0])
        if presentation & _PRESENTATION_MASK == _PROHIBITED:
            channel.call.set_caller(_ANONYMOUS, "")
        else:
            channel.call.set_caller(event.get("CallerIDNum"), event.get("CallerIDName"))
            if channel.is_party and channel.state is not ChannelState.DOWN:
                self._book.arrived(channel.call)

    def renamed(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        name = event.get("Newname")
        if channel is not None and name:
            self._graph.rename(channel, name, now)

    def picked_up(self, event: AmiEvent, now: datetime) -> None:
        """Another device takes the call of one that rings. Rename events may follow, and say no more."""
        picker = self._sight.present(event, now)
        target = self._sight.present(event, now, "Target")
        if picker is not None and target is not None and picker is not target:
            self._graph.pick_up(picker, target, now)

    def hanging_up(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is None:
            return
        channel.has_hung_up = True
        if channel.party is None:
            return
        channel.asked_code = number(event.get("Cause"))
        # Busy() and Congestion() in the dialplan end in the same event: the caller was told, and did not give up.
        was_refused = channel.state is not ChannelState.UP and is_refusal(channel.asked_code)
        if was_refused or channel.party.role is not Role.CALLER:
            return
        call = channel.call
        others = [party for party in call.parties if party.role is Role.CALLED]
        # A caller who hangs up on a busy tone or a mailbox did not give up waiting.
        if call.in_queue or not others or any(party.state is not ConnectionState.NULL for party in others):
            call.abandoned = True

    def hung_up(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is None:
            self._graph.remember_gone(event.get("Uniqueid"))
        else:
            self._graph.drop(channel, number(event.get("Cause")), now)
