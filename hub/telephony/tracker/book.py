"""The book of live calls: who takes part, and each step written down once and given out as an event."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, ConnectionState, Direction, Outcome, Role
from hub.domain.phone import clean_text
from hub.telephony.tracker.calls import LiveCall, Party, Site, call_id
from hub.telephony.tracker.causes import clearing_cause, failure_cause, unanswered_cause
from hub.telephony.tracker.channels import Channel, ChannelState
from hub.telephony.tracker.recent import RecentNames

if TYPE_CHECKING:
    from collections.abc import Iterable

EventListener = Callable[[CallEvent], None]
ArrivalListener = Callable[[Call], None]

SETTLE = timedelta(seconds=1)
"""How long after one party left a call must go on for that to be worth an event of its own."""

_MAX_QUEUE_NAME = 128
_ENDED_REMEMBERED = 10_000
_MAX_LOCALS_IN_A_ROW = 16
_TALKING = (ConnectionState.CONNECTED, ConnectionState.HOLD)
_RINGING_OR_TALKING = (*_TALKING, ConnectionState.ALERTING)
_OVER_OR_TALKING = (*_TALKING, ConnectionState.NULL)


class CallBook:
    """Knows no AMI. `now` never goes back: the tracker sees to that."""

    def __init__(self, site: Site, on_event: EventListener, on_arrival: ArrivalListener | None) -> None:
        self._site = site
        self._on_event = on_event
        self._on_arrival = on_arrival
        self._opened = 0
        self._calls: dict[str, LiveCall] = {}
        self._by_linkedid: dict[str, LiveCall] = {}
        self._ended = RecentNames(_ENDED_REMEMBERED)
        self.departures: deque[tuple[datetime, LiveCall, Party]] = deque()

    def live(self) -> list[Call]:
        """Return the calls that have at least one device in them, the oldest first."""
        shown = [call for call in self._calls.values() if call.parties]
        shown.sort(key=lambda call: (call.started_at, call.order))
        return [call.picture() for call in shown]

    def all_calls(self) -> list[LiveCall]:
        return list(self._calls.values())

    def find(self, linkedid: str) -> LiveCall | None:
        return self._by_linkedid.get(linkedid)

    def open(self, uid: str, linkedid: str, started_at: datetime, *, partial: bool) -> LiveCall:
        """Begin a call. It is named after its first channel, seen or not, so that a restarted hub names it alike."""
        self._opened += 1
        call = LiveCall(self._site, self._free_id(uid, linkedid), linkedid or uid, started_at, self._opened)
        call.partial = partial
        self._calls[call.id] = call
        if linkedid:
            self._by_linkedid[linkedid] = call
            call.linkedids.add(linkedid)
        return call

    def _free_id(self, uid: str, linkedid: str) -> str:
        """Return an id that no call has or lately had: one that ended can't come back under its name."""
        for name in (linkedid or uid, uid):
            candidate = call_id(self._site.pbx, name)
            if candidate not in self._calls and candidate not in self._ended:
                return candidate
        return f"{call_id(self._site.pbx, uid)}~{self._opened}"

    def enter(self, channel: Channel, role: Role, now: datetime) -> None:
        """Put a channel into its call, with a connection if a device is behind it."""
        channel.call.channels[channel.uid] = channel
        if channel.is_party:
            self._take_part(channel, role, now)

    def _take_part(self, channel: Channel, role: Role, now: datetime) -> None:
        agent = self._site.agents_by_device.get(channel.device)
        channel.party = Party(clean_text(channel.uid), channel.device, agent, role, now)
        channel.call.add(channel.party)

    def leave(self, channel: Channel, code: int, now: datetime, *, is_unseen: bool = False) -> None:
        """Take a channel that is gone out of its call; `is_unseen` where nobody told how it ended."""
        call = channel.call
        call.channels.pop(channel.uid, None)
        if channel.uid == call.first_uid:
            call.caller_code = code
        party, channel.party = channel.party, None
        unseen = Cause.UNKNOWN if is_unseen else None
        if party:
            self._end(party, channel, code, now, unseen)
        if not call.channels:
            self._close(call, now, unseen)

    def merge(self, one: LiveCall, other: LiveCall, now: datetime) -> LiveCall:
        """Make one call of two that were found to be one; return it. The one known first stays."""
        if one is other:
            return one
        keep, gone = sorted((one, other), key=lambda call: (not call.is_announced, call.order))
        self._forget(gone)
        gone.ended_at = now
        for linkedid in gone.linkedids:
            self._by_linkedid[linkedid] = keep
        keep.linkedids |= gone.linkedids
        if gone.is_announced:
            self._say_absorbed(gone, now)
        self._inherit(keep, gone)
        for channel in gone.channels.values():
            channel.call = keep
        keep.channels.update(gone.channels)
        gone.channels = {}
        known = {party.device for party in keep.parties if party.state is not ConnectionState.NULL}
        has_caller = any(party.role is Role.CALLER for party in keep.parties)
        arrivals = [party for party in gone.parties if party.state is not ConnectionState.NULL]
        for party in arrivals:
            if has_caller:
                party.take_role(Role.CALLED)
            keep.add(party)
        for party in arrivals:
            if gone.is_announced and party.device not in known:
                self._introduce(keep, party, now)
        return keep

    def _inherit(self, keep: LiveCall, gone: LiveCall) -> None:
        """Take over what only the absorbed call knows."""
        keep.partial = keep.partial or gone.partial
        if gone.answered_at and not keep.answered_at:
            keep.answered_at = gone.answered_at
        if gone.is_announced:
            return
        # Both are pieces of one call that was come upon in the middle: the beginning is the earlier one's.
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
        self._emit(CallEvent(kind=CallEventKind.CLEARED, time=now, call=picture, cause=gone.cause))

    def _introduce(self, call: LiveCall, party: Party, now: datetime) -> None:
        """Tell of a connection that came over from another call as it is there."""
        if party.state in _TALKING:
            self._say(CallEventKind.ESTABLISHED, call, party, now)
        elif party.state is ConnectionState.ALERTING:
            self._say(CallEventKind.DELIVERED, call, party, now)

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

    def queued(self, channel: Channel, queue: str, since: datetime, now: datetime) -> None:
        """Note that the caller waits in a queue; a second time for the same queue changes nothing."""
        call = channel.call
        party = channel.party or _caller_of(call)
        name = clean_text(queue, _MAX_QUEUE_NAME)
        if call.in_queue and call.queue == name:
            return
        call.queue = name
        call.in_queue = True
        call.abandoned = False
        call.queued_at = since
        call.left_queue_at = None
        if party and party.state is not ConnectionState.NULL:
            # Behind a Local channel the caller may hear it over a bridge: the waiting is what counts.
            party.change(ConnectionState.QUEUED, since)
        self._say(CallEventKind.QUEUED, call, party, now)

    def left_queue(self, call: LiveCall, now: datetime) -> None:
        """Note that the caller waits no more: somebody answered, or nobody will."""
        if not call.in_queue:
            return
        call.in_queue = False
        call.left_queue_at = now
        for party in call.parties:
            if party.state is ConnectionState.QUEUED:
                party.change(ConnectionState.INITIATED, now)

    def alerting(self, channel: Channel, now: datetime) -> None:
        """Note that the device rings."""
        party = channel.party
        if party is None or party.state is not ConnectionState.INITIATED or channel.state is ChannelState.RING:
            return
        party.alerted_at = now
        party.change(ConnectionState.ALERTING, now)
        if not _has_twin(channel.call, party):
            self._say(CallEventKind.DELIVERED, channel.call, party, now)

    def talking(self, channels: Iterable[Channel], call: LiveCall, now: datetime) -> None:
        """Note that these channels hear each other."""
        answered = [channel for channel in channels if channel.party and channel.state is ChannelState.UP]
        if len(answered) < 2:  # noqa: PLR2004 - it takes two to talk
            return
        joined: list[Party] = []
        for channel in answered:
            party = channel.party
            if party is None or party.state in _OVER_OR_TALKING:
                continue
            if party.role is Role.CALLED and not call.partial:
                self.alerting(channel, now)
            joined.append(party)
        if not joined:
            return
        self.left_queue(call, now)
        call.answered_at = call.answered_at or now
        for party in joined:
            party.connected_at = party.connected_at or now
            party.change(ConnectionState.CONNECTED, now)
        answering = [party for party in joined if party.role is Role.CALLED] or joined[-1:]
        for party in answering:
            self._say(CallEventKind.ESTABLISHED, call, party, now)

    def unanswered(self, channel: Channel, now: datetime) -> None:
        """Note that a device was rung in vain, before its channel is gone: its agent's pop has no business there."""
        if channel.party:
            self._end(channel.party, channel, channel.asked_code, now, None)

    def held(self, call: LiveCall, party: Party, now: datetime) -> None:
        if party.state is ConnectionState.CONNECTED:
            party.change(ConnectionState.HOLD, now)
            self._say(CallEventKind.HELD, call, party, now)

    def retrieved(self, call: LiveCall, party: Party, now: datetime) -> None:
        if party.state is ConnectionState.HOLD:
            party.change(ConnectionState.CONNECTED, now)
            self._say(CallEventKind.RETRIEVED, call, party, now)

    def transferred(self, channel: Channel, now: datetime) -> None:
        """Note that this party handed the call over and is out of it."""
        party, channel.party = channel.party, None
        if party and party.state is not ConnectionState.NULL:
            party.end(Cause.TRANSFERRED, now)
            self._say(CallEventKind.TRANSFERRED, channel.call, party, now, Cause.TRANSFERRED)

    def succeed(self, channel: Channel, displaced: Channel | None, now: datetime) -> None:
        """Let `channel` go on as another device: that of `displaced`, whose connection it takes, or a new one."""
        party, channel.party = channel.party, None
        if party and party.state is ConnectionState.ALERTING:
            party.end(Cause.ANSWERED_ELSEWHERE, now)
            self._say(CallEventKind.DIVERTED, channel.call, party, now, Cause.ANSWERED_ELSEWHERE)
        elif party:
            party.end(Cause.REDIRECTED, now)
        if displaced and displaced.party:
            self.merge(channel.call, displaced.call, now)
            channel.party, displaced.party = displaced.party, None
        elif channel.is_party:
            self._take_part(channel, Role.CALLED, now)

    def settle(self, now: datetime) -> None:
        """Tell of parties that left a call which then went on."""
        while self.departures and self.departures[0][0] <= now:
            _, call, party = self.departures.popleft()
            if call.ended_at is None:
                self._say(CallEventKind.CONNECTION_CLEARED, call, party, now, party.cause)

    def _end(self, party: Party, channel: Channel, code: int, now: datetime, unseen: Cause | None) -> None:
        call = channel.call
        state = party.state
        if state is ConnectionState.NULL:
            return
        if state is ConnectionState.ALERTING:
            cause = unseen or self._why_silent(channel, code)
            party.end(cause, now)
            if not _has_twin(call, party):
                self._say(CallEventKind.DIVERTED, call, party, now, cause)
            return
        if state is ConnectionState.INITIATED and party.role is Role.CALLED:
            failure = failure_cause(dial_status(channel), code) if channel.is_dialled and not unseen else None
            party.end(failure or unseen or Cause.CALL_CANCELLED, now)
            if failure:
                self._say(CallEventKind.FAILED, call, party, now, failure)
            return
        party.end(unseen or (Cause.TRANSFERRED if channel.is_transferred else clearing_cause(code)), now)
        if state in _TALKING and call.channels:
            self.departures.append((now + SETTLE, call, party))

    def _why_silent(self, channel: Channel, code: int) -> Cause:
        cause = unanswered_cause(dial_status(channel), code)
        if cause is not None:
            return cause
        if _was_answered_by_another(channel):
            return Cause.ANSWERED_ELSEWHERE
        return Cause.CALL_CANCELLED

    def _close(self, call: LiveCall, now: datetime, unseen: Cause | None) -> None:
        if self._calls.get(call.id) is not call:
            return
        self._forget(call)
        if not call.parties:
            return
        call.in_queue = False
        if call.queued_at and not call.left_queue_at:
            call.left_queue_at = now
        call.ended_at = now
        call.outcome, call.cause = _verdict(call, unseen)
        self._say(CallEventKind.CLEARED, call, None, now, call.cause)

    def _say(
        self, kind: CallEventKind, call: LiveCall, party: Party | None, now: datetime, cause: Cause | None = None
    ) -> None:
        call.is_announced = True
        connection = party.picture(call) if party else None
        self._emit(CallEvent(kind=kind, time=now, call=call.picture(), connection=connection, cause=cause))

    def _emit(self, event: CallEvent) -> None:
        self._on_event(event)


def _has_twin(call: LiveCall, party: Party) -> bool:
    """Whether the agent's device rings or talks in this call by another channel too: one device, two contacts."""
    return party.agent is not None and any(
        other.device == party.device and other is not party and other.state in _RINGING_OR_TALKING
        for other in call.parties
    )


def _caller_of(call: LiveCall) -> Party | None:
    """Return the one who called, for what happens behind a Local channel on his behalf."""
    return next((party for party in call.parties if party.role is Role.CALLER), None)


def dial_status(channel: Channel) -> str:
    """Return how the dialling ended; a CANCEL handed down through a Local is what was said above it."""
    status = channel.dial_status
    for _ in range(_MAX_LOCALS_IN_A_ROW):
        if status != "CANCEL" or channel.dialer is None or channel.dialer.other_half is None:
            break
        channel = channel.dialer.other_half
        status = channel.dial_status or status
    return status


def _was_answered_by_another(channel: Channel) -> bool:
    return any(
        other.is_dialled and other.state is ChannelState.UP and other is not channel
        for other in channel.call.channels.values()
    )


def _verdict(call: LiveCall, unseen: Cause | None) -> tuple[Outcome, Cause]:
    """Say how a call went as a whole: what the caller was told, else the worst that befell those called."""
    if call.answered_at:
        return Outcome.ANSWERED, unseen or Cause.NORMAL_CLEARING
    if unseen:
        return Outcome.UNKNOWN, unseen
    if call.abandoned:
        return Outcome.ABANDONED, Cause.CALL_CANCELLED
    causes = [party.cause for party in call.parties if party.role is Role.CALLED]
    told = clearing_cause(call.caller_code)
    if told is Cause.BUSY and Cause.REJECTED in causes:
        told = Cause.REJECTED
    if told in _OUTCOME_OF:
        return _OUTCOME_OF[told], told
    if call.queue is not None:
        return Outcome.NOT_ANSWERED, Cause.CALL_NOT_ANSWERED
    worst = next((cause for cause in _WORST_FIRST if cause in causes), None)
    return (_OUTCOME_OF[worst], worst) if worst else (Outcome.NOT_ANSWERED, told)


_OUTCOME_OF = {
    Cause.CALL_NOT_ANSWERED: Outcome.NOT_ANSWERED,
    Cause.REJECTED: Outcome.BUSY,
    Cause.BUSY: Outcome.BUSY,
    Cause.NETWORK_CONGESTION: Outcome.FAILED,
    Cause.DEST_NOT_OBTAINABLE: Outcome.FAILED,
}
_WORST_FIRST = tuple(_OUTCOME_OF)
