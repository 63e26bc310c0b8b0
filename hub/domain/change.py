"""What a legacy system says has changed: a customer, an order, a case (TM Forum TMF629, TMF622, TMF621)."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hub.domain.customer import Case, CustomerRecord, Order
from hub.domain.interaction import Channel, CustomerRef, Interaction

_AHEAD: Final = timedelta(days=1)
"""By so much a system's clock may be ahead, or its time be another zone's."""


class ChangeKind(enum.StrEnum):
    CHANGED = "changed"
    DELETED = "deleted"


class CustomerChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer as the system knows it now; `customer.system` is the feed's. A deleted one may have an id alone."""

    customer: CustomerRecord
    change: ChangeKind = ChangeKind.CHANGED


class OrderChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order of `customer` as `system` knows it now; `at` is when it changed there."""

    system: str
    customer: CustomerRef
    order: Order
    at: datetime | None = None
    change: ChangeKind = ChangeKind.CHANGED


class CaseChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case (trouble ticket) of `customer` as `system` knows it now; `at` is when it changed there."""

    system: str
    customer: CustomerRef
    case: Case
    at: datetime | None = None
    change: ChangeKind = ChangeKind.CHANGED


Told = CustomerChange | OrderChange | CaseChange | Interaction


def not_ahead(told: Told, received: datetime) -> Told:
    """Return what a feed tells without a moment of change that lies ahead: a clock or a mapping is wrong there.

    Else it would count as the newest for years, whatever the system tells after it.
    """
    latest = received + _AHEAD
    match told:
        case OrderChange(at=at) | CaseChange(at=at) if at is not None and at > latest:
            return msgspec.structs.replace(told, at=None)
        case CustomerChange(customer=record) if record.changed_at is not None and record.changed_at > latest:
            return msgspec.structs.replace(told, customer=msgspec.structs.replace(record, changed_at=None))
    return told


def as_interaction(changed: OrderChange | CaseChange, *, received: datetime) -> Interaction:
    """Return the change as a line of the customer's contacts; `received` stands in where no time came with it.

    Its id is the order's or case's: of several changes of one matter the newest stands for it.
    """
    if isinstance(changed, OrderChange):
        number, said, status, channel = changed.order.id, changed.order.description, changed.order.status, Channel.ORDER
    else:
        number, said, status, channel = changed.case.id, changed.case.subject, changed.case.status, Channel.CASE
    return Interaction(
        id=f"{channel}-{number}",
        source=changed.system,
        channel=channel,
        at=changed.at or received,
        subject=said or number,
        customer=changed.customer,
        status=status,
        reference=number,
    )
