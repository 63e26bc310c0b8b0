"""Whether two events with one id say the same: a sender may use an id again for something else."""

from __future__ import annotations

import msgspec

from hub.domain.change import CustomerChange
from hub.domain.event import ERASED, Event, EventData, decode_event, encode_event


def says_the_same(known: bytes, event: Event) -> bool:
    """Compare an event as it is stored with another. Raises msgspec.ValidationError where the stored one is unreadable.

    When a record was fetched, and by which version of a mapping, is nothing that its sender said. What an erased one
    said nobody knows any more: sent again, it is the same.
    """
    stored = decode_event(known)
    if stored.subject == ERASED:
        return True
    return _said(stored.data) == _said(decode_event(encode_event(event)).data)


def _said(data: EventData) -> EventData:
    if not isinstance(data, CustomerChange):
        return data
    bare = msgspec.structs.replace(data.customer, fetched_at=None, mapping="")
    return msgspec.structs.replace(data, customer=bare)
