"""Agents who log on by phone and stay connected, waiting to be given calls (AgentLogin of app_agent_pool)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.sight import Sight

POOL_BRIDGES = "AgentPool"
"""Who made the bridges, by their events, in which such agents wait."""


class AgentPool:
    """A waiting agent's channel is no call. Each that it is given is one, from bridge to bridge."""

    EVENTS: ClassVar[dict[str, str]] = {"AgentLogin": "logged_on", "AgentLogoff": "logged_off"}

    def __init__(self, sight: Sight, book: CallBook) -> None:
        self._sight = sight
        self._book = book

    def logged_on(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now)
        if channel is not None:
            self.wait(channel, now)

    def wait(self, channel: Channel, now: datetime) -> None:
        """Take the channel for that of a waiting agent."""
        if not channel.is_waiting_agent:
            channel.is_waiting_agent = True
            if channel.bridge is None:
                self._book.rest(channel, now)

    def logged_off(self, event: AmiEvent, _now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is not None:
            channel.is_waiting_agent = False
