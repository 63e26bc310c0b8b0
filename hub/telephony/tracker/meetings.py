"""Channels meet in bridges and leave them, hold each other and talk again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.telephony.tracker.agent_pool import POOL_BRIDGES, AgentPool
from hub.telephony.tracker.channels import ChannelState
from hub.telephony.tracker.graph import HOLDING_BRIDGE
from hub.telephony.tracker.sight import number

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.graph import ChannelGraph
    from hub.telephony.tracker.sight import Sight
    from hub.telephony.tracker.states import States

_UP = str(int(ChannelState.UP))


class Meetings:
    EVENTS: ClassVar[dict[str, str]] = {
        "BridgeEnter": "entered",
        "BridgeLeave": "left",
        "Hold": "held",
        "Unhold": "retrieved",
    }

    def __init__(self, sight: Sight, graph: ChannelGraph, states: States, book: CallBook, pool: AgentPool) -> None:
        self._sight = sight
        self._pool = pool
        self._graph = graph
        self._states = states
        self._book = book

    def entered(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now)
        if channel is None:
            return
        if event.get("ChannelState") == _UP:
            channel.answer(now)
        bridge, technology = event.get("BridgeUniqueid"), event.get("BridgeTechnology")
        if technology == HOLDING_BRIDGE and event.get("BridgeCreator") == POOL_BRIDGES:
            self._pool.wait(channel, now)
        displaced = self._sight.known(event, "Swap")
        unheard = number(event.get("BridgeNumChannels")) - self._graph.count_in(bridge, channel)
        # The one who announces in a conference room has no events of its own.
        if unheard > 1 or (unheard == 1 and event.get("BridgeCreator") != "ConfBridge"):
            channel.call.partial = True
        self._graph.join_bridge(channel, bridge, technology, now, instead_of=displaced)
        self._let_agent_wait(channel, now)
        if displaced is not None:
            self._let_agent_wait(displaced, now)

    def left(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is not None and channel.bridge is not None and channel.bridge.id == event.get("BridgeUniqueid"):
            self._graph.leave_bridge(channel)
            self._let_agent_wait(channel, now)

    def _let_agent_wait(self, channel: Channel, now: datetime) -> None:
        """Let an agent of the pool who is in no bridge any more wait for the next call."""
        if channel.is_waiting_agent and channel.bridge is None and channel.party is not None:
            self._book.rest(channel, now)

    def held(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is not None and channel.party is not None:
            self._states.held(channel.call, channel.party, now)

    def retrieved(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.known(event)
        if channel is not None and channel.party is not None:
            self._states.taken_off_hold(channel.call, channel.party, now)
