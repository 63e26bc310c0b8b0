"""What the hub and an agent's page say to each other over the WebSocket `/api/v1/desk`, JSON, one frame a message.

Hub to page: `hello` first (the present truth as a whole: after a reload or a dropped socket the page starts from
it), then `pop` (a call that rings or is live at this agent, new or changed), `context` (what is known of a call's
other party, new revision), `closed` (the call is no more this agent's), `agent` (the agent's own state changed),
`queues` (all of the agent's queues, at most once a second), `team` (the colleagues who changed, at most once a
second), `callbacks` (customers of the agent's queues who wait to be called back: those whose callback changed),
`status` (the hub's own state: when it changed, and every 20 seconds, so that a page can tell a quiet hub from a dead
network).
Page to hub: nothing but WebSocket pings; anything else is refused with close code 1003.

A handshake without a valid session is answered with HTTP 401 (a browser only sees the connection fail): before it
reconnects, the page asks `GET /api/v1/session`. Close codes: 4401 signed out or session expired (ask for the
password), 4408 the page read too slowly (reconnect), 1001 the hub stops (reconnect after a while).

The call inside a pop is the agent's own view: its `connections` leave out colleagues whose phones merely ring, and
supervisors who listen unheard.
A `pop` frame comes whenever the pop changed; it replaces what the page had of that call.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Literal

import msgspec

from hub.domain.agent import AgentState, AgentStatus
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.customer import CustomerContext
from hub.domain.ports import PbxStatus
from hub.domain.writeback import WriteKind


class PopState(enum.StrEnum):
    RINGING = "ringing"
    CONNECTED = "connected"
    HELD = "held"


class ClosedReason(enum.StrEnum):
    ENDED = "ended"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    NOT_ANSWERED = "not_answered"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    LEFT = "left"
    UNKNOWN = "unknown"


class Pop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call at one agent; `since` is when the present state began (UTC)."""

    call: Call
    state: PopState
    device: str
    since: datetime


class AgentProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The agent as the page shows them; `language` is empty where the browser's own is to be used.

    `queues` are those that logging on makes them a member of.
    """

    id: str
    name: str
    devices: tuple[str, ...]
    language: str
    role: Literal["agent", "supervisor"] = "agent"
    queues: tuple[str, ...] = ()


class QueueView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A queue as an agent may see it: how many wait, since when, and not who.

    `service_level` is the share (0 to 1) of answered calls that were answered within `service_level_s`.
    """

    pbx: str
    queue: str
    waiting: int = 0
    longest_wait_since: datetime | None = None
    logged_on: int = 0
    ready: int = 0
    service_level_s: int = 0
    service_level: float | None = None


class TeamMember(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent as others may see them. `number` is what reaches their phone.

    For supervisors only: `reason` of not being ready, `queues` they are logged on to, and `call_id` of the call
    they talk in, if they do.
    """

    agent: str
    name: str
    state: AgentState
    since: datetime
    number: str = ""
    reason: str = ""
    queues: tuple[str, ...] = ()
    call_id: str = ""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello", tag_field="frame"):
    """`server_time` lets the page show durations right when its own clock is wrong.

    `commands` are the names of the commands (field `command` of `POST /api/v1/commands`) that this agent may give;
    `dispositions` are the results of a call to choose from, `writes` what backends can be told of one.
    `status` is the agent's own state, None where no PBX knows it. `team` is everybody, the agent too. `callbacks` are
    those of the agent's queues that wait or are being called, a supervisor's all. `titles` are what systems and feeds
    are called on the screen, by their names.
    """

    agent: AgentProfile
    server_time: datetime
    version: str
    pops: tuple[Pop, ...]
    contexts: tuple[CustomerContext, ...]
    pbx: tuple[PbxStatus, ...]
    commands: tuple[str, ...] = ()
    not_ready_reasons: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    writes: tuple[WriteKind, ...] = ()
    status: AgentStatus | None = None
    queues: tuple[QueueView, ...] = ()
    team: tuple[TeamMember, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    titles: dict[str, str] = {}


class PopFrame(msgspec.Struct, frozen=True, kw_only=True, tag="pop", tag_field="frame"):
    """`context` is what is known at this moment, so that the first frame of a ringing call is already complete."""

    pop: Pop
    context: CustomerContext | None


class ContextFrame(msgspec.Struct, frozen=True, kw_only=True, tag="context", tag_field="frame"):
    context: CustomerContext


class ClosedFrame(msgspec.Struct, frozen=True, kw_only=True, tag="closed", tag_field="frame"):
    call_id: str
    reason: ClosedReason


class StatusFrame(msgspec.Struct, frozen=True, kw_only=True, tag="status", tag_field="frame"):
    pbx: tuple[PbxStatus, ...]


class AgentFrame(msgspec.Struct, frozen=True, kw_only=True, tag="agent", tag_field="frame"):
    status: AgentStatus


class QueuesFrame(msgspec.Struct, frozen=True, kw_only=True, tag="queues", tag_field="frame"):
    """Replaces what the page had of queues."""

    queues: tuple[QueueView, ...]


class TeamFrame(msgspec.Struct, frozen=True, kw_only=True, tag="team", tag_field="frame"):
    """Those who changed; the others are as they were."""

    members: tuple[TeamMember, ...]


class CallbacksFrame(msgspec.Struct, frozen=True, kw_only=True, tag="callbacks", tag_field="frame"):
    """Those that are new or not as they were, and the ids of those that are over, or no more the agent's to see."""

    changed: tuple[Callback, ...] = ()
    gone: tuple[str, ...] = ()


Frame = (
    Hello | PopFrame | ContextFrame | ClosedFrame | StatusFrame | AgentFrame | QueuesFrame | TeamFrame | CallbacksFrame
)
