"""Which channel an event is about; one come upon in the middle of its call is taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.telephony.tracker.channels import CHANNEL_STATES, ChannelState

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.graph import ChannelGraph

_MAX_DIGITS = 9
_NONE = frozenset({"", "none"})
"""What AMI gives as the uniqueid of no channel; of a global variable's, for one."""


class Sight:
    """Reads the headers by which AMI describes a channel. An event may describe several, told apart by a prefix."""

    def __init__(self, graph: ChannelGraph) -> None:
        self._graph = graph

    def known(self, event: AmiEvent, prefix: str = "") -> Channel | None:
        """Return the channel if it is followed."""
        return self._graph.find(event.get(f"{prefix}Uniqueid"))

    def present(self, event: AmiEvent, now: datetime, prefix: str = "") -> Channel | None:
        """Return the channel, followed from now on at the latest; None where there is none, or it is over."""
        uid = event.get(f"{prefix}Uniqueid")
        channel = self._graph.find(uid)
        if channel is not None or uid in _NONE:
            return channel
        state = CHANNEL_STATES.get(event.get(f"{prefix}ChannelState"), ChannelState.DOWN)
        name, linkedid = event.get(f"{prefix}Channel"), event.get(f"{prefix}Linkedid")
        channel = self._graph.open(uid, name, linkedid, state, now, is_new=False)
        if channel is not None and channel.party is not None:
            channel.call.learn_numbers(
                channel.party,
                caller=event.get(f"{prefix}CallerIDNum"),
                caller_name=event.get(f"{prefix}CallerIDName"),
                connected=event.get(f"{prefix}ConnectedLineNum"),
                connected_name=event.get(f"{prefix}ConnectedLineName"),
                extension=event.get(f"{prefix}Exten"),
            )
            self._graph.reflect(channel, now)
        return channel


def number(text: str) -> int:
    """Read a small decimal number; what is none counts as 0, as does one longer than any that Asterisk means."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
