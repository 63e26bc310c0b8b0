"""Handing a call over: blind, attended, and before the target answered (ECMA-269: single step and transfer call)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.domain.call import CallEventKind, Cause, ConnectionState, Role, Transfer, TransferKind
from hub.domain.phone import clean_text
from hub.telephony.tracker.calls import is_number
from hub.telephony.tracker.channels import device_of

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.calls import LiveCall
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.graph import ChannelGraph
    from hub.telephony.tracker.sight import Sight

_UNANSWERED = (ConnectionState.ALERTING, ConnectionState.INITIATED)


class Transfers:
    EVENTS: ClassVar[dict[str, str]] = {"BlindTransfer": "blind", "AttendedTransfer": "attended"}

    def __init__(self, sight: Sight, graph: ChannelGraph, book: CallBook) -> None:
        self._sight = sight
        self._graph = graph
        self._book = book

    def blind(self, event: AmiEvent, now: datetime) -> None:
        if event.get("Result") != "Success":
            return
        transferee = self._sight.present(event, now, "Transferee")
        channel = self._sight.present(event, now, "Transferer")
        if channel is None:
            return
        if transferee is not None and transferee.call is not channel.call:
            self._book.merge(channel.call, transferee.call, now)
        call, to = channel.call, event.get("Extension")
        if call.parked:
            # A transfer to the parking lot's number: the parking is told already.
            self._part(channel, Cause.PARKED, now)
        else:
            channel.parting = Cause.TRANSFERRED
            if channel.party is not None:
                channel.party.is_taken_off_hold = False
            call.handover = lambda: self.hand_over(channel, TransferKind.BLIND, to, now)
            self._book.doubt(lambda: self._book.catch_up(call), now)

    def attended(self, event: AmiEvent, now: datetime) -> None:
        if event.get("Result") != "Success":
            return
        first = self._sight.present(event, now, "OrigTransferer")
        second = self._sight.present(event, now, "SecondTransferer")
        if event.get("DestType") == "Link":
            self._link(event, now)
        if event.get("DestType") == "Threeway":
            # Nobody is handed over: the one who asked stays in.
            if first is not None and second is not None:
                self._book.merge(first.call, second.call, now)
            return
        leading = first if first is not None and first.party is not None else second
        if leading is None:
            return
        target = _target(event, second) if second is not None else _name_of(event.get("TransferTargetChannel"))
        is_blonde = second is not None and _still_calls(second)
        was_waiting = second is not None and second is not first and second.call.in_queue
        if first is not None and second is not None:
            call = self._book.merge(first.call, second.call, now)
            if was_waiting:
                self._wait_instead(call, second, now)
            if call.parked:
                # To the parking lot, where nobody is: that is told as such.
                first.parting = Cause.PARKED
                self._part(second, Cause.PARKED, now)
                return
        if second is not None and second is not leading and second.party is not None:
            self._part(second, Cause.TRANSFERRED, now)
        self.hand_over(leading, TransferKind.BLONDE if is_blonde else TransferKind.ATTENDED, target, now)

    def recall(self, device: str, number: str) -> LiveCall | None:
        """Return the call that comes back to a device that handed it over, as the target did not answer.

        The PBX rings the device for a call that it shows the number of, and tells no more of which one that is.
        """
        call = self._book.handed_over.get(device)
        if call is None or call.ended_at or number not in (call.caller_text, call.called_text):
            return None
        last = call.transfers[-1]
        was_answered = any(party.connected_at and party.connected_at > last.time for party in call.parties)
        return None if was_answered or last.by_device != device else call

    def _link(self, event: AmiEvent, now: datetime) -> None:
        """Two bridges that can't become one are joined by a Local channel."""
        one = self._sight.present(event, now, "LocalOne")
        two = self._sight.present(event, now, "LocalTwo")
        if one is not None and two is not None and one is not two:
            self._graph.join_halves(one, two, now)

    def _wait_instead(self, call: LiveCall, second: Channel, now: datetime) -> None:
        """Let the one handed over wait in the queue that the other had called."""
        waiting = next((p for p in call.parties if p is not second.party and p.role is Role.CALLER), None)
        waiting = waiting or next((p for p in call.parties if p.agent is None), None)
        if waiting and waiting.state is not ConnectionState.NULL:
            waiting.queue(now)
            self._book.say(CallEventKind.QUEUED, call, waiting, now, Cause.TRANSFERRED)

    def _part(self, channel: Channel, cause: Cause, now: datetime) -> None:
        """End a connection that nobody need be told of, as what it was about is told."""
        party, channel.party = channel.party, None
        if party is not None and party.state is not ConnectionState.NULL:
            party.end(cause, now)

    def hand_over(self, channel: Channel, kind: TransferKind, to: str, now: datetime) -> None:
        """Note that this party handed the call over and is out of it."""
        call = channel.call
        party, channel.party = channel.party, None
        if party is None or party.state is ConnectionState.NULL:
            return
        call.went_unserved = False
        call.add_transfer(
            Transfer(kind=kind, time=now, by_device=party.device, by_agent=party.agent, to=clean_text(to))
        )
        if kind is TransferKind.BLONDE:
            self._book.handed_over[party.device] = call
        party.end(Cause.TRANSFERRED, now)
        self._book.say(CallEventKind.TRANSFERRED, call, party, now, Cause.TRANSFERRED)


def _still_calls(second: Channel) -> bool:
    """Whether the one who hands over had reached nobody yet: the target rings, or waits in a queue."""
    call = second.call
    return call.in_queue or any(
        party is not second.party and party.role is Role.CALLED and party.state in _UNANSWERED for party in call.parties
    )


def _target(event: AmiEvent, second: Channel) -> str:
    """Return what the second call went to: the number that was dialled for it, else the device reached."""
    if is_number(second.aimed_at) and event.get("OrigTransfererUniqueid") != second.uid:
        return second.aimed_at
    return _name_of(event.get("TransferTargetChannel")) or _called_last(second.call)


def _called_last(call: LiveCall) -> str:
    """Return what was called last in a call, where nobody says what a transfer went to."""
    channels = list(reversed(call.channels.values()))
    called = [channel for channel in channels if channel.is_local]
    called += [channel for channel in channels if channel.party is not None and channel.party.role is Role.CALLED]
    return _name_of(called[0].name) if called else ""


def _name_of(channel: str) -> str:
    """Return the number in a Local channel's name, or the device a channel belongs to."""
    if channel.startswith("Local/"):
        return channel.removeprefix("Local/").partition("@")[0]
    return device_of(channel) if channel else ""
