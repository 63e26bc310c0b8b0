"""Events for a machine that need not see all of what they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog

from hub.domain.call import CallEvent
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.control import CommandRecord
from hub.domain.customer import Case, CustomerContext, Order
from hub.domain.event import EventData, WriteBackRequest, decode_event, encode_event
from hub.domain.identity import IdentityDecision
from hub.domain.interaction import Channel, Interaction
from hub.privacy import veil
from hub.privacy.masks import DOTS, masked_key, masked_number
from hub.privacy.rules import RoleRules

if TYPE_CHECKING:
    from hub.domain.ports import Visibility

log = structlog.get_logger(__name__)

_replace = msgspec.structs.replace


def veiled_event(body: bytes, role: str, visibility: Visibility, rules: RoleRules) -> bytes:
    """Return an event's JSON with what the role need not see hidden.

    Of one that does not fit today's types nothing is known, so none of its data goes out.
    """
    try:
        event = decode_event(body)
    except msgspec.ValidationError as error:
        log.warning("event_not_shown", reason=str(error))
        raw: dict[str, object] = msgspec.json.decode(body)
        return msgspec.json.encode({**raw, "subject": "", "partitionkey": "", "data": {}})

    def key(text: str) -> str:
        return masked_key(text, phones=rules.phones, emails=rules.emails)

    shown = _replace(
        event,
        subject=key(event.subject),
        partitionkey=key(event.partitionkey),
        data=_data(event.data, role, visibility, rules),
    )
    return encode_event(shown)


def _data(data: EventData, role: str, visibility: Visibility, rules: RoleRules) -> EventData:  # noqa: C901, PLR0911 - a table
    match data:
        case CallEvent():
            connection = data.connection
            if rules.phones and connection is not None:
                number = data.call.customer_number
                connection = veil.veiled_connection(connection, number.e164 or number.raw)
            return _replace(data, call=visibility.call_for(data.call, role), connection=connection)
        case CustomerContext():
            return visibility.context_for(data, role)
        case CustomerChange():
            return _replace(data, customer=visibility.record_for(data.customer, role))
        case OrderChange():
            order = Order(id=data.order.id) if Channel.ORDER in rules.channels else data.order
            return _replace(data, customer=veil.veiled_ref(data.customer, rules), order=order)
        case CaseChange():
            case = Case(id=data.case.id) if Channel.CASE in rules.channels else data.case
            return _replace(data, customer=veil.veiled_ref(data.customer, rules), case=case)
        case Interaction():
            return visibility.interaction_for(data, role)
        case Callback():
            return veil.veiled_callback(data, rules)
        case CommandRecord() if rules.phones and (to := getattr(data.command, "to", "")):
            # A command's number is of few characters.
            return _replace(data, command=_replace(data.command, to=masked_number(to).replace(DOTS, "***")))
        case WriteBackRequest():
            return _write_back(data, rules)
        case IdentityDecision():
            return veil.veiled_decision(data, rules)
        case _:
            return data


def _write_back(request: WriteBackRequest, rules: RoleRules) -> WriteBackRequest:
    entry = request.entry
    if rules.phones and entry.phone:
        entry = _replace(entry, phone=masked_number(entry.phone))
    if entry.channel in rules.channels:
        entry = _replace(entry, subject="", note="")
    return _replace(request, entry=entry)
