"""How a callback goes on: pure. Each step returns it as it stands then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from hub.config.web_feed import CallbackSection
from hub.domain.call import Call, Outcome, Role
from hub.domain.callback import Callback, CallbackReason, CallbackState
from hub.domain.interaction import Channel, Interaction

_REASON_OF_OUTCOME: Final = {
    Outcome.BUSY: CallbackReason.BUSY,
    Outcome.NOT_ANSWERED: CallbackReason.NOT_ANSWERED,
    Outcome.ABANDONED: CallbackReason.NOT_ANSWERED,
    Outcome.FAILED: CallbackReason.NOT_REACHED,
}
_CUSTOMER_WAS_NOT_CALLED: Final = frozenset({CallbackReason.AGENT_NOT_REACHED, CallbackReason.NOT_DIALABLE})


def placed(callback: Callback, section: CallbackSection, at: datetime) -> Callback:
    """Return it as it waits from now on: in which queue, and until when.

    The time to expire begins when somebody may call: within the hours, and not before the customer wants it.
    """
    begins = max(at, callback.not_before or at).astimezone(UTC)
    if section.hours is not None:
        begins = section.hours.next_open(begins)
    return msgspec.structs.replace(
        callback,
        state=CallbackState.WAITING,
        queue=section.queue,
        at=at,
        requested_at=at,
        not_before=begins if begins > at else None,
        expires_at=begins + timedelta(seconds=section.expire_s),
    )


def is_due(callback: Callback, section: CallbackSection, at: datetime) -> bool:
    """Whether it may be called now, as far as time is concerned."""
    is_time = callback.not_before is None or callback.not_before <= at
    return callback.state is CallbackState.WAITING and is_time and (section.hours is None or section.hours.is_open(at))


def is_expired(callback: Callback, at: datetime) -> bool:
    return callback.state is CallbackState.WAITING and callback.expires_at is not None and callback.expires_at <= at


def begun(callback: Callback, agent: str, at: datetime) -> Callback:
    """Return it as an agent's phone is about to be rung for it."""
    return msgspec.structs.replace(
        callback,
        state=CallbackState.CALLING,
        at=at,
        not_before=None,
        dials=callback.dials + 1,
        agent=agent,
        call_id="",
        reason="",
    )


def talked(callback: Callback, call_id: str, at: datetime) -> Callback:
    """Return it as done: agent and customer talk."""
    return msgspec.structs.replace(
        callback, state=CallbackState.DONE, at=at, attempts=callback.attempts + 1, call_id=call_id, reason=""
    )


def came_to_nothing(callback: Callback, section: CallbackSection, reason: CallbackReason, at: datetime) -> Callback:
    """Return it as it waits for the next agent, or for another attempt, or has failed."""
    if reason in _CUSTOMER_WAS_NOT_CALLED:
        fails = reason is CallbackReason.NOT_DIALABLE
        state = CallbackState.FAILED if fails else CallbackState.WAITING
        return msgspec.structs.replace(callback, state=state, at=at, reason=reason)
    attempts = callback.attempts + 1
    if attempts >= section.attempts:
        return msgspec.structs.replace(callback, state=CallbackState.FAILED, at=at, attempts=attempts, reason=reason)
    return msgspec.structs.replace(
        callback,
        state=CallbackState.WAITING,
        at=at,
        attempts=attempts,
        reason=reason,
        not_before=at + timedelta(seconds=section.retry_s),
    )


def ended(callback: Callback, state: CallbackState, at: datetime, reason: str = "") -> Callback:
    """Return it as over without a call."""
    return msgspec.structs.replace(callback, state=state, at=at, reason=reason)


def both_talk(call: Call, agent: str) -> bool:
    """Whether the agent and whom the hub called for them are, or were, connected."""
    agent_was_there = any(part.agent == agent and part.connected_at for part in call.connections)
    return agent_was_there and any(
        part.role is Role.CALLED and part.agent != agent and part.connected_at for part in call.connections
    )


def why_not(call: Call, agent: str) -> CallbackReason:
    """Return why a call that is over, and in which nobody talked with anybody, came to nothing."""
    if not any(part.agent == agent and part.connected_at for part in call.connections):
        return CallbackReason.AGENT_NOT_REACHED
    return _REASON_OF_OUTCOME.get(call.outcome or Outcome.UNKNOWN, CallbackReason.UNCERTAIN)


def as_interaction(callback: Callback) -> Interaction:
    """Return it as a line of the customer's contacts, the same one however it goes on."""
    return Interaction(
        id=f"callback:{callback.id}",
        source=callback.site,
        channel=Channel.PHONE if callback.asked_by else Channel.WEB,
        at=callback.requested_at,
        direction="inbound",
        subject=f"Callback: {callback.topic}" if callback.topic else "Callback asked for",
        status=str(callback.state),
        customer=callback.customer,
        agent=callback.agent,
        url=callback.url,
        text=callback.page,
        extra={"callback": callback.id},
    )
