"""What is written back to a backend: an interaction as its own activity, a note, a new case; each once.

Names follow TM Forum's TMF683 (party interaction) and TMF621 (trouble ticket).
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from hub.domain.interaction import Channel


class WriteKind(enum.StrEnum):
    ACTIVITY = "activity"
    NOTE = "note"
    CASE = "case"


class WriteBack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to be written. With the same `id` and `kind` the backend gets it once, however often it is handed over.

    `id` is the interaction's id. `customer` is the customer's id in that backend, `case` the id of the case there that
    it is about. `phone` is the customer's E.164 number. `outcome` is the call's (hub/domain/call.py), `disposition`
    what the agent chose as result. `duration_s` is the time talked, in seconds. Times have a zone.
    """

    id: str
    kind: WriteKind
    customer: str = ""
    channel: Channel = Channel.PHONE
    direction: str = ""
    phone: str = ""
    subject: str = ""
    note: str = ""
    disposition: str = ""
    outcome: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int | None = None
    agent: str = ""
    agent_name: str = ""
    queue: str = ""
    case: str = ""
    priority: str = ""


class WriteResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`id` is the backend's own of what was written, empty if it tells none; `was_there`: it was written before."""

    id: str = ""
    was_there: bool = False
