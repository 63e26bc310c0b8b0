"""Calls, from the events of one Asterisk: pure, so the same live and replayed."""

from hub.telephony.tracker.channels import CHANNEL_STATES, ChannelState
from hub.telephony.tracker.noise import EXCLUDED_EVENTS
from hub.telephony.tracker.snapshot import Conferee, ParkedCaller, PbxSnapshot, SeenChannel, WaitingCaller
from hub.telephony.tracker.tracker import WANTED_EVENTS, CallTracker, FollowedChannel

__all__ = [
    "CHANNEL_STATES",
    "EXCLUDED_EVENTS",
    "WANTED_EVENTS",
    "CallTracker",
    "ChannelState",
    "Conferee",
    "FollowedChannel",
    "ParkedCaller",
    "PbxSnapshot",
    "SeenChannel",
    "WaitingCaller",
]
