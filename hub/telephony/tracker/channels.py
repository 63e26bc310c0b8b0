"""Channels as Asterisk names them, and the graph between them: Local halves, dials, bridges."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from hub.domain.call import Cause, Monitoring
from hub.domain.phone import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hub.telephony.tracker.calls import LiveCall
    from hub.telephony.tracker.party import Party

_MAX_NAME = 200
"""Characters of a channel's or a queue's name that are kept; Asterisk's own limit is 79."""

_NOT_PARTIES = frozenset(
    {
        "Local",
        "AsyncGoto",
        "Announcer",
        "CBAnn",
        "CBRec",
        "Bridge",
        "Message",
        "MulticastRTP",
        "Parked",
        "Recorder",
        "Snoop",
        "Surrogate",
        "",
    }
)
"""Channel technologies behind which nobody sits: plumbing, recorders, announcements, messages."""

_EPHEMERAL_MARKS = ("<MASQ>", "<ZOMBIE>")


class ChannelState(enum.IntEnum):
    """`ChannelState` of AMI (Asterisk's channelstate.h), as far as it matters here."""

    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6


CHANNEL_STATES = {str(int(state)): state for state in ChannelState}
"""By the text that AMI gives; the states that are missing here count as down."""


class Channel:
    """One channel. `is_party` says that a device is behind it; `other_half` joins the two of a Local.

    `dial_status` is how its dialling ended (`DialEnd`'s DialStatus, or FORWARD); the first word on it counts,
    as app_queue follows NOANSWER with CANCEL. `asked_code` is the cause with which its far end hung up, 0 so far.
    `parting` is why its device's connection will end, where that is known before. `monitors` is how it will listen
    in, `aimed_at` what its device dialled, `recording_file` what its recording is called, and `room` the conference
    it is in. A waiting agent's channel is logged on for long and given one call after the other.
    """

    __slots__ = (
        "aimed_at",
        "asked_code",
        "begun_at",
        "bridge",
        "call",
        "device",
        "dial_status",
        "dialer",
        "has_hung_up",
        "is_dialled",
        "is_gone",
        "is_party",
        "is_waiting_agent",
        "monitors",
        "name",
        "other_half",
        "parting",
        "party",
        "recording_file",
        "room",
        "state",
        "uid",
        "up_at",
    )

    def __init__(self, uid: str, name: str, state: ChannelState, call: LiveCall, begun_at: datetime) -> None:
        self.uid = uid
        self.begun_at = begun_at
        self.up_at: datetime | None = begun_at if state is ChannelState.UP else None
        self.has_hung_up = False
        self.name = name
        self.device = device_of(name)
        self.is_party = is_device(name)
        self.state = state
        self.call = call
        self.party: Party | None = None
        self.bridge: Bridge | None = None
        self.dialer: Channel | None = None
        self.other_half: Channel | None = None
        self.is_dialled = False
        self.is_gone = False
        self.is_waiting_agent = False
        self.parting: Cause | None = None
        self.monitors = Monitoring.SPY
        self.recording_file = ""
        self.aimed_at = ""
        self.room = ""
        self.dial_status = ""
        self.asked_code = 0

    @property
    def is_local(self) -> bool:
        return self.name.startswith("Local/")

    def reachable(self) -> Iterator[Channel]:
        """Yield every channel that hears this one: over bridges and through Local halves, itself first."""
        seen = {self.uid}
        waiting = [self]
        while waiting:
            channel = waiting.pop()
            yield channel
            neighbours = list(channel.bridge.members.values()) if channel.bridge else []
            if channel.other_half and not channel.other_half.is_gone:
                neighbours.append(channel.other_half)
            for neighbour in neighbours:
                if neighbour.uid not in seen:
                    seen.add(neighbour.uid)
                    waiting.append(neighbour)

    def answer(self, now: datetime) -> None:
        self.state = ChannelState.UP
        self.up_at = self.up_at or now

    def join(self, bridge: Bridge) -> None:
        self.bridge = bridge
        bridge.members[self.uid] = self

    def inherit(self, displaced: Channel) -> None:
        """Go on as the end of the Local channel that another was till now."""
        half = displaced.other_half
        if half is not None and not half.is_gone:
            self.other_half, half.other_half = half, self
            displaced.other_half = None

    def die(self) -> None:
        """Note the channel's end. Its other half goes on knowing how its dialling ended."""
        self.is_gone = True
        self.other_half = None


class Bridge:
    """The channels that hear each other at one place."""

    __slots__ = ("id", "members")

    def __init__(self, bridge_id: str) -> None:
        self.id = bridge_id
        self.members: dict[str, Channel] = {}


def device_of(channel_name: str) -> str:
    """Return the device a channel belongs to: its name without the last hyphen and what follows.

    `PJSIP/front-desk-0000002a` is a channel of `PJSIP/front-desk`.
    """
    name = clean_text(channel_name, _MAX_NAME)
    for mark in _EPHEMERAL_MARKS:
        name = name.removesuffix(mark)
    return name.rpartition("-")[0] or name


def is_device(channel_name: str) -> bool:
    """Whether somebody may sit behind the channel."""
    return channel_name.partition("/")[0] not in _NOT_PARTIES


def is_ephemeral(channel_name: str) -> bool:
    """Whether the name is one that a channel has only while another takes its place."""
    return channel_name.endswith(_EPHEMERAL_MARKS)


def is_message_channel(channel_name: str) -> bool:
    """Whether this is the channel that carries text messages: it is no call, and lives until Asterisk stops."""
    return channel_name.startswith("Message/")
