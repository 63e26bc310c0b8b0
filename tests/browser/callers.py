"""Calls and what is known of who calls, for the page's tests. Times are around now: the page shows durations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hub.domain.call import Call, Connection, ConnectionState, Direction, Role
from hub.domain.customer import (
    Address,
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
    Problem,
    Sourced,
)
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber, parse_number

MARIA = parse_number("+4971158012345", "DE")
STRANGER = parse_number("+4930901820111", "DE")
ANONYMOUS = parse_number("anonymous", "DE")
HOTLINE = parse_number("+4971155500", "DE")
SAP = "SAP S/4HANA"
SERVICE = "Oracle Service Cloud"


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def days(count: int) -> date:
    return datetime.now().astimezone().date() + timedelta(days=count)


def call(
    call_id: str = "main-1",
    caller: PhoneNumber = MARIA,
    *,
    state: ConnectionState = ConnectionState.ALERTING,
    since: datetime | None = None,
    agent: str = "alice",
    **fields: Any,
) -> Call:
    """Make an inbound queue call at one agent's phone, which rings unless `state` says otherwise."""
    since = since or ago(3)
    connected_at = None if state is ConnectionState.ALERTING else since
    return Call(
        id=call_id,
        pbx="main",
        direction=Direction.INBOUND,
        started_at=fields.pop("started_at", ago(46)),
        caller=caller,
        called=HOTLINE,
        queue=fields.pop("queue", "Support"),
        queued_at=ago(43),
        connections=(
            Connection(
                id=f"{call_id}-{agent}",
                device="PJSIP/1001",
                role=Role.CALLED,
                state=state,
                since=since,
                agent=agent,
                alerted_at=since,
                connected_at=connected_at,
            ),
        ),
        **fields,
    )


def found(connector: str, title: str, *records: CustomerRecord, took_ms: float = 84.0) -> BackendAnswer:
    return BackendAnswer(connector=connector, title=title, state=AnswerState.FOUND, records=records, took_ms=took_ms)


def pending(connector: str, title: str) -> BackendAnswer:
    return BackendAnswer(connector=connector, title=title, state=AnswerState.PENDING)


def not_found(connector: str, title: str) -> BackendAnswer:
    return BackendAnswer(connector=connector, title=title, state=AnswerState.NOT_FOUND, took_ms=41.0)


def failed(connector: str, title: str, problem: Problem) -> BackendAnswer:
    return BackendAnswer(connector=connector, title=title, state=AnswerState.FAILED, problem=problem)


def name_only(full: str, system: str = "service", record: str = "50012") -> Customer:
    return Customer(ids={system: record}, name=Sourced(value=Name(full=full), system=system, record=record, at=ago(2)))


def maria() -> Customer:
    """Return a customer whom two systems know, with more open orders than fit at a glance."""

    def sap(value: Any) -> Sourced[Any]:
        return Sourced(value=value, system="sap", record="17100001", at=ago(2), mapping="sap_s4/business_partner")

    def service(value: Any) -> Sourced[Any]:
        return Sourced(value=value, system="service", record="50012", at=ago(2), mapping="oracle_rightnow/contact")

    return Customer(
        ids={"sap": "17100001", "service": "50012"},
        name=service(Name(full="Maria Huber", given="Maria", surname="Huber")),
        organization=sap("Huber Maschinenbau GmbH"),
        title=service("Head of Purchasing"),
        tier=sap("Gold"),
        owner=sap("Jonas Weber"),
        language=sap("de"),
        phones=(sap(Phone(number="+49 711 58012345", label="work")), service(Phone(number="+49 170 5550142"))),
        emails=(service(Email(address="maria.huber@huber-maschinenbau.example", label="work")),),
        addresses=(sap(Address(street="Industriestraße 14", postcode="70565", locality="Stuttgart", country="DE")),),
        orders=(
            sap(Order(id="4500001742", description="Spindle bearings", status="Confirmed", ordered_on=days(-9),
                      due_on=days(5), amount="1299.00", currency="EUR")),
            sap(Order(id="4500001688", description="CNC control unit", status="Delayed by supplier",
                      ordered_on=days(-30), due_on=days(-3), amount="18450.90", currency="EUR")),
            sap(Order(id="4500001790", description="Coolant, 200 l", status="In picking", due_on=days(1),
                      amount="640.50", currency="EUR")),
            sap(Order(id="4500001801", description="Service kit", status="Open", due_on=days(12), amount="210",
                      currency="EUR")),
            sap(Order(id="4500001802", description="Drive belt", status="Open", due_on=days(14), amount="88.20",
                      currency="EUR")),
            sap(Order(id="4500001500", description="Delivered long ago", status="Delivered", open=False)),
        ),
        cases=(
            service(Case(id="240317-000021", subject="Invoice shows the wrong VAT number", status="Waiting",
                         priority="Normal", opened_on=days(-6))),
            service(Case(id="240321-000007", subject="Machine stands still after update", status="In progress",
                         priority="High", opened_on=days(-1))),
        ),
    )  # fmt: skip


def contacts() -> tuple[Interaction, ...]:
    who = CustomerRef(phones=("+4971158012345",))
    return (
        Interaction(id="1", channel=Channel.EMAIL, at=ago(3_000), subject="Where is our control unit?", customer=who,
                    source="mail", text="We were promised delivery last week and have heard nothing since.",
                    status="unanswered"),
        Interaction(id="2", channel=Channel.ORDER, at=ago(90_000), subject="Order 4500001688 delayed", customer=who,
                    source="sap"),
        Interaction(id="3", channel=Channel.PHONE, at=ago(200_000), subject="Asked about VAT number", customer=who,
                    source="service"),
    )  # fmt: skip


def known(call_id: str = "main-1", revision: int = 5) -> CustomerContext:
    """Both systems have answered."""
    sap_record = CustomerRecord(system="sap", id="17100001", url="https://s4.example/ui#BusinessPartner-17100001")
    service_record = CustomerRecord(system="service", id="50012")
    return CustomerContext(
        call_id=call_id,
        phone=MARIA,
        revision=revision,
        complete=True,
        customers=(maria(),),
        answers=(found("sap", SAP, sap_record), found("service", SERVICE, service_record, took_ms=132.0)),
        interactions=contacts(),
    )


def context(
    *answers: BackendAnswer,
    call_id: str = "main-1",
    phone: PhoneNumber = MARIA,
    revision: int = 1,
    customers: tuple[Customer, ...] = (),
) -> CustomerContext:
    complete = all(answer.state is not AnswerState.PENDING for answer in answers)
    return CustomerContext(
        call_id=call_id, phone=phone, revision=revision, complete=complete, customers=customers, answers=answers
    )
