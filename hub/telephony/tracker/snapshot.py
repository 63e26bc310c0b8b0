"""What a PBX says is there at one moment, and how the calls are brought in line with it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from hub.telephony.tracker.channels import ChannelState
from hub.telephony.tracker.graph import HOLDING_BRIDGE
from hub.telephony.tracker.party import TALKING

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.tracker.agent_pool import AgentPool
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.conferences import Conferences
    from hub.telephony.tracker.graph import ChannelGraph
    from hub.telephony.tracker.parking import Parking
    from hub.telephony.tracker.states import States
    from hub.telephony.tracker.variables import Variables

_DIALLED_BY = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""What Asterisk shows as the application of a channel that Dial, Originate or Queue made."""

_WAITING_AGENT = "AgentLogin"


class SeenChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel as `CoreShowChannels` lists it; `age` is how long it has been there."""

    uid: str
    name: str
    linkedid: str = ""
    state: ChannelState = ChannelState.DOWN
    caller: str = ""
    caller_name: str = ""
    connected: str = ""
    connected_name: str = ""
    extension: str = ""
    application: str = ""
    bridge_id: str = ""
    age: timedelta = timedelta()


class WaitingCaller(msgspec.Struct, frozen=True, kw_only=True):
    """One caller in a queue as `QueueStatus` lists it; `waited` is for how long."""

    uid: str
    queue: str
    waited: timedelta = timedelta()


class ParkedCaller(msgspec.Struct, frozen=True, kw_only=True):
    """One parked call as `ParkedCalls` lists it; `place` is LOT/SPACE."""

    uid: str
    place: str
    parker: str = ""


class Conferee(msgspec.Struct, frozen=True, kw_only=True):
    """One in a conference room as `ConfbridgeList` lists them."""

    uid: str
    room: str
    is_muted: bool = False


class PbxSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a PBX says is there.

    `holding_bridges` are those whose members don't hear each other. `variables` are the values of the configured
    channel variables, by uniqueid and name. `device_holds` says of devices whether they hold all their calls, as far
    as the PBX tells.
    """

    channels: tuple[SeenChannel, ...] = ()
    waiting: tuple[WaitingCaller, ...] = ()
    holding_bridges: frozenset[str] = frozenset()
    parked: tuple[ParkedCaller, ...] = ()
    conferees: tuple[Conferee, ...] = ()
    variables: dict[str, dict[str, str]] = {}
    device_holds: dict[str, bool] = {}


class SnapshotReader:
    """Brings calls in line with a snapshot; steps are given out as they show."""

    def __init__(
        self,
        *,
        graph: ChannelGraph,
        book: CallBook,
        states: States,
        parking: Parking,
        conferences: Conferences,
        pool: AgentPool,
        variables: Variables,
    ) -> None:
        self._graph = graph
        self._book = book
        self._states = states
        self._parking = parking
        self._conferences = conferences
        self._pool = pool
        self._variables = variables

    def apply(self, snapshot: PbxSnapshot, now: datetime) -> None:
        """Drop what is gone, take in what is new, and join as the snapshot says."""
        listed = {seen.uid: seen for seen in snapshot.channels}
        for known in self._graph.all():
            if known.uid not in listed:
                self._graph.drop(known, 0, now, is_unseen=True)
        # A call's first channel comes first, so that it and not one that it dialled begins the call.
        first_ones_first = sorted(listed.values(), key=lambda seen: (seen.uid != seen.linkedid, -seen.age))
        found = [(channel, seen) for seen in first_ones_first if (channel := self._take_in(seen, now))]
        _join_halves(self._graph, found, now)
        self._fill_variables(snapshot, now)
        for channel, seen in found:
            if channel.bridge is not None and channel.bridge.id != seen.bridge_id:
                self._graph.leave_bridge(channel)
        for channel, seen in found:
            technology = HOLDING_BRIDGE if seen.bridge_id in snapshot.holding_bridges else ""
            self._graph.join_bridge(channel, seen.bridge_id, technology, now)
        self._fill_queues(snapshot, now)
        self._fill_lots(snapshot, now)
        for channel, seen in found:
            if not channel.is_gone:
                self._graph.change_state(channel, seen.state, now)
                self._graph.reflect(channel, now)
        self._fill_rooms(snapshot, now)
        self._fill_holds(snapshot, now)

    def _take_in(self, seen: SeenChannel, now: datetime) -> Channel | None:
        channel = self._graph.find(seen.uid)
        if channel is not None:
            if channel.name != seen.name:
                self._graph.rename(channel, seen.name, now)
            return channel
        channel = self._graph.open(seen.uid, seen.name, seen.linkedid, seen.state, now - seen.age, is_new=False)
        if channel is None:
            return None
        if seen.application == _WAITING_AGENT:
            self._pool.wait(channel, now)
            return channel
        channel.is_dialled = seen.application in _DIALLED_BY or seen.state is ChannelState.RINGING
        if channel.party is not None:
            channel.call.learn_numbers(
                channel.party,
                caller=seen.caller,
                caller_name=seen.caller_name,
                connected=seen.connected,
                connected_name=seen.connected_name,
                extension=seen.extension,
            )
        return channel

    def _fill_queues(self, snapshot: PbxSnapshot, now: datetime) -> None:
        waiting_calls = set()
        for waiting in snapshot.waiting:
            channel = self._graph.find(waiting.uid)
            if channel is not None:
                waiting_calls.add(channel.call.id)
                self._states.queued(channel, waiting.queue, now - waiting.waited, now)
        for call in self._book.all_calls():
            if call.id not in waiting_calls:
                self._states.left_queue(call, now)

    def _fill_lots(self, snapshot: PbxSnapshot, now: datetime) -> None:
        parked_calls = set()
        for parked in snapshot.parked:
            channel = self._graph.find(parked.uid)
            if channel is not None:
                parked_calls.add(channel.call.id)
                self._parking.park(channel, parked.place, parked.parker, now)
        for call in self._book.all_calls():
            if call.parked and call.id not in parked_calls:
                self._parking.clear(call)

    def _fill_rooms(self, snapshot: PbxSnapshot, now: datetime) -> None:
        for conferee in snapshot.conferees:
            channel = self._graph.find(conferee.uid)
            if channel is not None:
                self._conferences.join(channel, conferee.room, now, is_muted=conferee.is_muted)

    def _fill_holds(self, snapshot: PbxSnapshot, now: datetime) -> None:
        talking = [channel for channel in self._graph.all() if channel.party and channel.party.state in TALKING]
        how_many = Counter(channel.device for channel in talking)
        for channel in talking:
            party = channel.party
            # A device with two calls holds one of them, and the PBX doesn't tell which.
            is_held = snapshot.device_holds.get(channel.device)
            if party is None or party.is_held_by_hub or is_held is None or how_many[channel.device] > 1:
                continue
            if is_held:
                self._states.held(channel.call, party, now)
            else:
                self._states.retrieved(channel.call, party, now)

    def _fill_variables(self, snapshot: PbxSnapshot, now: datetime) -> None:
        for uid, values in snapshot.variables.items():
            channel = self._graph.find(uid)
            if channel is not None:
                for name, value in values.items():
                    self._variables.found(channel, name, value, now)


def _join_halves(graph: ChannelGraph, found: list[tuple[Channel, SeenChannel]], now: datetime) -> None:
    """Pair the Local channels: the list has no event for that, but the halves differ only in `;1` and `;2`."""
    by_name = {channel.name: channel for channel, _ in found}
    for name, channel in by_name.items():
        if name.endswith(";1"):
            other = by_name.get(f"{name[:-1]}2")
            if other is not None:
                graph.join_halves(channel, other, now)
