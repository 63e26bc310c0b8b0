"""What customers' timelines are derived into: a line for each contact and matter, and for each finished call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hub.domain.call import Call, Direction
from hub.domain.call_activity import was_rung_into_another
from hub.domain.change import CaseChange, ChangeKind, OrderChange, as_interaction
from hub.domain.customer import CustomerContext
from hub.domain.customer_keys import keys_of_call
from hub.domain.event import ABOUT, Event, is_wrap_up
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.repeats import PROGRESS
from hub.journal import timeline_statements as statements
from hub.journal.writes import Derivation, Write, index_key, microseconds

CODES: Final[dict[Channel, int]] = {
    Channel.PHONE: 1,
    Channel.EMAIL: 2,
    Channel.CHAT: 3,
    Channel.WEB: 4,
    Channel.SELF_SERVICE: 5,
    Channel.BRANCH: 6,
    Channel.ORDER: 7,
    Channel.CASE: 8,
    Channel.OTHER: 9,
}
"""How the tables call the channels. Never change one."""

CALLS: Final = "/pbx"
"""The source of all calls' lines: their ids are unique over all PBXs."""
LONGEST_REFERENCE: Final = 200
"""Characters of a matter's number; what is longer is none that anybody comes back with."""
LONGEST_STATE: Final = 100

_encoder = msgspec.json.Encoder()


def interaction_of(event: Event) -> Interaction | None:
    """Return an event as a line of its customer's contacts; None for one that is none."""
    match event.data:
        case Interaction() as interaction:
            return interaction
        case OrderChange() | CaseChange() as changed:
            return as_interaction(changed, received=event.time)
    return None


def derive_contact(position: int, event: Event) -> Derivation | None:
    """Index a contact or a matter by its customer's keys, in its newest state; what was said of a call, with that."""
    interaction = interaction_of(event)
    if interaction is None:
        return None
    if is_wrap_up(event):
        return Derivation(("call", interaction.reference), _note(position, interaction))
    at = microseconds(interaction.at)
    source, identity = index_key(interaction.source), index_key(interaction.id)
    reference = "" if interaction.channel in PROGRESS else matter(interaction.reference)
    # A matter that was deleted is none of the customer's any more, and an older report doesn't bring it back.
    is_deleted = _is_deleted(event)
    state = state_of(position, event, interaction)
    channel = CODES[interaction.channel]
    writes: list[Write] = [
        (statements.FORGET_LINE_KEYS, (source, identity, at, position)),
        (statements.SAVE_LINE, (source, identity, at, position, position, state)),
    ]
    writes += [
        (statements.SAVE_LINE_KEY, (index_key(key), channel, at, reference, source, identity, position))
        for key in (() if is_deleted else interaction.customer.keys())
    ]
    return Derivation(("interaction", source, identity), writes)


def state_of(position: int, event: Event, interaction: Interaction) -> str:
    """Return what an event adds to how its matter came to its state, as `lines.states` has it; "" if nothing."""
    if interaction.channel not in PROGRESS or _is_deleted(event):
        return ""
    return _state(microseconds(interaction.at), position, interaction.status)


def _is_deleted(event: Event) -> bool:
    return getattr(event.data, "change", None) is ChangeKind.DELETED


def call_writes(position: int, call: Call) -> Sequence[Write]:
    """Return what makes a finished call a line under its number, and under the ids of whom it was with."""
    if call.direction is Direction.INTERNAL or was_rung_into_another(call):
        return ()
    number = call.customer_number.e164
    keys = CustomerRef(phones=(number,)).keys() if number else ()
    at = microseconds(call.started_at)
    return [
        (statements.SAVE_CALL, (CALLS, call.id, at, position, position, "")),
        *((statements.SAVE_CALL_NUMBER, (call.id, index_key(key))) for key in keys),
        _filed(call.id),
    ]


def context_writes(position: int, context: CustomerContext) -> Sequence[Write]:
    """Return what files a call under whom it was with; to be carried out once the context is kept."""
    call_id = context.call_id
    return [
        (statements.FORGET_CALL_KEYS, (call_id, position)),
        *((statements.SAVE_CALL_KEY, (call_id, index_key(key), position)) for key in keys_of_call(context)),
        (statements.FORGET_CALL_LINE, (CALLS, call_id)),
        _filed(call_id),
    ]


def matter(reference: str) -> str:
    """Return by what a matter is told from others, "" if it can't be."""
    return reference if len(reference) <= LONGEST_REFERENCE else ""


def _note(position: int, said: Interaction) -> Sequence[Write]:
    return [
        (statements.SAVE_CALL_NOTE, (said.reference, position, matter(said.extra.get(ABOUT, "")))),
        _filed(said.reference),
    ]


def _filed(call_id: str) -> Write:
    return statements.SAVE_CALL_LINE, (CALLS, call_id, CODES[Channel.PHONE])


def _state(at: int, position: int, status: str) -> str:
    entry: tuple[Any, ...] = (at, position, status[:LONGEST_STATE])
    return f"\n{_encoder.encode(entry).decode()}"
