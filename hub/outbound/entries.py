"""What is written of an event: made from it as it is, or by the rule's mapping. Whose it is comes later."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hub.domain.call import Call, CallEvent, CallEventKind
from hub.domain.call_activity import call_activity, last_to_talk
from hub.domain.change import CaseChange, ChangeKind, OrderChange, as_interaction
from hub.domain.event import Event
from hub.domain.interaction import Interaction
from hub.domain.writeback import WriteBack, WriteKind
from hub.mapping.errors import MappingRunError
from hub.mapping.mapping import Mapping as EventMapping
from hub.outbound.plain import plain_event
from hub.outbound.rules import Rule


class NotMadeError(Exception):
    """Nothing can be made of an event: why, and if a mapping says so, which of its fields."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


def entry_of(event: Event, rule: Rule, *, agent_names: Mapping[str, str], region: str) -> WriteBack:
    """Return what the rule writes of an event, with an id that is always the same for it. Raises NotMadeError."""
    if rule.mapping is not None:
        return _mapped(event, rule, rule.mapping, region)
    made = _built_in(event, agent_names)
    return msgspec.structs.replace(made, kind=rule.kind)


def entry_id(event: Event) -> str:
    """Return the id under which backends keep what is written of an event.

    A call's is that of the call, an interaction's its own with its source: of either there is one, however often it is
    told. Of everything else each event is a thing of its own.
    """
    match event.data:
        case CallEvent(kind=CallEventKind.CLEARED, call=call):
            return call.id
        case Interaction() as interaction:
            return f"{interaction.source}:{interaction.id}"
        case _:
            return event.id


def _built_in(event: Event, agent_names: Mapping[str, str]) -> WriteBack:
    match event.data:
        case CallEvent(call=call):
            return msgspec.structs.replace(_of_call(call, agent_names), id=entry_id(event))
        case Interaction() as interaction:
            return _of_interaction(interaction, entry_id(event))
        case OrderChange() | CaseChange() as changed:
            made = _of_interaction(as_interaction(changed, received=event.time), entry_id(event))
            what = "Order" if isinstance(changed, OrderChange) else "Case"
            happened = made.disposition or ("deleted" if changed.change is ChangeKind.DELETED else "changed")
            number = changed.order.id if isinstance(changed, OrderChange) else changed.case.id
            return msgspec.structs.replace(made, subject=f"{what} {number}: {happened}", note=made.subject)
        case _:
            raise NotMadeError(f"what is to be written on {event.type} has to be said by a mapping")


def _of_call(call: Call, agent_names: Mapping[str, str]) -> WriteBack:
    agent = last_to_talk(call) or ""
    return call_activity(call, agent=agent, agent_name=agent_names.get(agent, agent))


def _of_interaction(interaction: Interaction, identity: str) -> WriteBack:
    phones = interaction.customer.phones
    is_named = interaction.reference in f"{interaction.subject}\n{interaction.text}"
    return WriteBack(
        id=identity,
        kind=WriteKind.ACTIVITY,
        channel=interaction.channel,
        direction=interaction.direction,
        phone=phones[0] if phones else "",
        subject=interaction.subject,
        note="\n".join(filter(None, (interaction.text, "" if is_named else interaction.reference))),
        disposition=interaction.status,
        started_at=interaction.at,
    )


def _mapped(event: Event, rule: Rule, mapping: EventMapping, region: str) -> WriteBack:
    try:
        return mapping.run_write_back(
            plain_event(event), entry_id=entry_id(event), kind=rule.kind, customer="", region=region
        )
    except MappingRunError as error:
        raise NotMadeError(error.message, error.field) from error
