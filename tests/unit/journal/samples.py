"""Events for the journal's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.domain.agent import AgentEvent, AgentEventKind, AgentState, AgentStatus
from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, ConnectionState, Direction, Role
from hub.domain.customer import Customer, CustomerContext, Name, Sourced
from hub.domain.event import Event, agent_event, call_event, context_event, interaction_event
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber
from hub.journal.journal import Journal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def agent_connection(agent: str, *, answered: bool, rang: bool = True) -> Connection:
    """Make an agent's ended part in a call."""
    return Connection(
        id=f"c-{agent}",
        device=f"PJSIP/{agent}",
        role=Role.CALLED,
        state=ConnectionState.NULL,
        since=NOON,
        agent=agent,
        alerted_at=NOON if rang else None,
        connected_at=NOON if answered else None,
        ended_at=NOON,
    )


def call(number: int, *connections: Connection) -> Call:
    """Make call `number`, which started that many minutes after noon."""
    return Call(
        id=f"main-{number}",
        pbx="main",
        direction=Direction.INBOUND,
        started_at=NOON + timedelta(minutes=number),
        connections=connections,
    )


def step(of: Call, kind: CallEventKind = CallEventKind.QUEUED) -> Event:
    """Wrap one step of a call."""
    return call_event(CallEvent(kind=kind, time=of.started_at, call=of))


def cleared(of: Call) -> Event:
    """Wrap the end of a call."""
    return call_event(CallEvent(kind=CallEventKind.CLEARED, time=of.started_at, call=of, cause=Cause.NORMAL_CLEARING))


def agent_state(agent: str, state: AgentState, minute: int) -> Event:
    """Wrap an agent's change to a state, so many minutes after noon."""
    since = NOON + timedelta(minutes=minute)
    status = AgentStatus(agent=agent, name=agent.title(), state=state, since=since)
    return agent_event(AgentEvent(kind=AgentEventKind(state.value), time=since, pbx="main", agent=status))


def known(number: int, *names: str) -> Event:
    """Wrap what is known of call `number`'s other party: a customer for each name."""
    customers = tuple(
        Customer(ids={"sap": name}, name=Sourced(value=Name(full=name), system="sap", record=name)) for name in names
    )
    context = CustomerContext(call_id=f"main-{number}", phone=PhoneNumber(), customers=customers, complete=True)
    return context_event(context, pbx="main")


def interaction(number: int, customer: CustomerRef, *, status: str = "", identity: str | None = None) -> Event:
    """Wrap an interaction of that many minutes after noon."""
    return interaction_event(
        Interaction(
            id=identity or f"i-{number}",
            channel=Channel.ORDER,
            at=NOON + timedelta(minutes=number),
            subject=f"Order {number}",
            customer=customer,
            source="shop",
            status=status,
        ),
        feed="shop",
    )


async def newest(journal: Journal, keys: Sequence[str], limit: int) -> list[Interaction]:
    """Return the newest lines of a customer's timeline."""
    return list((await journal.timeline(keys, limit=limit)).interactions)
