"""Calls in CSTA terms (ECMA-269): calls, devices, connections, and the events between their states."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from hub.domain.phone import PhoneNumber


class ConnectionState(enum.StrEnum):
    """State of one device's part in a call (ECMA-269, 6.1.5)."""

    NULL = "null"
    INITIATED = "initiated"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HOLD = "hold"
    QUEUED = "queued"
    FAIL = "fail"


class Direction(enum.StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Cause(enum.StrEnum):
    """Why a connection or a call ended; CSTA event causes where there is one for it."""

    NORMAL_CLEARING = "normal_clearing"
    CALL_CANCELLED = "call_cancelled"
    CALL_NOT_ANSWERED = "call_not_answered"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    BUSY = "busy"
    REJECTED = "rejected"
    DO_NOT_DISTURB = "do_not_disturb"
    DEST_NOT_OBTAINABLE = "dest_not_obtainable"
    NETWORK_CONGESTION = "network_congestion"
    REDIRECTED = "redirected"
    TRANSFERRED = "transferred"
    UNKNOWN = "unknown"


class Outcome(enum.StrEnum):
    """How a finished call went, as a supervisor would say it."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    NOT_ANSWERED = "not_answered"
    BUSY = "busy"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Role(enum.StrEnum):
    CALLER = "caller"
    CALLED = "called"


class Connection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One device's part in a call. `id` is unique within its PBX; `agent` is the id from the configuration."""

    id: str
    device: str
    role: Role
    state: ConnectionState
    since: datetime
    agent: str | None = None
    number: PhoneNumber | None = None
    alerted_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    cause: Cause | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call as it stands at one moment.

    Times are UTC. `id` is unique over all PBXs and time. `called` is the number that was dialled from outside.
    `queue` is the queue the call waits or waited in last. `partial` says that the beginning was not seen.
    Connections that ended stay in the list (`state` null, with their cause) until the call is over.
    """

    id: str
    pbx: str
    direction: Direction
    started_at: datetime
    caller: PhoneNumber = PhoneNumber()
    caller_name: str = ""
    called: PhoneNumber = PhoneNumber()
    queue: str | None = None
    queued_at: datetime | None = None
    left_queue_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    connections: tuple[Connection, ...] = ()
    outcome: Outcome | None = None
    cause: Cause | None = None
    partial: bool = False

    @property
    def customer_number(self) -> PhoneNumber:
        """The number of the party outside: the caller's of an inbound call, the called one's of an outbound."""
        return self.called if self.direction is Direction.OUTBOUND else self.caller

    @property
    def alerting_agents(self) -> frozenset[str]:
        return frozenset(c.agent for c in self.connections if c.agent and c.state is ConnectionState.ALERTING)


class CallEventKind(enum.StrEnum):
    """What happened to a call.

    `delivered`: a device rings. `diverted`: a device stopped ringing without an answer, and the call goes on
    or ends without it (cause says why: not answered, rejected, answered elsewhere, cancelled).
    `failed`: a device could not be rung at all (busy, unreachable). `cleared`: the whole call is over, once.
    `connection_cleared`: one who talked is out of it, and the call goes on without (a survey, a mailbox); told a
    second later, and not at all where the call ends within that second.
    """

    QUEUED = "queued"
    DELIVERED = "delivered"
    ESTABLISHED = "established"
    HELD = "held"
    RETRIEVED = "retrieved"
    DIVERTED = "diverted"
    TRANSFERRED = "transferred"
    CONFERENCED = "conferenced"
    CONNECTION_CLEARED = "connection_cleared"
    CLEARED = "cleared"
    FAILED = "failed"


class CallEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step in a call's life: the call as it is after the step, and the connection the step is about."""

    kind: CallEventKind
    time: datetime
    call: Call
    connection: Connection | None = None
    cause: Cause | None = None
