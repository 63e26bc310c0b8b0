"""What the hub and an agent's page say to each other over the WebSocket `/api/v1/desk`, JSON, one frame a message.

Hub to page: `hello` first (the present truth as a whole: after a reload or a dropped socket the page starts from
it), then `pop` (a call that rings or is live at this agent, new or changed), `context` (what is known of a call's
other party, new revision), `closed` (the call is no more this agent's), `status` (the hub's own state: when it
changed, and every 20 seconds, so that a page can tell a quiet hub from a dead network).
Page to hub: nothing but WebSocket pings; anything else is refused with close code 1003.

A handshake without a valid session is answered with HTTP 401 (a browser only sees the connection fail): before it
reconnects, the page asks `GET /api/v1/session`. Close codes: 4401 signed out or session expired (ask for the
password), 4408 the page read too slowly (reconnect), 1001 the hub stops (reconnect after a while).

The call inside a pop is the agent's own view: its `connections` leave out colleagues whose phones merely ring.
A `pop` frame comes whenever the pop changed; it replaces what the page had of that call.
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from hub.domain.call import Call
from hub.domain.customer import CustomerContext
from hub.domain.ports import PbxStatus


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
    """The agent as the page shows them; `language` is empty where the browser's own is to be used."""

    id: str
    name: str
    devices: tuple[str, ...]
    language: str


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello", tag_field="frame"):
    """`server_time` lets the page show durations right when its own clock is wrong."""

    agent: AgentProfile
    server_time: datetime
    version: str
    pops: tuple[Pop, ...]
    contexts: tuple[CustomerContext, ...]
    pbx: tuple[PbxStatus, ...]


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


Frame = Hello | PopFrame | ContextFrame | ClosedFrame | StatusFrame
