"""Customers, and what feeds and backends tell of them, for the journal's tests."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from hub.domain.change import CaseChange, ChangeKind, CustomerChange, OrderChange
from hub.domain.customer import (
    AnswerState,
    BackendAnswer,
    Case,
    CustomerContext,
    CustomerRecord,
    Email,
    Kind,
    Name,
    Order,
    Phone,
)
from hub.domain.event import Event, FeedData, context_event, feed_event, new_id
from hub.domain.interaction import CustomerRef
from hub.domain.phone import PhoneNumber
from hub.journal.journal import Journal
from tests.unit.journal.samples import NOON


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def record(identity: str, full: str = "", *, system: str = "shop", phone: str = "", email: str = "") -> CustomerRecord:
    """Make a person's record with what is given."""
    return CustomerRecord(
        system=system,
        id=identity,
        name=Name(full=full),
        phones=(Phone(number=phone),) if phone else (),
        emails=(Email(address=email),) if email else (),
    )


def company(identity: str, name: str, *, phone: str = "") -> CustomerRecord:
    bare = msgspec.structs.replace(record(identity, phone=phone), kind=Kind.ORG, organization=name)
    return msgspec.structs.replace(bare, name=Name())


def told(of: CustomerRecord, at: int = 0, *, deleted: bool = False) -> Event:
    """Wrap what a feed tells of a customer, so many minutes after noon."""
    change = ChangeKind.DELETED if deleted else ChangeKind.CHANGED
    return _fed(CustomerChange(customer=of, change=change), at)


def ordered(number: str, whose: CustomerRef, at: int = 0, *, status: str = "", deleted: bool = False) -> Event:
    """Wrap what a feed tells of an order."""
    change = ChangeKind.DELETED if deleted else ChangeKind.CHANGED
    order = Order(id=number, status=status)
    return _fed(OrderChange(system="shop", customer=whose, order=order, at=minute(at), change=change), at)


def opened(number: str, whose: CustomerRef, at: int = 0) -> Event:
    """Wrap what a feed tells of a case."""
    return _fed(CaseChange(system="shop", customer=whose, case=Case(id=number), at=minute(at)), at)


def answered(*records: CustomerRecord, at: int = 0, connector: str = "crm") -> Event:
    """Wrap a call's context in which a backend answered with these, fetched so many minutes after noon."""
    fetched = tuple(msgspec.structs.replace(one, fetched_at=minute(at)) for one in records)
    answer = BackendAnswer(connector=connector, title=connector, state=AnswerState.FOUND, records=fetched)
    context = CustomerContext(call_id="main-1", phone=PhoneNumber(), complete=True, answers=(answer,))
    return context_event(context, pbx="main")


async def found(journal: Journal, text: str, *, limit: int = 20) -> list[str]:
    """Return the ids of the records that a search finds, the best first; each once, whatever of it fits."""
    hits = await journal.customers.search(text, region="DE", limit=limit)
    return list(dict.fromkeys(hit.record.id for hit in hits.records))


def _fed(data: FeedData, at: int) -> Event:
    return feed_event(data, feed="shop", event_id=new_id(), at=minute(at))
