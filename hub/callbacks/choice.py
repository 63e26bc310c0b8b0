"""Which agent calls next: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.config.web_feed import CallbackSection
from hub.domain.agent import AgentState, AgentStatus, DeviceState, QueueStatus

_CAN_BE_RUNG = frozenset({DeviceState.IDLE, DeviceState.UNKNOWN})
_IS_USED = frozenset({DeviceState.ALERTING, DeviceState.BUSY, DeviceState.HELD})


def next_agent(
    section: CallbackSection,
    *,
    agents: Sequence[AgentStatus],
    queues: Sequence[QueueStatus],
    taken: Collection[str],
) -> str | None:
    """Return the agent of the queue who has been ready for longest, None while there is nobody.

    Callers who wait in the queue go first: while there is one nobody is taken away from them. A queue that is not there
    is one of a PBX that is away. `taken` are agents that are left alone, because they call somebody already, or have
    just not answered.
    """
    places = [one for one in queues if one.queue == section.queue and section.pbx in (None, one.pbx)]
    if not places or any(place.waiting for place in places):
        return None
    pbxs = {place.pbx for place in places}
    free = [
        agent
        for agent in agents
        if agent.agent not in taken
        and (not section.agents or agent.agent in section.agents)
        and agent.state is AgentState.READY
        and _can_be_rung(agent)
        and any(place.queue == section.queue and place.pbx in pbxs and not place.is_paused for place in agent.queues)
    ]
    return min(free, key=lambda agent: (agent.since, agent.agent)).agent if free else None


def _can_be_rung(agent: AgentStatus) -> bool:
    """Whether the phone that is rung, the agent's first, is there, and none of them is in use."""
    states = [device.state for device in agent.devices]
    return bool(states) and states[0] in _CAN_BE_RUNG and _IS_USED.isdisjoint(states)
