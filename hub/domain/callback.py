"""A customer who asked to be called back, and what became of it."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from hub.domain.interaction import CustomerRef


class CallbackState(enum.StrEnum):
    """`waiting` for an agent or for the next attempt, `calling` while the phones ring or talk; the others are ends."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        return self not in (CallbackState.WAITING, CallbackState.CALLING)


class Callback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A callback as it stands at `at`.

    `site` is the name of the feed with which it was asked for, `phone` (E.164) where to call, `url` and `page` the
    address and title of the page that the customer came from. `not_before` is when to call at the earliest, `attempts`
    how often it was tried, `reason` why the last attempt came to nothing. `call_id` and `agent` are of the last
    attempt.
    """

    id: str
    site: str
    phone: str
    customer: CustomerRef
    requested_at: datetime
    at: datetime
    state: CallbackState = CallbackState.WAITING
    queue: str = ""
    topic: str = ""
    url: str = ""
    page: str = ""
    language: str = ""
    not_before: datetime | None = None
    attempts: int = 0
    agent: str = ""
    call_id: str = ""
    reason: str = ""
