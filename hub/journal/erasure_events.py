"""Events of which nothing personal is left: readable, in their place, and of no customer any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hub.domain.call import Call, CallEvent, Connection
from hub.domain.callback import Callback, CallbackState
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.control import CommandRecord
from hub.domain.customer import Case, Customer, CustomerContext, CustomerRecord, Order
from hub.domain.event import ERASED, Event, EventData, FeedData, WriteBackRequest
from hub.domain.identity import IdentityDecision
from hub.domain.interaction import CustomerRef, Interaction, Note
from hub.domain.phone import PhoneNumber, names_number
from hub.domain.writeback import WriteBack
from hub.journal.erasure_scope import Scope

_replace = msgspec.structs.replace


def concerns(event: Event, scope: Scope) -> bool:
    """Whether anything of the customer's is in an event."""
    return event.subject in scope.keys or event.partitionkey in scope.keys or _emptied(event.data, scope) is not None


def emptied(event: Event, scope: Scope) -> Event | None:
    """Return the event without anything of the customer's; None where there is nothing of theirs in it.

    Its id, type, source, time and place stay, so that who reads on, or hears of it a second time, finds it. A call
    keeps its course, a contact its channel; a customer, an order or a case is told as deleted.
    """
    data = _emptied(event.data, scope)
    if data is None and not scope.has((event.subject, event.partitionkey)):
        return None
    is_of_call = isinstance(event.data, CallEvent | CustomerContext | CommandRecord)
    if is_of_call:
        return _replace(event, data=event.data if data is None else data)
    if isinstance(event.data, Callback | IdentityDecision):
        return _replace(event, subject=ERASED, data=event.data if data is None else data)
    return _replace(event, subject=ERASED, partitionkey=ERASED, data=event.data if data is None else data)


def emptied_whole(event: Event) -> Event | None:  # noqa: PLR0911 - a table
    """Return an event without anybody in it, whoever that was; None for one that is about no customer."""
    match event.data:
        case CallEvent() as step:
            return _replace(event, data=_call_step(step))
        case CustomerContext() as context:
            left = CustomerContext(
                call_id=context.call_id,
                phone=PhoneNumber(anonymous=True),
                revision=context.revision,
                complete=context.complete,
            )
            return _replace(event, data=left)
        case CommandRecord(command=command) if getattr(command, "to", ""):
            return _replace(event, data=_replace(event.data, command=_replace(command, to=ERASED)))
        case Callback() as callback:
            return _replace(event, subject=ERASED, data=_callback(callback))
        case WriteBackRequest(entry=entry) as request:
            return _replace(event, subject=ERASED, data=_replace(request, entry=_write_back(entry), reason=""))
        case CustomerChange() | OrderChange() | CaseChange() | Interaction() as told:
            return _replace(event, subject=ERASED, partitionkey=ERASED, data=_told(told))
    return None


def emptied_call(call: Call) -> Call:
    """Return a call without the party outside: their number, name, and what they chose or were recorded saying."""
    numbers = {one for one in (call.customer_number.e164, call.customer_number.raw) if one}
    side = "called" if call.customer_number is call.called else "caller"
    changes: dict[str, Any] = {side: PhoneNumber(anonymous=True)}
    return _replace(
        call,
        caller_name="",
        variables={},
        recordings=(),
        connections=tuple(_connection(one, numbers) for one in call.connections),
        transfers=tuple(_replace(one, to="") if _names_number(one.to, numbers) else one for one in call.transfers),
        **changes,
    )


def _emptied(data: EventData, scope: Scope) -> EventData | None:  # noqa: C901, PLR0911 - a table
    match data:
        case CallEvent(call=call) if scope.has_call(call):
            return _call_step(data)
        case CustomerContext():
            return _context(data, scope)
        case CustomerChange(customer=record) if _is_of(record, scope):
            return _told(data)
        case OrderChange(customer=customer) | CaseChange(customer=customer) if scope.has(customer.keys()):
            return _told(data)
        case Interaction(customer=customer) if scope.has(customer.keys()) or _is_about_call(data, scope):
            return _told(data)
        case Callback(customer=customer, phone=phone) if scope.has((*customer.keys(), f"tel:{phone}")):
            return _callback(data)
        case WriteBackRequest(entry=entry, connector=connector):
            keys = (f"tel:{entry.phone}", f"id:{connector}:{entry.customer}")
            return _replace(data, entry=_write_back(entry), reason="") if scope.has(keys) else None
        case IdentityDecision() if data.key in scope.keys or not scope.records.isdisjoint(data.records):
            records = tuple(one for one in data.records if one not in scope.records)
            return _replace(data, records=records, key="", reason="", withdrawn=True)
        case CommandRecord(command=command) if to := getattr(command, "to", ""):
            is_theirs = data.result.call_id in scope.calls or getattr(command, "call_id", "") in scope.calls
            if to != ERASED and (is_theirs or _names_number(to, scope.numbers)):
                return _replace(data, command=_replace(command, to=ERASED))
    return None


def _call_step(step: CallEvent) -> CallEvent:
    number = step.call.customer_number
    numbers = {one for one in (number.e164, number.raw) if one}
    connection = None if step.connection is None else _connection(step.connection, numbers)
    return _replace(step, call=emptied_call(step.call), connection=connection, digit="")


def _told(data: FeedData) -> FeedData:
    match data:
        case CustomerChange(customer=record):
            return CustomerChange(customer=CustomerRecord(system=record.system, id=""), change=ChangeKind.DELETED)
        case OrderChange():
            return _replace(data, customer=CustomerRef(), order=Order(id=""), change=ChangeKind.DELETED)
        case CaseChange():
            return _replace(data, customer=CustomerRef(), case=Case(id=""), change=ChangeKind.DELETED)
        case Interaction():
            return _interaction(data)


def _is_of(record: CustomerRecord, scope: Scope) -> bool:
    return f"id:{record.system}:{record.id}" in scope.keys


def _context(context: CustomerContext, scope: Scope) -> CustomerContext | None:
    """Leave the customer out of a context in which others may be, too."""
    own = [customer for customer in context.customers if scope.has_customer(customer)]
    contacts = tuple(one for one in context.interactions if not scope.has(one.customer.keys()))
    answers = tuple(
        _replace(answer, records=tuple(record for record in answer.records if not _is_of(record, scope)))
        for answer in context.answers
    )
    is_theirs = scope.is_meant(context) or context.call_id in scope.calls
    has_number = is_theirs or f"tel:{context.phone.e164}" in scope.keys
    callback = context.callback
    asked = callback is not None and scope.has((*callback.customer.keys(), f"tel:{callback.phone}"))
    is_among = bool(own) or asked or len(contacts) < len(context.interactions)
    if not has_number and not is_among and answers == context.answers:
        return None
    if is_theirs:
        # What else is in it was found for them: contacts on a number, orders by an id.
        contacts = ()
    chosen = context.chosen
    return _replace(
        context,
        phone=PhoneNumber(anonymous=True) if has_number else context.phone,
        customers=_others(context, own),
        chosen=None if chosen is None or chosen.record in scope.records else chosen,
        maybe_same=tuple(one for one in context.maybe_same if scope.records.isdisjoint((one.one, one.other))),
        answers=answers,
        interactions=contacts,
        has_older=context.has_older and not is_theirs,
        repeats=() if is_theirs or is_among else context.repeats,
        callback=None if asked or is_theirs else callback,
    )


def _others(context: CustomerContext, own: Sequence[Customer]) -> tuple[Customer, ...]:
    """Leave the customer's place among several empty: nobody else shall look like the one who was meant."""
    others = [customer for customer in context.customers if customer not in own]
    return tuple(Customer(ids={}) if one in own else one for one in context.customers) if others else ()


def _interaction(interaction: Interaction) -> Interaction:
    return Interaction(
        id="",
        channel=interaction.channel,
        at=interaction.at,
        subject="",
        customer=CustomerRef(),
        source=interaction.source,
        direction=interaction.direction,
        agent=interaction.agent,
        duration_s=interaction.duration_s,
        notes=tuple(Note(at=note.at, agent=note.agent, disposition=note.disposition) for note in interaction.notes),
    )


def _is_about_call(interaction: Interaction, scope: Scope) -> bool:
    return bool(interaction.reference) and interaction.reference in scope.calls


def _callback(callback: Callback) -> Callback:
    is_over = callback.state.is_over
    return Callback(
        id=callback.id,
        site=callback.site,
        phone="",
        customer=CustomerRef(),
        requested_at=callback.requested_at,
        at=callback.at,
        state=callback.state if is_over else CallbackState.CANCELLED,
        queue=callback.queue,
        attempts=callback.attempts,
        agent=callback.agent,
        call_id=callback.call_id,
    )


def _write_back(entry: WriteBack) -> WriteBack:
    return WriteBack(id=ERASED, kind=entry.kind, channel=entry.channel, agent=entry.agent, queue=entry.queue)


def _connection(connection: Connection, numbers: Iterable[str]) -> Connection:
    """Leave the number out of an outside party's connection, and out of a device that is called after it."""
    if connection.agent:
        return connection
    device = "" if _names_number(connection.device, numbers) else connection.device
    return _replace(connection, number=None, device=device)


def _names_number(text: str, numbers: Iterable[str]) -> bool:
    return any(names_number(text, number) for number in numbers)
