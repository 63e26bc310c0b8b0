"""The book of live calls: which there are, who belongs to them, and each step given out as an event."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, ConnectionState, Direction, Outcome, Role
from hub.domain.phone import clean_text
from hub.telephony.tracker.calls import LiveCall, call_id
from hub.telephony.tracker.causes import clearing_cause, failure_cause
from hub.telephony.tracker.party import RINGING_OR_TALKING, TALKING, Party
from hub.telephony.tracker.recent import RecentNames
from hub.telephony.tracker.verdict import dial_status, verdict, why_silent

if TYPE_CHECKING:
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.site import Site

EventListener = Callable[[CallEvent], None]
ArrivalListener = Callable[[Call], None]

SETTLE = timedelta(seconds=1)
"""How long after one party left a call must go on for that to be worth an event of its own."""

DOUBT = timedelta(milliseconds=100)
"""How long the events of one action on the PBX may be apart: it takes a call off hold to transfer it, for one."""

_ENDED_REMEMBERED = 10_000


class CallBook:
    """Knows no AMI. `now` never goes back: the tracker sees to that."""

    def __init__(self, site: Site, on_event: EventListener, on_arrival: ArrivalListener | None) -> None:
        self.site = site
        self._on_event = on_event
        self._on_arrival = on_arrival
        self._opened = 0
        self._calls: dict[str, LiveCall] = {}
        self._by_linkedid: dict[str, LiveCall] = {}
        self._ended = RecentNames(_ENDED_REMEMBERED)
        self.departures: deque[tuple[datetime, LiveCall, Party]] = deque()
        self.handed_over: dict[str, LiveCall] = {}
        self.doubts: deque[tuple[datetime, Callable[[], None]]] = deque()

    def live(self) -> list[Call]:
        """Return the calls that there is anything to see of, the oldest first."""
        shown = [call for call in self._calls.values() if call.is_shown]
        shown.sort(key=lambda call: (call.started_at, call.order))
        return [call.picture() for call in shown]

    def all_calls(self) -> list[LiveCall]:
        return list(self._calls.values())

    def get(self, call_id: str) -> LiveCall | None:
        return self._calls.get(call_id)

    def find(self, linkedid: str) -> LiveCall | None:
        return self._by_linkedid.get(linkedid)

    def open(self, uid: str, linkedid: str, started_at: datetime, *, partial: bool) -> LiveCall:
        """Begin a call. It is named after its first channel, seen or not, so that a restarted hub names it alike."""
        self._opened += 1
        call = LiveCall(self.site, self._free_id(uid, linkedid), linkedid or uid, started_at, self._opened)
        call.partial = partial
        self._calls[call.id] = call
        if linkedid:
            self._by_linkedid[linkedid] = call
            call.linkedids.add(linkedid)
        return call

    def _free_id(self, uid: str, linkedid: str) -> str:
        """Return an id that no call has or lately had: one that ended can't come back under its name."""
        for name in (linkedid or uid, uid):
            candidate = call_id(self.site.pbx, name)
            if candidate not in self._calls and candidate not in self._ended:
                return candidate
        return f"{call_id(self.site.pbx, uid)}~{self._opened}"

    def enter(self, channel: Channel, role: Role, now: datetime) -> None:
        """Put a channel into its call, with a connection if a device is behind it."""
        channel.call.channels[channel.uid] = channel
        if channel.is_party:
            self.take_part(channel, role, now)

    def take_part(self, channel: Channel, role: Role, now: datetime) -> Party:
        """Give the channel's device a connection in the channel's call."""
        agent = self.site.agents_by_device.get(channel.device)
        party = channel.party = Party(clean_text(channel.uid), channel.device, agent, role, now)
        channel.call.add(party)
        return party

    def leave(self, channel: Channel, code: int, now: datetime, *, is_unseen: bool = False) -> None:
        """Take a channel that is gone out of its call; `is_unseen` where nobody told how it ended."""
        call = channel.call
        self.catch_up(call)
        party, channel.party = channel.party, None
        call.channels.pop(channel.uid, None)
        call.observers.pop(channel.uid, None)
        call.recorders.pop(channel.uid, None)
        if channel.uid == call.first_uid or (party and party.role is Role.CALLER):
            call.caller_code = code
        unseen = Cause.UNKNOWN if is_unseen else None
        if party:
            self.end(party, channel, code, now, unseen)
        if not call.channels:
            self._close(call, now, unseen)

    def rest(self, channel: Channel, now: datetime) -> None:
        """Take out of its call a channel that goes on without one: an agent's that waits, a supervisor's.

        A call that was nothing else, and that nobody was told of, has never been.
        """
        call = channel.call
        party, channel.party = channel.party, None
        call.channels.pop(channel.uid, None)
        call.observers.pop(channel.uid, None)
        if party and not call.channels and not call.answered_at:
            party.end(Cause.NORMAL_CLEARING, now)
            # Whoever picked up here did so for what comes now.
            call.answered_at = now
            if not call.is_announced:
                call.parties = []
        elif party:
            self.end(party, channel, 0, now, None)
        self._let_rest(channel, now)
        if not call.channels:
            self._close(call, now, None)

    def listen(self, channel: Channel, call: LiveCall, now: datetime) -> None:
        """Let a channel that rests take part in a call as an observer. The call does not last for its sake."""
        resting, channel.call = channel.call, call
        resting.channels.pop(channel.uid, None)
        self._close(resting, now, None)
        call.observers[channel.uid] = channel
        party = self.take_part(channel, Role.OBSERVER, now)
        party.monitoring = channel.monitors
        party.connect(now)
        self.inform(call, party, now)

    def _let_rest(self, channel: Channel, now: datetime) -> None:
        channel.call = self.open(channel.uid, "", now, partial=False)
        channel.call.is_resting = True
        channel.call.channels[channel.uid] = channel

    def merge(self, one: LiveCall, other: LiveCall, now: datetime) -> LiveCall:
        """Make one call of two that were found to be one; return it. The one known first stays."""
        if one is other:
            return one
        self.catch_up(one)
        self.catch_up(other)
        keep, gone = sorted((one, other), key=lambda call: (not call.is_announced, call.is_resting, call.order))
        self._forget(gone)
        gone.ended_at = now
        self._drop_recalls(gone)
        for linkedid in gone.linkedids:
            self._by_linkedid[linkedid] = keep
        keep.linkedids |= gone.linkedids
        if gone.is_announced:
            # Had the other been seen from its start, this one might not have looked like a call of its own.
            gone.partial = gone.partial or keep.partial
            self._say_absorbed(gone, now)
        self._inherit(keep, gone)
        for channel in (*gone.channels.values(), *gone.observers.values()):
            channel.call = keep
        keep.channels.update(gone.channels)
        gone.channels = {}
        known = {party.agent for party in keep.parties if party.agent and party.state is not ConnectionState.NULL}
        has_caller = any(party.role is Role.CALLER for party in keep.parties)
        arrivals = [party for party in gone.parties if party.state is not ConnectionState.NULL]
        for party in arrivals:
            if has_caller and not party.is_observer:
                party.take_role(Role.CALLED)
            keep.add(party)
        for party in arrivals:
            if gone.is_announced and party.agent not in known:
                self._introduce(keep, party, now)
        return keep

    def _drop_recalls(self, call: LiveCall) -> None:
        for transfer in call.transfers:
            if self.handed_over.get(transfer.by_device) is call:
                del self.handed_over[transfer.by_device]

    def _inherit(self, keep: LiveCall, gone: LiveCall) -> None:
        """Take over what only the absorbed call knows."""
        keep.partial = keep.partial or (gone.partial and not gone.is_orphan)
        keep.inherit_history(gone)
        if gone.answered_at and not keep.answered_at:
            keep.answered_at = gone.answered_at
        if gone.in_queue and not keep.in_queue:
            keep.queue, keep.in_queue = gone.queue, True
            keep.queued_at, keep.left_queue_at = gone.queued_at, None
        if gone.is_announced:
            return
        # Both are pieces of one call that was come upon in the middle: the beginning is the earlier one's.
        if not gone.is_resting:
            keep.started_at = min(keep.started_at, gone.started_at)
        knows_better = not keep.is_announced and any(party.role is Role.CALLER for party in gone.parties)
        if gone.caller_text and (knows_better or not keep.caller_text):
            keep.set_caller(gone.caller_text, gone.caller_name)
        keep.propose_called(gone.called_text)
        keep.abandoned = keep.abandoned or gone.abandoned

    def _say_absorbed(self, gone: LiveCall, now: datetime) -> None:
        gone.cause = Cause.TRANSFERRED
        gone.outcome = Outcome.ANSWERED if gone.answered_at else Outcome.UNKNOWN
        picture = gone.picture()
        self._on_event(CallEvent(kind=CallEventKind.CLEARED, time=now, call=picture, cause=gone.cause))

    def _introduce(self, call: LiveCall, party: Party, now: datetime) -> None:
        """Tell of a connection that came over from another call as it is there."""
        if party.state in TALKING:
            self.say(CallEventKind.ESTABLISHED, call, party, now)
        elif party.state is ConnectionState.ALERTING:
            self.say(CallEventKind.DELIVERED, call, party, now)

    def _forget(self, call: LiveCall) -> None:
        self._calls.pop(call.id, None)
        if call.is_announced or call.parties:
            self._ended.add(call.id)
        for linkedid in call.linkedids:
            self._by_linkedid.pop(linkedid, None)

    def arrived(self, call: LiveCall) -> None:
        """Tell that a call came in from outside, as soon as its number can be looked up, before anybody is rung.

        Told again where the dialplan changes the number meanwhile.
        """
        if self._on_arrival is None or call.is_announced or call.direction is not Direction.INBOUND:
            return
        number = call.caller.e164
        if number and number != call.arrived_as:
            call.arrived_as = number
            self._on_arrival(call.picture())

    def end(self, party: Party, channel: Channel, code: int, now: datetime, unseen: Cause | None) -> None:
        """End a connection for the reason that can be known; `unseen` where nobody told."""
        call = channel.call
        state = party.state
        if state is ConnectionState.NULL:
            return
        if party.is_observer:
            party.end(unseen or clearing_cause(code), now)
            if call.ended_at is None:
                self.say(CallEventKind.CALL_INFORMATION, call, party, now)
            return
        if state is ConnectionState.ALERTING:
            cause = unseen or why_silent(channel, code)
            party.end(cause, now)
            if not has_twin(call, party):
                self.say(CallEventKind.DIVERTED, call, party, now, cause)
            return
        if state is ConnectionState.INITIATED and party.role is Role.CALLED and not party.connected_at:
            status = dial_status(channel)
            if status == "FORWARD":
                party.end(Cause.REDIRECTED, now)
                self.say(CallEventKind.DIVERTED, call, party, now, Cause.REDIRECTED)
                return
            failure = failure_cause(status, code) if channel.is_dialled and not unseen else None
            party.end(failure or unseen or Cause.CALL_CANCELLED, now)
            if failure:
                self.say(CallEventKind.FAILED, call, party, now, failure)
            return
        party.end(unseen or channel.parting or clearing_cause(code), now)
        if state in TALKING and call.channels:
            self.departures.append((now + SETTLE, call, party))

    def doubt(self, tell: Callable[[], None], now: datetime) -> None:
        """Wait a moment with telling something that the next events may explain otherwise."""
        self.doubts.append((now + DOUBT, tell))

    def catch_up(self, call: LiveCall) -> None:
        """Tell of the transfer that was still in doubt, as the call goes on."""
        handover, call.handover = call.handover, None
        if handover is not None:
            handover()

    @property
    def due(self) -> datetime | None:
        """When `settle` has something to tell next."""
        waiting = [queue[0][0] for queue in (self.departures, self.doubts) if queue]
        return min(waiting, default=None)

    def settle(self, now: datetime) -> None:
        """Tell what is certain by now, and of parties that left a call which then went on."""
        while self.doubts and self.doubts[0][0] <= now:
            self.doubts.popleft()[1]()
        while self.departures and self.departures[0][0] <= now:
            _, call, party = self.departures.popleft()
            if call.ended_at is None:
                self.say(CallEventKind.CONNECTION_CLEARED, call, party, now, party.cause)

    def _close(self, call: LiveCall, now: datetime, unseen: Cause | None) -> None:
        if self._calls.get(call.id) is not call:
            return
        self._forget(call)
        call.ended_at = now
        self._drop_recalls(call)
        for channel in call.observers.values():
            if channel.party:
                channel.party.end(unseen or Cause.NORMAL_CLEARING, now)
                channel.party = None
            self._let_rest(channel, now)
        if not call.is_shown:
            return
        call.in_queue = False
        call.end_queue_visit(now)
        if call.queued_at and not call.left_queue_at:
            call.left_queue_at = now
        call.outcome, call.cause = verdict(call, unseen)
        self.say(CallEventKind.CLEARED, call, None, now, call.cause)

    def say(
        self,
        kind: CallEventKind,
        call: LiveCall,
        party: Party | None,
        now: datetime,
        cause: Cause | None = None,
        *,
        digit: str = "",
    ) -> None:
        """Give a step out, with the call as it is after it."""
        if call.handover is not None:
            self.catch_up(call)
        call.is_announced = True
        connection = party.picture(call) if party else None
        event = CallEvent(kind=kind, time=now, call=call.picture(), connection=connection, cause=cause, digit=digit)
        self._on_event(event)

    def inform(self, call: LiveCall, party: Party | None, now: datetime, cause: Cause | None = None) -> None:
        """Tell that something is known of the call that was not; of one that nobody heard of yet, that it is there."""
        if call.is_announced:
            self.say(CallEventKind.CALL_INFORMATION, call, party, now, cause)
        elif self._on_arrival is not None and call.direction is Direction.INBOUND:
            self._on_arrival(call.picture())


def has_twin(call: LiveCall, party: Party) -> bool:
    """Whether the agent's device rings or talks in this call by another channel too: one device, two contacts."""
    return party.agent is not None and any(
        other.device == party.device and other is not party and other.state in RINGING_OR_TALKING
        for other in call.parties
    )


def caller_of(call: LiveCall) -> Party | None:
    """Return the one who called, for what happens behind a Local channel on his behalf."""
    return next((party for party in call.parties if party.role is Role.CALLER), None)
