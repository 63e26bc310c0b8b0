"""The hub's own messages in XML: the schema has what the domain has, and what is written by it is read back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import etree

from hub.bus.refusal import RefusedError
from hub.bus.soap.names import PUSH, XSD
from hub.bus.soap.own_messages import OwnMessages, OwnReader
from hub.bus.soap.own_schema import own_schema
from hub.bus.soap.own_types import OWN_MESSAGES, Choice, Entries, Member, Shape, Simple
from hub.bus.soap.validation import Validator
from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.customer import (
    Address,
    Case,
    Consent,
    CustomerRecord,
    Email,
    Invoice,
    Kind,
    Money,
    Name,
    Order,
    Phone,
    Product,
)
from hub.domain.event import FeedData
from hub.domain.inbound import InboundMessage, Transport
from hub.domain.interaction import Channel, CustomerRef, Interaction, Note
from hub.mapping.errors import MappingRunError

REF = CustomerRef(phones=("+493515550123",), emails=("a@b.example",), ids={"crm": "7", "erp": "8"})
ORDER = Order(
    id="4711", status="open", description="Chair & <table>", ordered_on=date(2026, 11, 2), due_on=date(2026, 12, 1),
    delivered_on=date(2026, 12, 2), amount="12.10", currency="EUR", open=False, url="https://erp.example/orders/4711",
)  # fmt: skip
CASE = Case(
    id="9", subject="太吵", status="new", priority="high", opened_on=date(2026, 1, 31), target_on=date(2026, 2, 2),
    closed_on=date(2026, 2, 3), owner="alice", product="Chair", open=False, url="https://erp.example/cases/9",
)  # fmt: skip
PRODUCT = Product(
    name="Chair", id="p-1", model="C 7", serial_number="S-1", status="installed", bought_on=date(2025, 1, 2),
    bought_from="Branch 4", place="2nd floor", warranty_until=date(2027, 1, 1), ends_on=date(2030, 1, 1),
)  # fmt: skip
INVOICE = Invoice(
    id="R-1", status="due", issued_on=date(2026, 3, 1), due_on=date(2026, 3, 31), amount="12.10", remaining="2.10",
    currency="EUR", open=False, url="https://erp.example/bills/R-1",
)  # fmt: skip
VALIDITY = {"valid_from": date(2020, 1, 1), "valid_until": date(2029, 12, 31)}
AT = datetime(2026, 11, 20, 8, 30, 0, 250_000, tzinfo=UTC)
FULL: list[FeedData] = [
    CustomerChange(
        customer=CustomerRecord(
            system="erp", id="0042", mapping=OwnMessages.label, kind=Kind.ORG,
            name=Name(full="Petra Vogt", given="Petra", surname="Vogt"), organization="Vogt GmbH", title="Dr.",
            changed_at=AT, birth_date=date(1980, 2, 29), organization_id="17", department="Purchasing",
            phones=(
                Phone(number="+493515550123", label="work", verified=True, shared=True, **VALIDITY),
                Phone(number="+4935155501"),
            ),
            emails=(Email(address="a@b.example", label="home", verified=True, shared=True, **VALIDITY),),
            addresses=(
                Address(
                    street="A 1", postcode="01067", locality="Dresden", region="SN", country="DE", label="x", **VALIDITY
                ),
            ),
            language="de", segment="retail", tier="gold", value=Money(amount="1200.50", currency="EUR"), owner="alice",
            preferences={"channel": "email", "time": "evenings"},
            consents=(
                Consent(
                    purpose="marketing", granted=True, channel="phone", given_on=date(2026, 1, 1),
                    valid_until=date(2027, 1, 1),
                ),
                Consent(purpose="profiling", granted=False),
            ),
            products=(PRODUCT, Product(name="net")), ids={"crm": "7"}, orders=(ORDER,), cases=(CASE,),
            invoices=(INVOICE,), balance=Money(amount="-3", currency="EUR"), url="https://erp.example/42",
            extra={"a": "1", "b": "2"},
        ),
        change=ChangeKind.DELETED,
    ),
    OrderChange(system="erp", customer=REF, order=ORDER, at=AT, change=ChangeKind.DELETED),
    CaseChange(system="erp", customer=REF, case=CASE, at=AT, change=ChangeKind.DELETED),
    Interaction(
        id="v-1", channel=Channel.SELF_SERVICE, at=AT, subject="Visit", customer=REF, source="erp", direction="in",
        status="done", text="line\nline", reference="r", agent="alice", url="https://shop.example/chairs",
        queue="sales", duration_s=62.5, notes=(Note(at=AT, agent="alice", text="wants it", disposition="sold"),),
        extra={"k": "v"},
    ),
]  # fmt: skip


def written(data: FeedData) -> bytes:
    """Write a message by the description of its type, as a sender's program does by the schema."""
    message = next(one for one in OWN_MESSAGES if one.shape.struct is type(data))
    root = etree.Element(f"{{{PUSH}}}{message.name}")
    parent = etree.SubElement(root, f"{{{PUSH}}}{message.inside}") if message.inside else root
    _write(parent, message.shape, data)
    return etree.tostring(root)


def _write(parent: etree._Element, shape: Shape, value: Any) -> None:
    for member in shape.members:
        held = getattr(value, member.field)
        if isinstance(member.kind, Entries):
            for key, text in held.items():
                etree.SubElement(parent, f"{{{PUSH}}}{member.tag}", attrib={member.kind.key: key}).text = text
            continue
        for one in held if member.many else [held]:
            if one is not None:
                _write_one(etree.SubElement(parent, f"{{{PUSH}}}{member.tag}"), member, one)


def _write_one(element: etree._Element, member: Member, value: Any) -> None:
    match member.kind:
        case Shape() as shape:
            _write(element, shape, value)
        case Simple.FLAG:
            element.text = "true" if value else "false"
        case Simple.DAY | Simple.MOMENT:
            element.text = value.isoformat()
        case _:
            element.text = str(value)


def read(body: bytes) -> FeedData:
    (found,) = OwnReader().found(InboundMessage(body=body, transport=Transport.SOAP))
    return OwnMessages().run_feed(found.record, system="erp", region="DE")


@pytest.mark.parametrize("data", FULL, ids=lambda data: type(data).__name__)
def test_every_field_goes_through(data: FeedData) -> None:
    """What the domain holds of a message comes back, field by field; the sender can't say whose it is."""
    [message] = [one for one in OWN_MESSAGES if one.shape.struct is type(data)]
    assert [] == [member.field for member in message.shape.members if not getattr(data, member.field)]
    body = written(data)
    assert () == Validator(own_schema()).violations(etree.fromstring(body))
    assert data == read(body)
    assert b"erp.example" in body or b"<system>" not in body


@pytest.mark.parametrize("data", FULL, ids=lambda data: type(data).__name__)
def test_whose_it_is_can_not_be_said(data: FeedData) -> None:
    """A message that names a system, a source or a mapping of its own does not fit the schema."""
    body = written(data)
    for name in ("system", "source", "mapping", "fetchedAt"):
        for place in (b"customer>", b"interaction>"):
            changed = body.replace(b"ns0:" + place, b"ns0:" + place + f"<ns0:{name}>crm</ns0:{name}>".encode(), 1)
            if changed != body:
                with pytest.raises(RefusedError):
                    read(changed)


def test_the_least_is_enough() -> None:
    """What is optional may be left out, or be nil; defaults are the domain's."""
    nil = 'xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    body = (
        f'<OrderChanged xmlns="{PUSH}"><customer><phone>0351 5550123</phone></customer>'
        f"<order><id> 1 </id><dueOn {nil}/></order><at {nil}/></OrderChanged>"
    )
    expected = OrderChange(system="erp", customer=CustomerRef(phones=("+493515550123",)), order=Order(id="1"))
    assert expected == read(body.encode())


def test_schema_and_types_are_the_same() -> None:
    """Every type is described once, and every element refers to one that is there."""
    schema = own_schema()
    described = [(str(one.tag).endswith("}element"), one.get("name")) for one in schema]
    assert len(described) == len(set(described))
    named = {name for is_element, name in described if not is_element}
    used = {one.get("type") or "" for one in schema.iter(f"{{{XSD}}}element")}
    assert {name.removeprefix("hub:") for name in used if name.startswith("hub:")} <= named
    choices = [one for one in schema.iter(f"{{{XSD}}}simpleType") if one.get("name") == "Channel"]
    assert [channel.value for channel in Channel] == [
        one.get("value") for one in choices[0].iter(f"{{{XSD}}}enumeration")
    ]
    assert Choice in {type(member.kind) for member in OWN_MESSAGES[0].shape.members}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<a", "is no XML"),
        (b"<!DOCTYPE a []><a/>", "document type"),
        (f'<Refusal xmlns="{PUSH}"/>'.encode(), "none of the hub's own messages"),
        (f'<OrderChanged xmlns="{PUSH}"/>'.encode(), "line 1"),
        (b"<OrderChanged/>", "No matching global declaration"),
    ],
)
def test_what_is_none_of_them_is_refused(body: bytes, reason: str) -> None:
    """Also where it comes from the dead letters, whatever was done to it there."""
    with pytest.raises(RefusedError, match=reason):
        list(OwnReader().found(InboundMessage(body=body, transport=Transport.SOAP)))


def test_a_moment_that_no_calendar_has_is_refused() -> None:
    """The schema's years are more than the calendar's: told, not raised."""
    body = written(FULL[1]).replace(b"2026-11-20T08:30:00.250000+00:00", b"2026-11-20T24:00:00Z")
    with pytest.raises(MappingRunError):
        read(body)
