"""What a page may be told of agents, queues and commands: pure readings of the agent directory."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.desk.frames import AgentProfile, QueueView, TeamMember
from hub.domain.agent import AgentState, AgentStatus, QueueStatus, WaitingCall

_SUPERVISORS_ONLY = frozenset({"monitor"})


def commands_for(profile: AgentProfile, possible: Iterable[str]) -> tuple[str, ...]:
    """Return those of the possible commands that the agent may give at all."""
    return tuple(sorted(name for name in possible if profile.role == "supervisor" or name not in _SUPERVISORS_ONLY))


def queue_view(status: QueueStatus) -> QueueView:
    return QueueView(
        pbx=status.pbx,
        queue=status.queue,
        waiting=len(status.waiting),
        longest_wait_since=status.longest_wait_since,
        logged_on=status.logged_on,
        ready=status.ready,
        service_level_s=status.service_level_s,
        service_level=status.service_level,
    )


def own_queues(
    profile: AgentProfile, status: AgentStatus | None, queues: Iterable[QueueStatus]
) -> tuple[QueueStatus, ...]:
    """Return the queues that the agent is a member of, or becomes one of by logging on; a supervisor's are all."""
    if profile.role == "supervisor":
        return tuple(queues)
    if status is None:
        return ()
    members = {(one.pbx, one.queue) for one in status.queues}
    members |= {(device.pbx, queue) for device in status.devices for queue in profile.queues}
    return tuple(one for one in queues if (one.pbx, one.queue) in members)


def callback_queues(profile: AgentProfile, status: AgentStatus | None) -> frozenset[str] | None:
    """Return the queues whose callbacks the agent sees, None for all: those that they are in, or would be logged on."""
    if profile.role == "supervisor":
        return None
    return frozenset((*profile.queues, *(one.queue for one in (status.queues if status is not None else ()))))


def without_callers(status: QueueStatus) -> QueueStatus:
    """Return a queue as an agent may see it: since when how many wait, and not who."""
    waiting = tuple(WaitingCall(position=one.position, since=one.since) for one in status.waiting)
    return msgspec.structs.replace(status, waiting=waiting)


def team_member(status: AgentStatus, *, number: str, call_id: str) -> TeamMember:
    """Return all that a supervisor may see of an agent."""
    return TeamMember(
        agent=status.agent,
        name=status.name,
        state=status.state,
        since=status.since,
        number=number,
        reason=status.reason if status.state is AgentState.NOT_READY else "",
        queues=tuple(sorted({one.queue for one in status.queues})),
        call_id=call_id,
    )


def as_colleague(member: TeamMember) -> TeamMember:
    """Return what every agent may see of another."""
    return TeamMember(
        agent=member.agent, name=member.name, state=member.state, since=member.since, number=member.number
    )
