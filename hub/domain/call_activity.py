"""A call as the activity that a backend keeps of it, and as one of its customer's contacts."""

from __future__ import annotations

from hub.domain.call import Call, Cause, Direction, Outcome, Role
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.writeback import WriteBack, WriteKind

NOBODY_ANSWERED = frozenset({Outcome.ABANDONED, Outcome.NOT_ANSWERED, Outcome.BUSY, Outcome.FAILED})


def call_activity(call: Call, *, agent: str, agent_name: str) -> WriteBack:
    """Return the call's facts under the call's id, for no customer yet; there is no note in it."""
    talked_s = (call.ended_at - call.answered_at).total_seconds() if call.ended_at and call.answered_at else None
    return WriteBack(
        id=call.id,
        kind=WriteKind.ACTIVITY,
        direction=str(call.direction),
        phone=call.customer_number.e164 or "",
        subject=call_subject(call),
        outcome=str(call.outcome or ""),
        started_at=call.started_at,
        ended_at=call.ended_at,
        duration_s=None if talked_s is None else round(talked_s),
        agent=agent,
        agent_name=agent_name,
        queue=call.queue or "",
    )


def call_subject(call: Call) -> str:
    return "Outbound call" if call.direction is Direction.OUTBOUND else "Inbound call"


def last_to_talk(call: Call) -> str | None:
    """Return who came in last of the agents who talked; one who listens in talks with nobody's customer."""
    if call.outcome in NOBODY_ANSWERED:
        return None
    talked = [
        (part.connected_at, part.agent)
        for part in call.connections
        if part.agent and part.connected_at and part.role is not Role.OBSERVER
    ]
    return max(talked)[1] if talked else None


def was_rung_into_another(call: Call) -> bool:
    """Whether this was one device alone, rung to bring it into another call: nobody spoke with anybody in it."""
    return call.cause is Cause.TRANSFERRED and len({part.device for part in call.connections}) <= 1


def call_interaction(call: Call) -> Interaction:
    """Return a finished call as a line of its customer's contacts; what was said of it is not in it."""
    number = call.customer_number.e164
    return Interaction(
        id=call.id,
        source=f"/pbx/{call.pbx}",
        channel=Channel.PHONE,
        at=call.started_at,
        subject=call_subject(call),
        customer=CustomerRef(phones=(number,) if number else ()),
        direction=str(call.direction),
        status=str(call.outcome or ""),
        agent=last_to_talk(call) or "",
        queue=call.queue or "",
        duration_s=(call.ended_at - call.started_at).total_seconds() if call.ended_at else None,
    )
