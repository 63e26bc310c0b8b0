"""The queues of one PBX as others see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.domain.agent import DeviceState, QueueStatus, WaitingCall
from hub.domain.phone import PhoneNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.telephony.agents.callers import QueueCallers
    from hub.telephony.agents.figures import QueueFigures, Waiting
    from hub.telephony.agents.members import Member
    from hub.telephony.agents.queue_book import QueueBook

_CALLABLE = (DeviceState.IDLE, DeviceState.UNKNOWN)
"""Device states in which app_queue rings a member."""

_OCCUPIED = (DeviceState.BUSY, DeviceState.HELD, DeviceState.ALERTING)


def queue_statuses(book: QueueBook, callers: QueueCallers, *, counts: Callable[[Member], bool]) -> list[QueueStatus]:
    """Return the queues by name; none of a PBX that is away. `counts` says whether a member is logged on."""
    members: dict[str, list[Member]] = {}
    for member in book.members():
        if counts(member):
            members.setdefault(member.queue, []).append(member)
    return [_status(book.pbx, queue, figures, members.get(queue, ()), callers) for queue, figures in book.queues()]


def _status(
    pbx: str, queue: str, figures: QueueFigures, members: Sequence[Member], callers: QueueCallers
) -> QueueStatus:
    return QueueStatus(
        pbx=pbx,
        queue=queue,
        strategy=figures.strategy,
        waiting=tuple(_waiting(pbx, place, one, callers) for place, one in enumerate(figures.waiting, start=1)),
        logged_on=len(members),
        ready=sum(not one.is_paused and one.status in _CALLABLE for one in members),
        busy=sum(one.status in _OCCUPIED for one in members),
        completed=figures.completed,
        abandoned=figures.abandoned,
        hold_s=figures.hold_s,
        talk_s=figures.talk_s,
        service_level_s=figures.service_level_s,
        service_level=figures.service_level,
    )


def _waiting(pbx: str, position: int, waiting: Waiting, callers: QueueCallers) -> WaitingCall:
    # The caller is taken from the call alone: the tracker knows whose number is withheld.
    call = callers.find(pbx, waiting.uid)
    return WaitingCall(
        position=position,
        since=waiting.since,
        call_id=call.id if call else "",
        caller=call.caller if call else PhoneNumber(),
    )
