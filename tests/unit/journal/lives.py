"""Two customers with a number in common, and everything that a journal can hold of them."""

from __future__ import annotations

from datetime import timedelta

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, ConnectionState, Direction, Role
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, CustomerChange, OrderChange
from hub.domain.control import Actor, CommandRecord, CommandResult, Dial
from hub.domain.customer import (
    AnswerState,
    BackendAnswer,
    Case,
    Customer,
    CustomerContext,
    CustomerRecord,
    Email,
    Name,
    Order,
    Phone,
    Sourced,
)
from hub.domain.event import (
    Event,
    WriteBackRequest,
    call_event,
    callback_event,
    command_event,
    context_event,
    feed_event,
    identity_event,
    interaction_event,
    new_id,
    write_back_event,
)
from hub.domain.identity import DecisionKind, IdentityDecision, Reason, RecordMatch, RecordRef
from hub.domain.inbound import DeadLetter, Transport
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber
from hub.domain.ports import Access, AccessAction
from hub.domain.writeback import WriteBack, WriteKind
from tests.unit.journal.samples import NOON, agent_connection

ANNA = "Anna Vogtländer"
ANNA_PHONE = "+4935155501234"
ANNA_EMAIL = "anna.vogtlaender@example.com"
BERND = "Bernd Kleinschmidt"
BERND_PHONE = "+4935155507777"
SWITCHBOARD = "+4935155500000"
TRACES = (ANNA, "Vogtländer", "155501234", ANNA_EMAIL, "Lange Gasse 7", "lawnmower", "anna/4711", "0351 555-01234")
"""What of Anna's must be found nowhere once she is erased."""

CRM_ANNA = CustomerRecord(
    system="crm",
    id="4711",
    name=Name(full=ANNA, surname="Vogtländer"),
    phones=(Phone(number=ANNA_PHONE), Phone(number=SWITCHBOARD)),
    emails=(Email(address=ANNA_EMAIL.title()),),
    extra={"street": "Lange Gasse 7"},
)
SAP_ANNA = CustomerRecord(system="sap", id="A-88", name=Name(full=ANNA), phones=(Phone(number=ANNA_PHONE),))
CRM_BERND = CustomerRecord(
    system="crm",
    id="99",
    name=Name(full=BERND),
    phones=(Phone(number=BERND_PHONE), Phone(number=SWITCHBOARD)),
)
ANNA_REF = CustomerRef(phones=(ANNA_PHONE,))
BERND_REF = CustomerRef(phones=(BERND_PHONE,))


def letter(number: int, body: bytes) -> DeadLetter:
    return DeadLetter(
        id=f"letter-{number}", origin="/feed/shop", at=NOON, reason="no id", transport=Transport.HTTP, body=body
    )


LETTERS = (
    letter(1, b"phone;0351 555-01234;order 5"),
    letter(2, f"mail from {ANNA_EMAIL.upper()}".encode("utf-16-le")),
    letter(3, b"phone;0351 555-07777;order 6"),
)
ACCESSES = tuple(
    Access(at=NOON + timedelta(seconds=second), viewer=viewer, action=AccessAction.POP, keys=keys, call_id="main-1")
    for second, viewer, keys in (
        (1, "agent:alice", ("id:crm:4711", f"tel:{ANNA_PHONE}")),
        (2, "agent:bob", (f"tel:{BERND_PHONE}",)),
    )
)


def _call(number: int, phone: str, name: str) -> Call:
    outside = PhoneNumber(raw=phone, e164=phone, display=phone)
    trunk = Connection(
        id=f"t-{number}",
        device=f"PJSIP/{phone}-0001",
        role=Role.CALLER,
        state=ConnectionState.NULL,
        since=NOON,
        number=outside,
    )
    return Call(
        id=f"main-{number}",
        pbx="main",
        direction=Direction.INBOUND,
        started_at=NOON + timedelta(minutes=number),
        caller=outside,
        caller_name=name,
        variables={"CUSTOMER": f"{name} 1"},
        connections=(trunk, agent_connection("alice", answered=True)),
        recordings=(f"in-{phone}.wav",),
    )


def _steps(call: Call) -> list[Event]:
    steps = (CallEventKind.DELIVERED, CallEventKind.CLEARED)
    return [
        call_event(
            CallEvent(
                kind=kind, time=call.started_at, call=call, connection=call.connections[0], cause=Cause.NORMAL_CLEARING
            )
        )
        for kind in steps
    ]


def _customer(*records: CustomerRecord) -> Customer:
    first = records[0]
    return Customer(
        ids={one.system: one.id for one in records},
        name=Sourced(value=first.name, system=first.system, record=first.id),
        matches=tuple(
            RecordMatch(
                one=RecordRef(system=first.system, id=first.id),
                other=RecordRef(system=one.system, id=one.id),
                score=0.99,
                reasons=(Reason(rule="phone", score=16.0, detail=first.phones[0].number),),
            )
            for one in records[1:]
        ),
    )


def _context(call_id: str, phone: str, *customers: tuple[CustomerRecord, ...], contact: Interaction) -> Event:
    records = [record for customer in customers for record in customer]
    context = CustomerContext(
        call_id=call_id,
        phone=PhoneNumber(raw=phone, e164=phone, display=phone),
        complete=True,
        customers=tuple(_customer(*customer) for customer in customers),
        answers=tuple(
            BackendAnswer(
                connector=system,
                title=system,
                state=AnswerState.FOUND,
                records=tuple(record for record in records if record.system == system),
            )
            for system in ("crm", "sap")
        ),
        interactions=(contact,),
    )
    return context_event(context, pbx="main")


def contact(number: int, customer: CustomerRef, subject: str) -> Interaction:
    return Interaction(
        id=f"{subject}/{number}",
        channel=Channel.CHAT,
        at=NOON + timedelta(hours=number),
        subject=subject,
        customer=customer,
        source="shop",
        text=f"about the {subject}",
    )


def anna() -> list[Event]:
    """Make what there is of Anna alone."""
    chat = contact(1, CustomerRef(emails=(ANNA_EMAIL,)), "lawnmower")
    ref = CustomerRef(ids={"crm": "4711"})
    write = WriteBack(id="main-1", kind=WriteKind.NOTE, customer="4711", phone=ANNA_PHONE, note=f"{ANNA} is happy")
    return [
        feed_event(CustomerChange(customer=CRM_ANNA), feed="crm", event_id=new_id(), at=NOON),
        interaction_event(chat, feed="shop"),
        interaction_event(contact(2, CustomerRef(ids={"sap": "A-88"}), "anna/4711"), feed="shop"),
        _context("main-1", ANNA_PHONE, (CRM_ANNA, SAP_ANNA), contact=chat),
        *_steps(_call(1, ANNA_PHONE, ANNA)),
        feed_event(
            OrderChange(system="shop", customer=ref, order=Order(id="o-1", description="lawnmower")),
            feed="shop",
            event_id=new_id(),
            at=NOON,
        ),
        feed_event(
            CaseChange(system="shop", customer=ref, case=Case(id="c-1", subject="lawnmower is loud")),
            feed="shop",
            event_id=new_id(),
            at=NOON,
        ),
        callback_event(
            Callback(
                id="cb-1", site="web", phone=ANNA_PHONE, customer=ref, requested_at=NOON, at=NOON, topic="lawnmower"
            )
        ),
        identity_event(
            IdentityDecision(
                id="d-1",
                kind=DecisionKind.MEANT,
                records=(RecordRef(system="crm", id="4711"),),
                by="alice",
                at=NOON,
                key=f"tel:{SWITCHBOARD}",
                reason=f"{ANNA} it is",
            )
        ),
        write_back_event(WriteBackRequest(connector="crm", entry=write)),
        command_event(
            CommandRecord(
                command=Dial(id="k-1", agent="alice", to=ANNA_PHONE),
                actor=Actor(agent="alice"),
                asked_at=NOON,
                result=CommandResult(id="k-1", done=True),
            )
        ),
    ]


def bernd() -> list[Event]:
    """Make what there is of Bernd alone."""
    chat = contact(3, BERND_REF, "hedge")
    return [
        feed_event(CustomerChange(customer=CRM_BERND), feed="crm", event_id=new_id(), at=NOON),
        interaction_event(chat, feed="shop"),
        _context("main-2", BERND_PHONE, (CRM_BERND,), contact=chat),
        *_steps(_call(2, BERND_PHONE, BERND)),
        interaction_event(contact(4, CustomerRef(phones=(SWITCHBOARD,)), "reception"), feed="shop"),
    ]


def both() -> Event:
    """Make a context of their common number, in which nobody has chosen yet who it is."""
    return _context(
        "main-3", SWITCHBOARD, (CRM_ANNA,), (CRM_BERND,), contact=contact(4, CustomerRef(phones=(SWITCHBOARD,)), "gate")
    )
