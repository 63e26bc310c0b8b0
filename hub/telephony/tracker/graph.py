"""The graph of channels: who exists, who dialled whom, who hears whom. What follows for calls goes to the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.domain.call import CallEventKind, Cause, ConnectionState, Role
from hub.telephony.tracker.book import caller_of
from hub.telephony.tracker.channels import (
    Bridge,
    Channel,
    ChannelState,
    device_of,
    is_device,
    is_ephemeral,
    is_message_channel,
)
from hub.telephony.tracker.recent import RecentNames
from hub.telephony.tracker.verdict import was_answered_by_another, was_given_up_by_pbx

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.calls import LiveCall
    from hub.telephony.tracker.states import States

_GONE_REMEMBERED = 10_000
"""Channels whose end is remembered, so that a late or repeated event does not bring them back."""

HOLDING_BRIDGE = "holding_bridge"
"""The technology of bridges whose members wait, each alone, hearing music: parking lots, waiting agents."""


class ChannelGraph:
    """The channels of one PBX, and the bridges and Local halves that join them."""

    def __init__(self, book: CallBook, states: States) -> None:
        self._book = book
        self._states = states
        self._channels: dict[str, Channel] = {}
        self._bridges: dict[str, Bridge] = {}
        self._displaced: dict[str, Channel] = {}
        self._gone = RecentNames(_GONE_REMEMBERED)
        self.find = self._channels.get

    def all(self) -> list[Channel]:
        return list(self._channels.values())

    def __len__(self) -> int:
        return len(self._channels)

    def open(
        self, uid: str, name: str, linkedid: str, state: ChannelState, started_at: datetime, *, is_new: bool
    ) -> Channel | None:
        """Begin to follow a channel; None for one that is over or is no call's.

        `is_new` says that its beginning is seen. The linkedid is believed only here, for want of better:
        from then on dials, halves and bridges say who belongs together.
        """
        if not uid or uid in self._gone or is_message_channel(name):
            return None
        call = self._book.find(linkedid)
        is_first = not linkedid or linkedid == uid
        if call is None:
            call = self._book.open(uid, linkedid, started_at, partial=not (is_new and is_first))
            call.is_orphan = is_new and not is_first
        channel = Channel(uid, name, state, call, started_at)
        self._channels[uid] = channel
        is_caller = is_first or (call.is_originated and caller_of(call) is None)
        self._book.enter(channel, Role.CALLER if is_caller else Role.CALLED, started_at)
        return channel

    def change_state(self, channel: Channel, state: ChannelState, now: datetime) -> None:
        """Take a channel's new state. An answered channel stays so, whatever comes late."""
        if channel.state not in (state, ChannelState.UP):
            channel.state = state
            if state is ChannelState.UP:
                channel.answer(now)
            self.reflect(channel, now)

    def reflect(self, channel: Channel, now: datetime) -> None:
        """Bring a connection up to its channel's state."""
        if channel.state is ChannelState.RINGING:
            self._states.alerting(channel, now)
        elif channel.state is ChannelState.UP:
            if channel.is_dialled:
                self._states.alerting(channel, now)
            self._states.answered(channel, now)
            if channel.bridge:
                self._meet(channel, now)
        elif channel.state is ChannelState.RING and channel.call.first_uid == channel.uid and channel.is_party:
            self._book.arrived(channel.call)

    def dial(self, dialer: Channel | None, dialled: Channel, now: datetime, *, is_own: bool = False) -> None:
        """One channel calls another; `is_own` says that it is the PBX itself that calls (Originate)."""
        dialled.is_dialled = True
        call = dialled.call
        if is_own and dialled.uid == call.first_uid:
            call.is_originated = True
            # What was rung first is for whom the call is made, not whom it goes to.
            call.called_text = ""
            _find_called_first(call)
        elif dialled.party and dialled.party.state is ConnectionState.INITIATED and not _is_called_first(dialled):
            dialled.party.take_role(Role.CALLED)
        if dialer is not None:
            dialled.dialer = dialer
            self._book.merge(dialer.call, dialled.call, now)
        # Who is dialled for again has not given up, whatever was cancelled before.
        dialled.call.abandoned = False
        self.reflect(dialled, now)

    def dial_for(self, call: LiveCall, dialled: Channel, now: datetime) -> None:
        """Let the PBX itself call a device for this call."""
        dialled.is_dialled = True
        self._book.merge(call, dialled.call, now)
        if dialled.party is not None:
            dialled.party.take_role(Role.CALLED)
        self.reflect(dialled, now)

    def pick_up(self, picker: Channel, target: Channel, now: datetime) -> None:
        """Let a device take the call of another that rings."""
        party, target.party = target.party, None
        if party is not None and party.state is not ConnectionState.NULL:
            was_ringing = party.state is ConnectionState.ALERTING
            party.end(Cause.CALL_PICKUP, now)
            if was_ringing:
                self._book.say(CallEventKind.DIVERTED, target.call, party, now, Cause.CALL_PICKUP)
        picker.is_dialled = True
        picker.dialer = target.dialer
        self._book.merge(target.call, picker.call, now)
        if picker.party is not None:
            picker.party.take_role(Role.CALLED)
            picker.party.is_pickup = True

    def cancel(self, channel: Channel, now: datetime) -> None:
        """Note that dialling was cancelled, and see by whom: somebody else's answer, or a caller who gave up."""
        call = channel.call
        if was_answered_by_another(channel):
            self._states.unanswered(channel, now)
            return
        if was_given_up_by_pbx(channel):
            channel.dial_status = "NOANSWER"
            self._states.unanswered(channel, now)
            return
        outer = channel.dialer.other_half if channel.dialer else None
        if outer is None or outer.dial_status in {"", "CANCEL"}:
            call.abandoned = True

    def join_halves(self, one: Channel, two: Channel, now: datetime) -> None:
        """Say that these are the two ends of one Local channel."""
        one.other_half, two.other_half = two, one
        self._book.merge(one.call, two.call, now)

    def join_bridge(
        self, channel: Channel, bridge_id: str, technology: str, now: datetime, *, instead_of: Channel | None = None
    ) -> None:
        """Put a channel into a bridge, out of the one it was in, and see who hears whom now.

        `instead_of` is the channel whose place it takes there.
        """
        if instead_of is not None and instead_of.bridge is not None and instead_of.bridge.id == bridge_id:
            self.leave_bridge(instead_of)
        if channel.bridge is not None and channel.bridge.id == bridge_id:
            return
        self.leave_bridge(channel)
        if not bridge_id or technology == HOLDING_BRIDGE:
            return
        bridge = self._bridges.get(bridge_id)
        if bridge is None:
            bridge = self._bridges[bridge_id] = Bridge(bridge_id)
        channel.join(bridge)
        if len(bridge.members) > 1:
            self._meet(channel, now)

    def count_in(self, bridge_id: str, newcomer: Channel) -> int:
        """Return how many channels are in a bridge with the newcomer."""
        bridge = self._bridges.get(bridge_id)
        return 1 if bridge is None else len(bridge.members.keys() | {newcomer.uid})

    def is_awaited(self, newcomer: Channel, bridge_id: str) -> bool:
        """Whether somebody of another call is in that bridge."""
        bridge = self._bridges.get(bridge_id)
        return bridge is not None and any(other.call is not newcomer.call for other in bridge.members.values())

    def _meet(self, channel: Channel, now: datetime) -> None:
        reachable = list(channel.reachable())
        call = channel.call
        was_merged = any(other.call is not call for other in reachable)
        for other in reachable:
            if other.call is not call:
                call = self._book.merge(call, other.call, now)
        for other in reachable:
            if other.is_waiting_agent and other.party is None and len(reachable) > 1:
                other.is_dialled = True
                self._book.take_part(other, Role.CALLED, now)
        self._states.talking(reachable, call, channel if was_merged else None, now)

    def leave_bridge(self, channel: Channel) -> None:
        """Take a channel out of the bridge it is in, if any."""
        bridge, channel.bridge = channel.bridge, None
        if bridge is not None:
            if channel.party and channel.call.conferees:
                channel.call.conferees.discard(channel.party.id)
            bridge.members.pop(channel.uid, None)
            if not bridge.members:
                self._bridges.pop(bridge.id, None)

    def drop(self, channel: Channel, code: int, now: datetime, *, is_unseen: bool = False) -> None:
        """Forget a channel that is gone; `is_unseen` where nobody told how."""
        del self._channels[channel.uid]
        self.remember_gone(channel.uid)
        self.leave_bridge(channel)
        channel.die()
        if self._displaced:
            self._displaced = {name: other for name, other in self._displaced.items() if other is not channel}
        self._book.leave(channel, code, now, is_unseen=is_unseen)

    def remember_gone(self, uid: str) -> None:
        """Keep a channel from being taken in later."""
        if uid:
            self._gone.add(uid)

    def rename(self, channel: Channel, name: str, now: datetime) -> None:
        """Follow a masquerade: a channel takes the name, and so the device, of another that then goes."""
        before, channel.name = channel.name, name
        if is_ephemeral(name):
            if not is_ephemeral(before):
                self._displaced[before] = channel
            return
        displaced = self._displaced.pop(name, None)
        device = device_of(name)
        if displaced is channel or (device == channel.device and displaced is None):
            return
        channel.device = device
        channel.is_party = is_device(name)
        if displaced is not None:
            channel.inherit(displaced)
        self._succeed(channel, displaced, now)

    def _succeed(self, channel: Channel, displaced: Channel | None, now: datetime) -> None:
        """Let `channel` go on as another device: that of `displaced`, whose connection it takes, or a new one."""
        party, channel.party = channel.party, None
        if party and party.state is ConnectionState.ALERTING:
            party.end(Cause.ANSWERED_ELSEWHERE, now)
            self._book.say(CallEventKind.DIVERTED, channel.call, party, now, Cause.ANSWERED_ELSEWHERE)
        elif party and party.state is not ConnectionState.NULL:
            party.end(Cause.REDIRECTED, now)
        if displaced and (displaced.party or channel.other_half):
            self._book.merge(channel.call, displaced.call, now)
            if displaced.uid in channel.call.recorders:
                channel.call.recorders[channel.uid] = channel.call.recorders.pop(displaced.uid)
        if displaced and displaced.party:
            channel.party, displaced.party = displaced.party, None
        elif channel.is_party:
            self._book.take_part(channel, Role.CALLED, now)
        if channel.bridge and channel.party:
            self._meet(channel, now)


def _find_called_first(call: LiveCall) -> None:
    """Give the one whom the PBX rings first its role, where its channel behind a Local was told of before."""
    if caller_of(call) is None and call.parties:
        call.parties[0].take_role(Role.CALLER)


def _is_called_first(dialled: Channel) -> bool:
    """Whether this is whom the PBX rings, over a Local channel, so as to call another for them."""
    return dialled.call.is_originated and dialled.party is not None and dialled.party.role is Role.CALLER
