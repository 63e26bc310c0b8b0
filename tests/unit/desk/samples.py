"""Calls, agents and contexts for the desk's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hub.desk.frames import AgentProfile
from hub.domain.call import (
    Call,
    CallEvent,
    CallEventKind,
    Cause,
    Connection,
    ConnectionState,
    Direction,
    Role,
)
from hub.domain.customer import Customer, CustomerContext, Name, Sourced
from hub.domain.phone import parse_number

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALLER = parse_number("+49711123456", "DE")

AGENTS = {
    name: AgentProfile(id=name, name=name.title(), devices=(f"PJSIP/{number}",), language="en")
    for number, name in enumerate(("alice", "bob", "carol"), start=1001)
}
AGENTS["sue"] = AgentProfile(id="sue", name="Sue", devices=("PJSIP/1009",), language="en", role="supervisor")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def trunk() -> Connection:
    return Connection(
        id="trunk",
        device="PJSIP/trunk",
        role=Role.CALLER,
        state=ConnectionState.CONNECTED,
        since=START,
        number=CALLER,
    )


def leg(
    agent: str, state: ConnectionState = ConnectionState.ALERTING, *, device: str = "", **fields: Any
) -> Connection:
    """Make an agent's connection in a call; one that is connected was connected when its state began."""
    since = fields.pop("since", at(5))
    if state is ConnectionState.CONNECTED:
        fields.setdefault("connected_at", since)
    if state is ConnectionState.NULL:
        fields.setdefault("ended_at", since)
    device = device or AGENTS[agent].devices[0]
    return Connection(
        id=f"{agent}-{device}", device=device, state=state, since=since, agent=agent, **{"role": Role.CALLED, **fields}
    )


def call(*legs: Connection, id: str = "main-1", **fields: Any) -> Call:  # noqa: A002 - the field's own name
    return Call(
        id=id,
        pbx="main",
        direction=Direction.INBOUND,
        started_at=START,
        caller=fields.pop("caller", CALLER),
        connections=(trunk(), *legs),
        **fields,
    )


def step(kind: CallEventKind, of: Call, about: Connection | None = None, cause: Cause | None = None) -> CallEvent:
    return CallEvent(kind=kind, time=at(10), call=of, connection=about, cause=cause)


def rings(of: Call) -> CallEvent:
    """Make the event that the last of the call's connections has begun to ring."""
    return step(CallEventKind.DELIVERED, of, of.connections[-1])


def ended(of: Call, cause: Cause = Cause.NORMAL_CLEARING) -> CallEvent:
    """Make the event that a call is over, with all of its connections."""
    gone = tuple(
        msgspec.structs.replace(c, state=ConnectionState.NULL, ended_at=at(60), cause=c.cause or cause)
        for c in of.connections
    )
    over = msgspec.structs.replace(of, connections=gone, ended_at=at(60), cause=cause)
    return step(CallEventKind.CLEARED, over, None, cause)


def context(call_id: str = "main-1", name: str = "Erika Muster", revision: int = 1) -> CustomerContext:
    customer = Customer(
        ids={"sap": "10100001"}, name=Sourced(value=Name(full=name), system="sap", record="10100001", at=START)
    )
    return CustomerContext(call_id=call_id, phone=CALLER, revision=revision, complete=True, customers=(customer,))
