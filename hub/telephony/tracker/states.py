"""The states of connections: who waits, rings, talks, holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.domain.call import CallEventKind, Cause, ConnectionState, QueueVisit, Role
from hub.domain.phone import clean_text
from hub.telephony.tracker.book import CallBook, caller_of, has_twin
from hub.telephony.tracker.channels import Channel, ChannelState
from hub.telephony.tracker.party import OVER_OR_TALKING, TALKING, Party

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hub.telephony.tracker.calls import LiveCall

_MAX_QUEUE_NAME = 128
_NOT_YET = (ConnectionState.INITIATED, ConnectionState.ALERTING)
_CONFERENCE = 3
"""So many who hear each other are a conference."""


class States:
    """Changes the states of connections and tells of it, each change once. Knows no AMI."""

    def __init__(self, book: CallBook) -> None:
        self._book = book

    def queued(self, channel: Channel, queue: str, since: datetime, now: datetime) -> None:
        """Note that the caller waits in a queue; a second time for the same queue changes nothing."""
        call = channel.call
        party = channel.party or caller_of(call)
        name = clean_text(queue, _MAX_QUEUE_NAME)
        if call.in_queue and call.queue == name:
            return
        call.end_queue_visit(now)
        call.visit_queue(QueueVisit(queue=name, joined_at=since))
        # Who comes from a queue where nobody answered is there because that one's time ran out.
        cause = Cause.QUEUE_TIMED_OUT if call.went_unserved or call.in_queue else None
        call.queue = name
        call.in_queue = True
        call.went_unserved = False
        call.abandoned = False
        call.queued_at = since
        call.left_queue_at = None
        if party and party.state is not ConnectionState.NULL:
            # Behind a Local channel the caller may hear it over a bridge: the waiting is what counts.
            party.queue(since)
        self._book.say(CallEventKind.QUEUED, call, party, now, cause)

    def left_queue(self, call: LiveCall, now: datetime) -> None:
        """Note that the caller waits no more: somebody answered, or nobody will."""
        if not call.in_queue:
            return
        call.in_queue = False
        call.went_unserved = True
        call.left_queue_at = now
        call.end_queue_visit(now)
        for party in call.parties:
            if party.state is ConnectionState.QUEUED:
                party.change(ConnectionState.INITIATED, now)

    def alerting(self, channel: Channel, now: datetime) -> None:
        """Note that the device rings."""
        party = channel.party
        if party is None or party.state is not ConnectionState.INITIATED or channel.state is ChannelState.RING:
            return
        if party.is_pickup or party.connected_at:
            return
        party.alert(now)
        if not has_twin(channel.call, party):
            self._book.say(CallEventKind.DELIVERED, channel.call, party, now)

    def answered(self, channel: Channel, now: datetime) -> None:
        """Note that the one for whom the PBX makes a call picked up; the other is called now, which will be told."""
        party = channel.party
        if party is None or not channel.call.is_originated or party.role is not Role.CALLER:
            return
        if party.state in _NOT_YET:
            party.connect(now)

    def talking(self, channels: Iterable[Channel], call: LiveCall, newcomer: Channel | None, now: datetime) -> None:
        """Note that these channels hear each other; the newcomer brought in another call, where there is one."""
        answered: list[tuple[Channel, Party]] = [
            (channel, channel.party)
            for channel in channels
            if channel.party and channel.state is ChannelState.UP and not channel.party.is_observer
        ]
        if len(answered) < 2:  # noqa: PLR2004 - it takes two to talk
            return
        joined: list[Party] = []
        for channel, party in answered:
            is_parked = party.state is ConnectionState.QUEUED and call.parked
            if party.state in OVER_OR_TALKING or is_parked:
                continue
            if party.role is Role.CALLED and channel.is_dialled and not call.partial:
                self.alerting(channel, now)
            joined.append(party)
        parties = [party for _, party in answered]
        if joined:
            self._establish(joined, call, now)
        for party in parties:
            if party.is_held_by_hub and any(_knew_each_other(party, other) for other in parties if other is not party):
                self.retrieved(call, party, now)
        if len(parties) >= _CONFERENCE:
            self._confer(parties, call, newcomer.party if newcomer else None, now)

    def _establish(self, joined: list[Party], call: LiveCall, now: datetime) -> None:
        self.left_queue(call, now)
        call.went_unserved = False
        call.answered_at = call.answered_at or now
        newly = [party for party in joined if not party.connected_at]
        for party in joined:
            party.connect(now)
        answering = [party for party in newly if party.role is Role.CALLED] or (newly or joined)[-1:]
        for party in answering:
            cause = Cause.CALL_PICKUP if party.is_pickup else None
            self._book.say(CallEventKind.ESTABLISHED, call, party, now, cause)

    def _confer(self, parties: list[Party], call: LiveCall, newcomer: Party | None, now: datetime) -> None:
        """Tell of a conference, and of each who joins it later."""
        heard = {party.id for party in parties}
        # An agent's two channels in one bridge are the moment in which a transfer joins them.
        people = {party.device if party.agent else party.id for party in parties}
        if len(people) >= _CONFERENCE and not heard <= call.conferees:
            call.conferees |= heard
            newcomer = newcomer or max(parties, key=lambda party: party.connected_at or now)
            self._book.say(CallEventKind.CONFERENCED, call, newcomer, now)

    def unanswered(self, channel: Channel, now: datetime) -> None:
        """Note that a device was rung in vain, before its channel is gone: its agent's pop has no business there."""
        if channel.party:
            self._book.end(channel.party, channel, channel.asked_code, now, None)

    def held(self, call: LiveCall, party: Party, now: datetime, *, by_hub: bool = False) -> None:
        """Note that this device put the other side on hold."""
        self._certain(call, party, now)
        if party.state is ConnectionState.CONNECTED:
            party.is_held_by_hub = by_hub
            party.hold(now)
            self._book.say(CallEventKind.HELD, call, party, now)

    def retrieved(self, call: LiveCall, party: Party, now: datetime) -> None:
        """Note that this device talks again to the side that it held."""
        if party.state is ConnectionState.HOLD:
            party.is_held_by_hub = False
            party.is_taken_off_hold = False
            party.change(ConnectionState.CONNECTED, now)
            self._book.say(CallEventKind.RETRIEVED, call, party, now)

    def taken_off_hold(self, call: LiveCall, party: Party, now: datetime) -> None:
        """Note that the PBX took this device's hold off: for talking again, or for a transfer that is said next."""
        if party.state is ConnectionState.HOLD and not party.is_taken_off_hold:
            party.is_taken_off_hold = True
            self._book.doubt(lambda: self._certain(call, party, now), now)

    def _certain(self, call: LiveCall, party: Party, now: datetime) -> None:
        """Tell that the call was retrieved, where that was in doubt, and no transfer came."""
        if party.is_taken_off_hold and call.ended_at is None:
            self.retrieved(call, party, now)

    def muted(self, call: LiveCall, party: Party, now: datetime, *, is_muted: bool) -> None:
        """Note that nobody hears this device, or that it is heard again."""
        if party.state in TALKING and party.is_muted is not is_muted:
            party.mute(is_muted=is_muted)
            self._book.inform(call, party, now)


def _knew_each_other(holder: Party, other: Party) -> bool:
    """Whether the other was there before the hold: who is asked meanwhile came after it."""
    return bool(other.connected_at and holder.held_at and other.connected_at <= holder.held_at)
