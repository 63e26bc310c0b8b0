"""From AMI events to calls: each event read for what it says about channels, queues and transfers.

Pure: no I/O and no clock. The same object serves a live connection and a recording.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.domain.call import Call, ConnectionState, Role
from hub.telephony.tracker.book import ArrivalListener, CallBook, EventListener, dial_status
from hub.telephony.tracker.calls import Site
from hub.telephony.tracker.causes import is_refusal
from hub.telephony.tracker.channels import CHANNEL_STATES, ChannelState
from hub.telephony.tracker.graph import ChannelGraph
from hub.telephony.tracker.snapshot import PbxSnapshot, apply_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.channels import Channel

_ALERTING_DIAL_STATES = frozenset({"RINGING", "PROGRESS"})
_IN_VAIN = frozenset({"NOANSWER", "BUSY", "CONGESTION", "CHANUNAVAIL"})
_PROHIBITED = 0x20
_PRESENTATION_MASK = 0x60
_ANONYMOUS = "anonymous"
_UP = str(int(ChannelState.UP))
_MAX_DIGITS = 9


class CallTracker:
    """The calls of one PBX.

    `agents_by_device` maps device names to agent ids; `trunks` are the devices towards the outside.
    `on_event` gets each step of a call, in order, from within `feed`, `resync` or `settle`.
    `on_arrival` gets a call that came in from outside as soon as its caller's number is known, before any device
    rings, and again where the dialplan changes that number before then.

    Nothing an event holds or lacks makes `feed` raise. Times given that go back are taken as standing still.
    """

    def __init__(
        self,
        *,
        pbx: str,
        region: str,
        agents_by_device: Mapping[str, str],
        trunks: Iterable[str] = (),
        on_event: EventListener,
        on_arrival: ArrivalListener | None = None,
    ) -> None:
        site = Site(pbx, region, dict(agents_by_device), frozenset(trunks))
        self._book = CallBook(site, on_event, on_arrival)
        self._graph = ChannelGraph(self._book)
        self._now = datetime.min.replace(tzinfo=UTC)
        self._handlers: dict[str, Callable[[AmiEvent, datetime], None]] = {
            name: getattr(self, method) for name, method in _HANDLERS.items()
        }

    def feed(self, event: AmiEvent, now: datetime) -> None:
        """Take one AMI event; names that no handler is for are passed over."""
        handler = self._handlers.get(event.name)
        if handler is None:
            return
        # Written out, as everything that a PBX says passes here.
        if now > self._now:
            self._now = now
        else:
            now = self._now
        if self._book.departures:
            self._book.settle(now)
        handler(event, now)

    def settle(self, now: datetime) -> None:
        """Tell of parties that left a call which then went on; to be called now and then while all is quiet."""
        self._advance(now)

    def resync(self, snapshot: PbxSnapshot, now: datetime) -> None:
        """Bring the calls in line with what the PBX says is there.

        What is not in the snapshot ended unseen: with cause `unknown`. Events that came while the snapshot
        was taken are to be fed afterwards; those that it already tells of change nothing.
        """
        apply_snapshot(self._graph, self._book, snapshot, self._advance(now))

    def live_calls(self) -> Sequence[Call]:
        """Return the calls that are not over, the oldest first."""
        return self._book.live()

    @property
    def is_settled(self) -> bool:
        """Whether `settle` would have nothing to tell, now or later."""
        return not self._book.departures

    @property
    def channel_count(self) -> int:
        """How many channels are followed."""
        return len(self._graph)

    def _advance(self, now: datetime) -> datetime:
        self._now = max(self._now, now)
        self._book.settle(self._now)
        return self._now

    def _new_channel(self, event: AmiEvent, now: datetime) -> None:
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
            call.propose_called(event.get("Exten"))
        self._graph.reflect(channel, now)

    def _present(self, event: AmiEvent, now: datetime, prefix: str = "") -> Channel | None:
        """Return the channel an event is about; one come upon in the middle of its call is taken in."""
        uid = event.get(f"{prefix}Uniqueid")
        channel = self._graph.find(uid)
        if channel is not None or not uid:
            return channel
        state = CHANNEL_STATES.get(event.get(f"{prefix}ChannelState"), ChannelState.DOWN)
        name, linkedid = event.get(f"{prefix}Channel"), event.get(f"{prefix}Linkedid")
        channel = self._graph.open(uid, name, linkedid, state, now, is_new=False)
        if channel is not None and channel.party is not None:
            channel.call.learn_numbers(
                channel.party,
                caller=event.get(f"{prefix}CallerIDNum"),
                caller_name=event.get(f"{prefix}CallerIDName"),
                connected=event.get(f"{prefix}ConnectedLineNum"),
                connected_name=event.get(f"{prefix}ConnectedLineName"),
                extension=event.get(f"{prefix}Exten"),
            )
            self._graph.reflect(channel, now)
        return channel

    def _new_state(self, event: AmiEvent, now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is None:
            self._present(event, now)
        else:
            self._graph.change_state(channel, CHANNEL_STATES.get(event.get("ChannelState"), ChannelState.DOWN), now)

    def _new_caller_id(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is None or channel.call.first_uid != channel.uid or channel.call.is_announced:
            return
        presentation = _number(event.get("CID-CallingPres").partition(" ")[0])
        if presentation & _PRESENTATION_MASK == _PROHIBITED:
            channel.call.set_caller(_ANONYMOUS, "")
        else:
            channel.call.set_caller(event.get("CallerIDNum"), event.get("CallerIDName"))
            if channel.is_party and channel.state is not ChannelState.DOWN:
                self._book.arrived(channel.call)

    def _dial_begin(self, event: AmiEvent, now: datetime) -> None:
        caller = self._present(event, now)
        dialled = self._present(event, now, "Dest")
        for channel in (caller, dialled):
            if channel is not None:
                channel.call.propose_called(event.get("Exten"))
        if dialled is not None:
            self._graph.dial(caller, dialled, now)

    def _dial_state(self, event: AmiEvent, now: datetime) -> None:
        if event.get("DialStatus") in _ALERTING_DIAL_STATES:
            channel = self._present(event, now, "Dest")
            if channel is not None:
                self._book.alerting(channel, now)

    def _dial_end(self, event: AmiEvent, now: datetime) -> None:
        self._present(event, now)
        channel = self._graph.find(event.get("DestUniqueid"))
        if channel is None or channel.dial_status:
            return
        channel.is_dialled = True
        channel.dial_status = "FORWARD" if event.get("Forward") else event.get("DialStatus")
        if channel.dial_status == "ANSWER":
            self._book.alerting(channel, now)
        elif channel.dial_status == "CANCEL":
            self._graph.cancel(channel)
            # Asked now: the Local channel that knows may be gone before this one is.
            channel.dial_status = dial_status(channel)
        elif channel.dial_status in _IN_VAIN:
            self._book.unanswered(channel, now)

    def _local_bridge(self, event: AmiEvent, now: datetime) -> None:
        one = self._present(event, now, "LocalOne")
        two = self._present(event, now, "LocalTwo")
        if one is not None and two is not None:
            self._graph.join_halves(one, two, now)

    def _bridge_enter(self, event: AmiEvent, now: datetime) -> None:
        channel = self._present(event, now)
        if channel is None:
            return
        if event.get("ChannelState") == _UP:
            channel.state = ChannelState.UP
        self._graph.join_bridge(channel, event.get("BridgeUniqueid"), event.get("BridgeTechnology"), now)

    def _bridge_leave(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is not None and channel.bridge is not None and channel.bridge.id == event.get("BridgeUniqueid"):
            self._graph.leave_bridge(channel)

    def _hangup_request(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is None or channel.party is None:
            return
        channel.asked_code = _number(event.get("Cause"))
        # Busy() and Congestion() in the dialplan end in the same event: the caller was told, and did not give up.
        was_refused = channel.state is not ChannelState.UP and is_refusal(channel.asked_code)
        if was_refused or channel.party.role is not Role.CALLER:
            return
        call = channel.call
        others = [party for party in call.parties if party.role is Role.CALLED]
        # A caller who hangs up on a busy tone or a mailbox did not give up waiting.
        if call.in_queue or not others or any(party.state is not ConnectionState.NULL for party in others):
            call.abandoned = True

    def _hangup(self, event: AmiEvent, now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is None:
            self._graph.remember_gone(event.get("Uniqueid"))
        else:
            self._graph.drop(channel, _number(event.get("Cause")), now)

    def _hold(self, event: AmiEvent, now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is not None and channel.party is not None:
            self._book.held(channel.call, channel.party, now)

    def _unhold(self, event: AmiEvent, now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        if channel is not None and channel.party is not None:
            self._book.retrieved(channel.call, channel.party, now)

    def _queue_join(self, event: AmiEvent, now: datetime) -> None:
        channel = self._present(event, now)
        if channel is not None:
            self._book.queued(channel, event.get("Queue"), now, now)

    def _queue_leave(self, event: AmiEvent, now: datetime) -> None:
        channel = self._present(event, now)
        if channel is not None:
            self._book.left_queue(channel.call, now)

    def _blind_transfer(self, event: AmiEvent, now: datetime) -> None:
        self._present(event, now, "Transferee")
        channel = self._graph.find(event.get("TransfererUniqueid"))
        if channel is not None and event.get("Result") == "Success":
            self._book.transferred(channel, now)

    def _attended_transfer(self, event: AmiEvent, now: datetime) -> None:
        if event.get("Result") != "Success":
            return
        first = self._graph.find(event.get("OrigTransfererUniqueid"))
        second = self._graph.find(event.get("SecondTransfererUniqueid"))
        if first is not None and second is not None:
            self._book.merge(first.call, second.call, now)
        if second is not None:
            second.is_transferred = True
        if first is not None:
            self._book.transferred(first, now)

    def _rename(self, event: AmiEvent, now: datetime) -> None:
        channel = self._graph.find(event.get("Uniqueid"))
        name = event.get("Newname")
        if channel is not None and name:
            self._graph.rename(channel, name, now)


_HANDLERS = {
    "Newchannel": "_new_channel",
    "Newstate": "_new_state",
    "NewCallerid": "_new_caller_id",
    "DialBegin": "_dial_begin",
    "DialState": "_dial_state",
    "DialEnd": "_dial_end",
    "LocalBridge": "_local_bridge",
    "BridgeEnter": "_bridge_enter",
    "BridgeLeave": "_bridge_leave",
    "HangupRequest": "_hangup_request",
    "Hangup": "_hangup",
    "Hold": "_hold",
    "Unhold": "_unhold",
    "QueueCallerJoin": "_queue_join",
    "QueueCallerLeave": "_queue_leave",
    "BlindTransfer": "_blind_transfer",
    "AttendedTransfer": "_attended_transfer",
    "Rename": "_rename",
}
"""Every event subscribed to, and the method that reads it.

Not QueueCallerAbandon: app_queue says it also where the queue's own time ran out and the caller is still there.
HangupRequest is what a caller who goes brings about.
"""

WANTED_EVENTS = tuple(_HANDLERS)


def _number(text: str) -> int:
    """Read a small decimal number; what is none counts as 0, as does one longer than any that Asterisk means."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
