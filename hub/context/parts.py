"""Who has, or had, a part in a call."""

from __future__ import annotations

from hub.domain.call import Call, Role
from hub.domain.ports import CallArchive, LiveCalls


async def call_with_agents(
    call_id: str, *, live: LiveCalls, archive: CallArchive
) -> tuple[Call, frozenset[str]] | None:
    """Return a call, live or over, and its agents; who only listens in has no part. Raises StoreError."""
    call = next((call for call in live.live_calls() if call.id == call_id), None)
    if call is not None:
        return call, frozenset(one.agent for one in call.connections if one.agent and one.role is not Role.OBSERVER)
    entry = await archive.finished_call(call_id)
    if entry is None:
        return None
    return entry.call, frozenset((*entry.agents, *entry.answered_by))
