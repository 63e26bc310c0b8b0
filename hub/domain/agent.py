"""Agents and queues: who is there, ready or not and why, and who waits (agent states of ECMA-269, 6.1.3.3)."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from hub.domain.phone import PhoneNumber


class AgentState(enum.StrEnum):
    """What an agent does as a whole.

    `logged_off`: member of no queue (nor logged in to app_agent_pool); a member from queues.conf, which can't leave,
    is so while paused by logging off. `busy`: in a call, from answering or dialling on, held too; not while a device
    only rings. `ready`: not paused in at least one queue (whether the phone can be reached is the device's state).
    `not_ready`: paused in every queue they are logged on to. `after_call_work`: the same, by the hub after a queue
    call, or by the queue's own wrap-up time, until a time or until the agent says so. Of two that apply it is the
    first in the order logged_off, busy, ready, after_call_work, not_ready.
    """

    LOGGED_OFF = "logged_off"
    READY = "ready"
    NOT_READY = "not_ready"
    BUSY = "busy"
    AFTER_CALL_WORK = "after_call_work"


class DeviceState(enum.StrEnum):
    """What a device does, as its PBX says (Asterisk's device states, in fewer words)."""

    IDLE = "idle"
    ALERTING = "alerting"
    BUSY = "busy"
    HELD = "held"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pbx: str
    device: str
    state: DeviceState = DeviceState.UNKNOWN


class Membership(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent's place in one queue. `is_dynamic` ones can log off; those from queues.conf can only pause."""

    pbx: str
    queue: str
    device: str
    is_paused: bool = False
    reason: str = ""
    is_dynamic: bool = False
    penalty: int = 0
    calls_taken: int = 0
    last_call_at: datetime | None = None


class QueuePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A queue of one PBX."""

    pbx: str
    queue: str


class AgentStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent at one moment. `reason` is the pause reason; `until` the end of after-call work, if it has one.

    `since` is when state and reason became so. `queues` are the queues they are logged on to; `can_join` those of
    the configuration that they may log on to besides.
    """

    agent: str
    name: str
    state: AgentState
    since: datetime
    reason: str = ""
    until: datetime | None = None
    devices: tuple[DeviceStatus, ...] = ()
    queues: tuple[Membership, ...] = ()
    can_join: tuple[QueuePlace, ...] = ()


class AgentEventKind(enum.StrEnum):
    LOGGED_ON = "logged_on"
    LOGGED_OFF = "logged_off"
    READY = "ready"
    NOT_READY = "not_ready"
    BUSY = "busy"
    AFTER_CALL_WORK = "after_call_work"


class AgentEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of an agent's state or reason, with the agent as they are after it. `pbx` is where it was seen.

    `logged_on` is followed by the state that the agent is in from then on. Logging on to a further queue, or a pause
    in one queue of several, changes no state and is no event.
    """

    kind: AgentEventKind
    time: datetime
    pbx: str
    agent: AgentStatus


class WaitingCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One caller in a queue; `position` counts from 1. `call_id` is empty where the call is not followed."""

    position: int
    since: datetime
    call_id: str = ""
    caller: PhoneNumber = PhoneNumber()


class QueueStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A queue at one moment. Counts of finished calls are the PBX's own, since its statistics were last reset.

    `service_level` is the share (0 to 1) of answered calls that were answered within `service_level_s`, None before
    the first one. `waiting` is in the order in which they will be served.
    """

    pbx: str
    queue: str
    strategy: str = ""
    waiting: tuple[WaitingCall, ...] = ()
    logged_on: int = 0
    ready: int = 0
    busy: int = 0
    completed: int = 0
    abandoned: int = 0
    hold_s: int = 0
    talk_s: int = 0
    service_level_s: int = 0
    service_level: float | None = None

    @property
    def longest_wait_since(self) -> datetime | None:
        """When the one who waits longest began to wait."""
        return min((one.since for one in self.waiting), default=None)
