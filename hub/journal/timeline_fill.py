"""What timelines take in of events of before there were any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.call import CallEvent, CallEventKind
from hub.domain.customer import CustomerContext
from hub.domain.event import Event, EventType
from hub.journal.filling import filling_of_events
from hub.journal.timeline_derived import call_writes, context_writes, derive_contact
from hub.journal.writes import Derivation


def _derived(position: int, event: Event) -> Sequence[Derivation]:
    match event.data:
        case CallEvent(kind=CallEventKind.CLEARED, call=call):
            return [Derivation(("call", call.id), call_writes(position, call))]
        case CustomerContext() as context:
            return [Derivation(("call", context.call_id), context_writes(position, context))]
    contact = derive_contact(position, event)
    return [] if contact is None else [contact]


TIMELINES: Final = filling_of_events(
    "timeline",
    frozenset(
        {
            EventType.CALL_CLEARED,
            EventType.CUSTOMER_CONTEXT_UPDATED,
            EventType.ORDER_CHANGED,
            EventType.CASE_CHANGED,
            EventType.INTERACTION_RECORDED,
        }
    ),
    _derived,
)
