"""What an agent's state is, from their places in the queues and whether they are in a call."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hub.domain.agent import AgentState
from hub.telephony.agents.members import UNTIL_READY_REASON

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hub.telephony.agents.members import Member, MemberKey


class Judgement(msgspec.Struct, frozen=True):
    """A state with its pause reason, and when it ends by itself."""

    state: AgentState
    reason: str = ""
    until: datetime | None = None


def judge(
    places: Sequence[Member],
    *,
    is_seated: bool,
    is_busy: bool,
    about_to_pause: Collection[MemberKey],
    work_until: datetime | None,
    now: datetime,
) -> Judgement:
    """Return the state of an agent with these places.

    `is_seated` is an agent of app_agent_pool who has logged in there: logged on even without a queue.
    `about_to_pause` are places that the hub has just told the PBX to pause. A place in the queue's own wrap-up time
    gets no call either, and is after-call work too.
    """
    taken = [place for place in places if place.is_logged_on]
    if not taken and not is_seated:
        return Judgement(AgentState.LOGGED_OFF)
    if is_busy:
        return Judgement(AgentState.BUSY)
    wrapping = {place.key: end for place in taken if (end := place.wraps_up_until(now))}
    closed = [place for place in taken if place.is_paused or place.key in about_to_pause or place.key in wrapping]
    if len(closed) < len(taken) or not taken:
        return Judgement(AgentState.READY)
    if any(place.is_in_after_call_work or place.key in about_to_pause for place in taken):
        is_open_ended = any(place.is_paused and place.reason == UNTIL_READY_REASON for place in taken)
        return Judgement(AgentState.AFTER_CALL_WORK, until=None if is_open_ended else work_until)
    if wrapping:
        return Judgement(AgentState.AFTER_CALL_WORK, until=min(wrapping.values()))
    newest = max(taken, key=lambda place: (place.last_pause, place.queue))
    return Judgement(AgentState.NOT_READY, reason=newest.reason)
