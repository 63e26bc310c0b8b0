"""Calls, from the events of one Asterisk: pure, so the same live and replayed."""

from hub.telephony.tracker.channels import CHANNEL_STATES, ChannelState
from hub.telephony.tracker.noise import EXCLUDED_EVENTS
from hub.telephony.tracker.snapshot import PbxSnapshot, SeenChannel, WaitingCaller
from hub.telephony.tracker.tracker import WANTED_EVENTS, CallTracker

__all__ = [
    "CHANNEL_STATES",
    "EXCLUDED_EVENTS",
    "WANTED_EVENTS",
    "CallTracker",
    "ChannelState",
    "PbxSnapshot",
    "SeenChannel",
    "WaitingCaller",
]
