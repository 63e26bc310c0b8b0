"""Callers join queues and leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.sight import Sight
    from hub.telephony.tracker.states import States


class Queues:
    """Not QueueCallerAbandon: app_queue says it also where the queue's own time ran out and the caller is still there.

    HangupRequest is what a caller who goes brings about.
    """

    EVENTS: ClassVar[dict[str, str]] = {"QueueCallerJoin": "joined", "QueueCallerLeave": "left"}

    def __init__(self, sight: Sight, states: States) -> None:
        self._sight = sight
        self._states = states

    def joined(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now)
        if channel is not None:
            self._states.queued(channel, event.get("Queue"), now, now)

    def left(self, event: AmiEvent, now: datetime) -> None:
        channel = self._sight.present(event, now)
        if channel is not None:
            self._states.left_queue(channel.call, now)
