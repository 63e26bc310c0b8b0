"""One channel calls another: who is rung for whom, and how that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.telephony.tracker.verdict import dial_status, was_taken_back

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.graph import ChannelGraph
    from hub.telephony.tracker.sight import Sight
    from hub.telephony.tracker.states import States
    from hub.telephony.tracker.transfers import Transfers

_ALERTING = frozenset({"RINGING", "PROGRESS"})
_FORWARD = "FORWARD"
_IN_VAIN = frozenset({"NOANSWER", "BUSY", "CONGESTION", "CHANUNAVAIL", _FORWARD})
_NOT_TAKEN = frozenset({"CONTINUE", "ABORT"})


class Dialling:
    EVENTS: ClassVar[dict[str, str]] = {
        "DialBegin": "begun",
        "DialState": "changed",
        "DialEnd": "ended",
        "LocalBridge": "joined_halves",
    }

    def __init__(self, sight: Sight, graph: ChannelGraph, states: States, transfers: Transfers) -> None:
        self._sight = sight
        self._transfers = transfers
        self._graph = graph
        self._states = states

    def begun(self, event: AmiEvent, now: datetime) -> None:
        caller = self._sight.present(event, now)
        dialled = self._sight.present(event, now, "Dest")
        extension = event.get("Exten")
        for channel in (caller, dialled):
            if channel is not None:
                channel.call.propose_called(extension)
        if dialled is None:
            return
        is_own = caller is None and not event.get("Uniqueid")
        recalled = self._transfers.recall(dialled.device, event.get("DestConnectedLineNum")) if is_own else None
        if recalled is not None:
            self._graph.dial_for(recalled, dialled, now)
            return
        self._graph.dial(caller, dialled, now, is_own=is_own)
        if dialled.call.site.is_trunk(dialled.device):
            dialled.call.dial_out(_number_in(event.get("DialString")))

    def changed(self, event: AmiEvent, now: datetime) -> None:
        if event.get("DialStatus") in _ALERTING:
            channel = self._sight.present(event, now, "Dest")
            if channel is not None:
                self._states.alerting(channel, now)

    def ended(self, event: AmiEvent, now: datetime) -> None:
        caller = self._sight.present(event, now)
        channel = self._sight.known(event, "Dest")
        if channel is None or channel.dial_status:
            return
        channel.dial_status = _status(event)
        if caller is not None and caller.call is not channel.call and not channel.is_dialled:
            return  # Nobody rang it: it picks up what rings elsewhere, and the event Pickup is still to come.
        channel.is_dialled = True
        if channel.dial_status == "ANSWER":
            self._states.alerting(channel, now)
        elif channel.dial_status == "CANCEL":
            # Asked now: the Local channel that knows may be gone before this one is.
            channel.dial_status = dial_status(channel)
            self._graph.cancel(channel, now)
        elif channel.dial_status in _IN_VAIN:
            if was_taken_back(channel):
                channel.call.abandoned = True
            self._states.unanswered(channel, now)

    def joined_halves(self, event: AmiEvent, now: datetime) -> None:
        one: Channel | None = self._sight.present(event, now, "LocalOne")
        two: Channel | None = self._sight.present(event, now, "LocalTwo")
        if one is not None and two is not None:
            self._graph.join_halves(one, two, now)


def _status(event: AmiEvent) -> str:
    """Return how the dialling ended, FORWARD where the phone sent the call on."""
    status = event.get("DialStatus")
    if event.get("Forward"):
        return _FORWARD
    # Whoever answered was asked whether to take the call (Dial's option U), and didn't.
    return "NOANSWER" if status in _NOT_TAKEN or status.startswith("GOTO") else status


def _number_in(dial_string: str) -> str:
    """Return what is dialled: `0891234` in `0891234@trunk`, `trunk/0891234` and `trunk/sip:0891234@carrier.example`."""
    last = dial_string.rpartition("/")[2]
    return last.partition("@")[0].removeprefix("sip:")
