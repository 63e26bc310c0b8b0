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


class CallbackReason(enum.StrEnum):
    """Why a callback was postponed, or is over: what stands in `Callback.reason`.

    `agent_not_reached`: the agent's phone was not answered, or could not be rung. `busy`, `not_answered` and
    `not_reached` are the customer's phone, `not_dialable` a number that the PBX has no way to. `uncertain`: the hub was
    ended, or lost its PBX, while phones rang. `customer_called`: the customer was quicker. `by_customer` and `by_agent`
    took it back.
    """

    AGENT_NOT_REACHED = "agent_not_reached"
    BUSY = "busy"
    NOT_ANSWERED = "not_answered"
    NOT_REACHED = "not_reached"
    NOT_DIALABLE = "not_dialable"
    UNCERTAIN = "uncertain"
    CUSTOMER_CALLED = "customer_called"
    BY_CUSTOMER = "by_customer"
    BY_AGENT = "by_agent"


class Callback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A callback as it stands at `at`.

    `site` is the name of the feed with which it was asked for, `phone` (E.164) where to call, `url` and `page` the
    address and title of the page that the customer came from. `asked_by` is empty where the customer did so on the
    site, else `agent:ID` or `token:NAME`. `not_before` is when to call at the earliest, `expires_at` until when.
    `dials` counts how often an agent's phone was rung for it, `attempts` how often the customer was called, `reason`
    (`CallbackReason`) says why the last of these came to nothing, or why it is over. `call_id` and `agent` are of the
    last dial.
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
    expires_at: datetime | None = None
    asked_by: str = ""
    dials: int = 0
    attempts: int = 0
    agent: str = ""
    call_id: str = ""
    reason: str = ""

    def keys(self) -> tuple[str, ...]:
        """Return whom it is about as index keys: the number, then what the site knows them by."""
        return (f"tel:{self.phone}", *self.customer.keys())
