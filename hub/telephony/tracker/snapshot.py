"""What a PBX says is there at one moment, and how the calls are brought in line with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from hub.telephony.tracker.channels import ChannelState
from hub.telephony.tracker.graph import HOLDING_BRIDGE

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.graph import ChannelGraph

_DIALLED_BY = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""What Asterisk shows as the application of a channel that Dial, Originate or Queue made."""


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


class PbxSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a PBX says is there. `holding_bridges` are those whose members don't hear each other."""

    channels: tuple[SeenChannel, ...] = ()
    waiting: tuple[WaitingCaller, ...] = ()
    holding_bridges: frozenset[str] = frozenset()


def apply_snapshot(graph: ChannelGraph, book: CallBook, snapshot: PbxSnapshot, now: datetime) -> None:
    """Drop what is gone, take in what is new, and join as the snapshot says; steps are given out as they show."""
    listed = {seen.uid: seen for seen in snapshot.channels}
    for known in graph.all():
        if known.uid not in listed:
            graph.drop(known, 0, now, is_unseen=True)
    # A call's first channel comes first, so that it and not one that it dialled begins the call.
    first_ones_first = sorted(listed.values(), key=lambda seen: (seen.uid != seen.linkedid, -seen.age))
    found = [(channel, seen) for seen in first_ones_first if (channel := _take_in(graph, seen, now))]
    _join_halves(graph, found, now)
    for channel, seen in found:
        if channel.bridge is not None and channel.bridge.id != seen.bridge_id:
            graph.leave_bridge(channel)
    for channel, seen in found:
        technology = HOLDING_BRIDGE if seen.bridge_id in snapshot.holding_bridges else ""
        graph.join_bridge(channel, seen.bridge_id, technology, now)
    _fill_queues(graph, book, snapshot, now)
    for channel, seen in found:
        if not channel.is_gone:
            graph.change_state(channel, seen.state, now)
            graph.reflect(channel, now)


def _take_in(graph: ChannelGraph, seen: SeenChannel, now: datetime) -> Channel | None:
    channel = graph.find(seen.uid)
    if channel is not None:
        return channel
    channel = graph.open(seen.uid, seen.name, seen.linkedid, seen.state, now - seen.age, is_new=False)
    if channel is None:
        return None
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


def _join_halves(graph: ChannelGraph, found: list[tuple[Channel, SeenChannel]], now: datetime) -> None:
    """Pair the Local channels: the list has no event for that, but the halves differ only in `;1` and `;2`."""
    by_name = {channel.name: channel for channel, _ in found}
    for name, channel in by_name.items():
        if name.endswith(";1"):
            other = by_name.get(f"{name[:-1]}2")
            if other is not None:
                graph.join_halves(channel, other, now)


def _fill_queues(graph: ChannelGraph, book: CallBook, snapshot: PbxSnapshot, now: datetime) -> None:
    waiting_calls = set()
    for waiting in snapshot.waiting:
        channel = graph.find(waiting.uid)
        if channel is not None:
            waiting_calls.add(channel.call.id)
            book.queued(channel, waiting.queue, now - waiting.waited, now)
    for call in book.all_calls():
        if call.id not in waiting_calls:
            book.left_queue(call, now)
