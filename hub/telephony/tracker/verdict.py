"""How a call went, and why a phone fell silent: judged from everything that is known by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.domain.call import Cause, ConnectionState, Outcome, Role, TransferKind
from hub.telephony.tracker.causes import clearing_cause, unanswered_cause
from hub.telephony.tracker.channels import Channel

if TYPE_CHECKING:
    from hub.telephony.tracker.calls import LiveCall

_MAX_LOCALS_IN_A_ROW = 16


def dial_status(channel: Channel) -> str:
    """Return how the dialling ended; a CANCEL handed down through a Local is what was said above it."""
    status = channel.dial_status
    for _ in range(_MAX_LOCALS_IN_A_ROW):
        if status != "CANCEL" or channel.dialer is None or channel.dialer.other_half is None:
            break
        channel = channel.dialer.other_half
        status = channel.dial_status or status
    return status


def why_silent(channel: Channel, code: int) -> Cause:
    """Return why a ringing device fell silent."""
    if was_taken_back(channel):
        return Cause.CALL_CANCELLED
    cause = unanswered_cause(dial_status(channel), code)
    if cause is not None:
        return cause
    if was_answered_by_another(channel):
        return Cause.ANSWERED_ELSEWHERE
    return Cause.CALL_NOT_ANSWERED if was_given_up_by_pbx(channel) else Cause.CALL_CANCELLED


def was_answered_by_another(channel: Channel) -> bool:
    """Whether another that was rung in the same call picked up while this one rang."""
    return any(
        other.is_dialled and other.up_at is not None and other.up_at >= channel.begun_at and other is not channel
        for other in channel.call.channels.values()
    )


def was_taken_back(channel: Channel) -> bool:
    """Whether somebody asked the PBX to ring this one no more: no phone said so, and the ringing was told to end."""
    is_ended = channel.dial_status == "NOANSWER" and not channel.has_hung_up
    return is_ended and channel.is_party and _is_rung_first(channel)


def _is_rung_first(channel: Channel) -> bool:
    """Whether the PBX itself rings this one (Originate), for nobody else."""
    return channel.call.is_originated and channel.uid == channel.call.first_uid


def was_given_up_by_pbx(channel: Channel) -> bool:
    """Whether dialling ended though the one it was for still waits, and was not led elsewhere.

    So it is after a blonde transfer, and with FollowMe, which says nothing of the Local channels that it drops. When
    the time of what the PBX itself rings is over there is no DialEnd, and before Asterisk 18 no telling code either.
    """
    call = channel.call
    if _is_rung_first(channel):
        return not channel.dial_status and not channel.has_hung_up
    outer = channel.dialer.other_half if channel.dialer else None
    if outer is not None and _is_rung_first(outer) and not outer.dial_status:
        return True
    was_dropped = (
        channel.dialer is not None
        and outer is not None
        and not outer.dial_status
        # What drops a Local tells its far half first, which may be through before the near one is told gone.
        and (outer.is_gone or channel.dialer.has_hung_up)
    )
    was_handed_over = bool(call.transfers) and call.transfers[-1].kind is TransferKind.BLONDE
    waiting = [other for other in call.channels.values() if other.party and other.party.state not in _RUNG_OR_OVER]
    return (was_dropped or was_handed_over) and bool(waiting) and not any(other.has_hung_up for other in waiting)


def verdict(call: LiveCall, unseen: Cause | None) -> tuple[Outcome, Cause]:
    """Say how a call went as a whole: what the caller was told, else the worst that befell those called."""
    if call.answered_at:
        return Outcome.ANSWERED, unseen or Cause.NORMAL_CLEARING
    if unseen:
        return Outcome.UNKNOWN, unseen
    if call.abandoned:
        return Outcome.ABANDONED, Cause.CALL_CANCELLED
    causes = [party.cause for party in call.parties if party.role is Role.CALLED or call.is_originated]
    told = clearing_cause(call.caller_code)
    if told in _OUTCOME_OF:
        outcome = _OUTCOME_OF[told]
        # Dialplans have few codes to pass on; the device said it more exactly.
        exact = [cause for cause in causes if cause and _OUTCOME_OF.get(cause) is outcome]
        return outcome, exact[-1] if exact and told not in exact else told
    if call.queue is not None:
        return Outcome.NOT_ANSWERED, Cause.CALL_NOT_ANSWERED
    worst = next((cause for cause in _WORST_FIRST if cause in causes), None)
    return (_OUTCOME_OF[worst], worst) if worst else (Outcome.NOT_ANSWERED, told)


_RUNG_OR_OVER = (ConnectionState.ALERTING, ConnectionState.NULL)
_OUTCOME_OF = {
    Cause.CALL_NOT_ANSWERED: Outcome.NOT_ANSWERED,
    Cause.REJECTED: Outcome.BUSY,
    Cause.DO_NOT_DISTURB: Outcome.BUSY,
    Cause.BUSY: Outcome.BUSY,
    Cause.NETWORK_CONGESTION: Outcome.FAILED,
    Cause.DEST_NOT_OBTAINABLE: Outcome.FAILED,
}
_WORST_FIRST = tuple(_OUTCOME_OF)
