"""After-call work: what an agent still has to write down once the caller is gone.

The hub pauses the agent's places in the moment in which app_queue says that the call is over (AgentComplete), with a
reason of its own, and unpauses them when the time is over. Pausing earlier, while they talk, would leave no gap at
all, but a queue with `joinempty = no` would turn callers away as soon as all agents talk: for it a paused member is
none. The gap is the few milliseconds between the phone becoming free and the pause; where not even these may bring a
call, `wrapuptime = 2` in queues.conf closes them.

What is in force is known from the members' pause reasons, so that it outlives a restart of the hub.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from hub.telephony.agents.members import AFTER_CALL_REASON, Member, MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RETRY = timedelta(seconds=5)
"""How long after a pause or its end failed it is tried again."""


class PauseOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub wants a PBX to do to one place of an agent."""

    agent: str
    place: MemberKey
    is_paused: bool
    reason: str = ""


class AfterCallWork:
    """One agent's, at all PBXs.

    `due_s`: work of so many seconds begins when the agent is out of all calls. `until`: its end, once it has begun.
    `ordered` are places that count as paused already, as the order to do it is on its way.
    """

    __slots__ = ("due_s", "ordered", "releasing", "until")

    def __init__(self) -> None:
        self.due_s: float | None = None
        self.until: datetime | None = None
        self.ordered: set[MemberKey] = set()
        self.releasing: set[MemberKey] = set()

    def call_completed(self, open_places: Sequence[Member], seconds: float) -> list[PauseOrder]:
        """Begin after a queue call; an agent who has paused themselves by then, or has no time, has none."""
        if seconds <= 0 or not open_places:
            return []
        self.due_s, self.until = seconds, None
        self.ordered.update(place.key for place in open_places)
        return [
            PauseOrder(agent=place.agent, place=place.key, is_paused=True, reason=AFTER_CALL_REASON)
            for place in open_places
        ]

    def look(
        self, places: Sequence[Member], *, is_busy: bool, now: datetime, seconds_of: Callable[[Member], float]
    ) -> list[PauseOrder]:
        """Bring this in line with the places as they are; return what is to be done now.

        `seconds_of` says how long the work is after a call in that place, for work that a hub before this one began.
        """
        by_key = {place.key: place for place in places}
        self.ordered = {key for key in self.ordered if key in by_key and not by_key[key].is_paused}
        own = [place for place in places if place.is_paused and place.reason == AFTER_CALL_REASON]
        self.releasing &= {place.key for place in own}
        if not own and not self.ordered:
            self.due_s = self.until = None
            return []
        if self.due_s is None and self.until is None:
            self._resume(own, seconds_of, is_busy=is_busy, now=now)
        if self.due_s is not None and not is_busy:
            self.until, self.due_s = now + timedelta(seconds=self.due_s), None
        if self.until is None or self.until > now:
            return []
        due = [place for place in own if place.key not in self.releasing]
        self.releasing.update(place.key for place in due)
        return [PauseOrder(agent=place.agent, place=place.key, is_paused=False) for place in due]

    def failed(self, order: PauseOrder, now: datetime) -> None:
        """Take it that an order was not carried out: a pause is given up, its end is tried again."""
        self.ordered.discard(order.place)
        if not order.is_paused:
            self.releasing.discard(order.place)
            self.until = now + RETRY

    def _resume(
        self, own: Sequence[Member], seconds_of: Callable[[Member], float], *, is_busy: bool, now: datetime
    ) -> None:
        if not own:
            return
        last = max(own, key=lambda place: (place.in_call, place.last_call))
        seconds = seconds_of(last)
        if is_busy:
            self.due_s = seconds
        else:
            self.until = (last.last_call_at or now) + timedelta(seconds=seconds)
