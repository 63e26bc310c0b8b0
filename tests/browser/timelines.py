"""A customer's timeline as a test says it is, by pages and channels, and calls that are over."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.domain.customer import CustomerContext
from hub.domain.interaction import Channel, Interaction, TimelinePage
from hub.domain.ports import CallLogEntry


class MemoryTimeline:
    """`all` are the interactions, the newest first; what was asked for is kept, keys left out."""

    def __init__(self) -> None:
        self.all: list[Interaction] = []
        self.asked: list[tuple[tuple[Channel, ...], str, int]] = []

    async def timeline(
        self,
        keys: Sequence[str],  # noqa: ARG002 - the port's shape
        *,
        channels: Collection[Channel] = (),
        before: str = "",
        limit: int = 50,
    ) -> TimelinePage:
        self.asked.append((tuple(channels), before, limit))
        fitting = [one for one in self.all if not channels or one.channel in channels]
        start = int(before or 0)
        end = start + limit
        more = str(end) if end < len(fitting) else ""
        return TimelinePage(interactions=tuple(fitting[start:end]), next=more)


class NoArchive:
    """Nothing is known of calls that are over."""

    async def finished_call(self, call_id: str) -> CallLogEntry | None:  # noqa: ARG002 - the port's shape
        return None

    async def context_of(self, call_id: str) -> CustomerContext | None:  # noqa: ARG002 - the port's shape
        return None
