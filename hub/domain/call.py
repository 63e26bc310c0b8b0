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
    CALL_PICKUP = "call_pickup"
    PARKED = "parked"
    PARK_TIMED_OUT = "park_timed_out"
    QUEUE_TIMED_OUT = "queue_timed_out"
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
    """What brought a device into the call. An observer listens in on it (`Connection.monitoring` says how)."""

    CALLER = "caller"
    CALLED = "called"
    OBSERVER = "observer"


class Monitoring(enum.StrEnum):
    """How a supervisor takes part: heard by nobody, by the agent alone, or by all."""

    SPY = "spy"
    WHISPER = "whisper"
    BARGE = "barge"


class TransferKind(enum.StrEnum):
    """Blind: handed over unannounced. Attended: after talking to the target. Blonde: while the target still rang."""

    BLIND = "blind"
    ATTENDED = "attended"
    BLONDE = "blonde"


class Transfer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One handing over of the call: by which device (and agent), to what was dialled (number, queue, device)."""

    kind: TransferKind
    time: datetime
    by_device: str
    by_agent: str | None = None
    to: str = ""


class QueueVisit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stay in a queue, from joining to leaving it (answered, given up, or sent on)."""

    queue: str
    joined_at: datetime
    left_at: datetime | None = None


class RecordingState(enum.StrEnum):
    ON = "on"
    PAUSED = "paused"
    OFF = "off"


class Connection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One device's part in a call. `id` is unique within its PBX; `agent` is the id from the configuration.

    `pbx` is set where it isn't the call's own: a call that goes from one PBX to another is one call. The `..._at`
    are when the connection first came into that state; `held_at` is the begin of the latest hold.
    """

    id: str
    device: str
    role: Role
    state: ConnectionState
    since: datetime
    agent: str | None = None
    pbx: str = ""
    number: PhoneNumber | None = None
    initiated_at: datetime | None = None
    queued_at: datetime | None = None
    alerted_at: datetime | None = None
    connected_at: datetime | None = None
    held_at: datetime | None = None
    ended_at: datetime | None = None
    cause: Cause | None = None
    is_muted: bool = False
    monitoring: Monitoring | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call as it stands at one moment.

    Times are UTC. `id` is unique over all PBXs and time. `called` is the number that was dialled from outside.
    `queue` is the queue the call waits or waited in last; `queue_visits` are all its stays in queues, in order.
    `partial` says that the beginning was not seen.
    Connections that ended stay in the list (`state` null, with their cause) until the call is over.
    `variables` are the channel variables that the configuration names (what the caller chose in the IVR); they stay
    whatever happens to the call. `recordings` are the references (file names as the PBX gives them) in order.
    `parked` is where it is parked, LOT/SPACE; `conference` the room it is in. `hangup_code` is the Q.850 cause with
    which the caller's own channel ended.
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
    queue_visits: tuple[QueueVisit, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    variables: dict[str, str] = {}
    recordings: tuple[str, ...] = ()
    recording: RecordingState = RecordingState.OFF
    parked: str = ""
    conference: str = ""
    outcome: Outcome | None = None
    cause: Cause | None = None
    hangup_code: int | None = None
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
    `call_information`: what is known of the call changed and no connection's state did (a variable was set, a recording
    began or ended, a microphone was muted). `dtmf`: a digit was pressed; told only where the configuration asks for it.
    `queued`: it waits in a queue, or parked (cause `parked`).
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
    CALL_INFORMATION = "call_information"
    DTMF = "dtmf"


class CallEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step in a call's life: the call as it is after the step, and the connection the step is about."""

    kind: CallEventKind
    time: datetime
    call: Call
    connection: Connection | None = None
    cause: Cause | None = None
    digit: str = ""
