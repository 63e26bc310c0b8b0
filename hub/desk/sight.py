"""What each who asks may see of customers, and that they saw it: one way for all that goes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from hub.desk.access import Caller
from hub.desk.frames import AgentProfile
from hub.domain.agent import QueueStatus
from hub.domain.call import Call
from hub.domain.customer import CustomerContext
from hub.domain.identity import IdentityDecided, IdentityDecision
from hub.domain.ports import Access, AccessAction, AccessLog, CallLogEntry, StoredEvent, Visibility

EVERYBODY: Final = "*"
"""The key of an access to everybody's data: a stream of events."""


class Sight:
    """`agents` say which role an agent has; whoever is no agent is a machine with a token."""

    def __init__(self, visibility: Visibility, accesses: AccessLog, agents: Mapping[str, AgentProfile]) -> None:
        self.visibility = visibility
        self._accesses = accesses
        self._agents = agents

    def role(self, caller: Caller) -> str:
        if caller.session is not None:
            return self.role_of(caller.session.agent)
        return f"token:{caller.token}"

    def role_of(self, agent: str) -> str:
        known = self._agents.get(agent)
        return known.role if known is not None else "agent"

    def saw(self, caller: Caller, action: AccessAction, keys: Iterable[str], *, call_id: str = "") -> None:
        """Write down that a caller is given data of those whom index keys name; of nobody, where a search found none.

        What somebody searched for is not written down: it may be a name, and found customers have their ids.
        """
        viewer = f"agent:{caller.session.agent}" if caller.session is not None else f"token:{caller.token}"
        self._write(viewer, action, keys, call_id)

    def popped(self, agent: str, keys: Iterable[str], call_id: str) -> None:
        """Write down that an agent's page shows whom a call is with."""
        self._write(f"agent:{agent}", AccessAction.POP, keys, call_id)

    def listed(self, agent: str, keys: Iterable[str]) -> None:
        """Write down that an agent's page shows whom."""
        self._write(f"agent:{agent}", AccessAction.VIEW, keys, "")

    def call(self, call: Call, role: str) -> Call:
        return self.visibility.call_for(call, role)

    def context(self, context: CustomerContext | None, role: str) -> CustomerContext | None:
        return None if context is None else self.visibility.context_for(context, role)

    def decision(self, decision: IdentityDecision, role: str) -> IdentityDecision:
        return self.visibility.decision_for(decision, role)

    def decided(self, decided: IdentityDecided, role: str) -> IdentityDecided:
        return self.visibility.decided_for(decided, role)

    def log_entry(self, entry: CallLogEntry, role: str) -> CallLogEntry:
        return self.visibility.entry_for(entry, role)

    def queue(self, queue: QueueStatus, role: str) -> QueueStatus:
        """Return a queue with the numbers of who waits as this role sees them."""
        if not queue.waiting or not self.visibility.hides_from(role):
            return queue
        waiting = (
            msgspec.structs.replace(one, caller=self.visibility.number_for(one.caller, role)) for one in queue.waiting
        )
        return msgspec.structs.replace(queue, waiting=tuple(waiting))

    def event(self, stored: StoredEvent, role: str) -> StoredEvent:
        """Return an event as this role sees it; ask `hides_from` first where there are many."""
        return msgspec.structs.replace(stored, body=self.visibility.event_for(stored.body, role))

    def _write(self, viewer: str, action: AccessAction, keys: Iterable[str], call_id: str) -> None:
        access = Access(at=datetime.now(UTC), viewer=viewer, action=action, keys=tuple(keys), call_id=call_id)
        self._accesses.seen(access)


def keys_of_calls(calls: Iterable[Call]) -> Sequence[str]:
    """Return the numbers of the parties outside, as index keys."""
    numbers = (call.customer_number.e164 for call in calls)
    return tuple(dict.fromkeys(f"tel:{number}" for number in numbers if number))


def keys_of_context(context: CustomerContext) -> frozenset[str]:
    """Return whom a context tells of: each customer by the ids of their records, and the number."""
    keys = {f"id:{system}:{identity}" for customer in context.customers for system, identity in customer.ids.items()}
    if context.phone.e164:
        keys.add(f"tel:{context.phone.e164}")
    return frozenset(keys)
