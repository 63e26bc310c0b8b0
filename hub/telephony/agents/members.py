"""A member of a queue, as one AMI event tells of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from hub.domain.agent import DeviceState
from hub.domain.phone import clean_text
from hub.telephony.agents.devices import DeviceOwners, state_by_number

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent

AFTER_CALL_REASON = "After-call work"
"""With this reason the hub pauses a member after a queue call, until a time."""

UNTIL_READY_REASON = "After-call work until ready"
"""With this reason an agent's after-call work lasts until they say that they are ready."""

LOGGED_OFF_REASON = "Logged off"
"""With this reason a member from queues.conf, whom nobody can take out of the queue, is paused by logging off."""

RESERVED_REASONS = frozenset({AFTER_CALL_REASON, UNTIL_READY_REASON, LOGGED_OFF_REASON})
"""Reasons that mean a state of their own, and so can't be given for being not ready."""

MAX_NAME = 128
MAX_INTERFACE = 256
MAX_REASON = 64
_MAX_DIGITS = 10
_LONGEST = timedelta(days=366)

MemberKey = tuple[str, str, str]
"""PBX, queue, and interface: what an action on a member has to name."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a queue. `interface` is what app_queue dials and knows it by; `device` and `agent` whose it is.

    `last_call` and `last_pause` are in the PBX's own seconds since 1970; `last_call_at` is by the hub's clock.
    """

    pbx: str
    queue: str
    interface: str
    device: str
    agent: str = ""
    is_dynamic: bool = False
    is_paused: bool = False
    reason: str = ""
    penalty: int = 0
    calls_taken: int = 0
    status: DeviceState = DeviceState.UNKNOWN
    in_call: bool = False
    wrap_up_s: int = 0
    last_call: int = 0
    last_pause: int = 0
    last_call_at: datetime | None = None

    @property
    def key(self) -> MemberKey:
        return self.pbx, self.queue, self.interface

    @property
    def standing(self) -> tuple[object, ...]:
        """Return all of it that decides on the agent's state."""
        wrap_up = (self.wrap_up_s, self.last_call) if self.wrap_up_s else ()
        return self.device, self.is_dynamic, self.is_paused, self.reason, self.last_pause, wrap_up

    @property
    def is_logged_on(self) -> bool:
        """Whether the place counts: one from queues.conf that was paused by logging off doesn't."""
        return not (self.is_paused and self.reason == LOGGED_OFF_REASON and not self.is_dynamic)

    @property
    def is_in_after_call_work(self) -> bool:
        return self.is_paused and self.reason in (AFTER_CALL_REASON, UNTIL_READY_REASON)

    def wraps_up_until(self, now: datetime) -> datetime | None:
        """Return when the queue's own wrap-up time (`wrapuptime` of the member) is over; None where it is not on."""
        if not self.wrap_up_s or self.last_call_at is None:
            return None
        end = self.last_call_at + timedelta(seconds=self.wrap_up_s)
        return end if end > now else None


@lru_cache(maxsize=4096)
def queue_name(text: str) -> str:
    """Return a queue's name as it is kept; the few names that there are come again and again."""
    return clean_text(text, MAX_NAME)


@lru_cache(maxsize=16_384)
def interface_name(text: str) -> str:
    """Return an interface as it is kept."""
    return clean_text(text, MAX_INTERFACE)


def read_member(event: AmiEvent, pbx: str, owners: DeviceOwners) -> Member | None:
    """Read QueueMember (of a list) or QueueMemberAdded, ...Status, ...Pause and their like; None if it names none."""
    get = event.get
    queue = queue_name(get("Queue"))
    interface = interface_name(get("Interface") or get("Location"))
    if not queue or not interface:
        return None
    owner = owners.find(get("StateInterface"), interface, get("MemberName") or get("Name"))
    is_paused = get("Paused") == "1"
    return Member(
        pbx=pbx,
        queue=queue,
        interface=interface,
        device=owner[0] if owner else interface,
        agent=owner[1] if owner else "",
        is_dynamic=get("Membership") == "dynamic",
        is_paused=is_paused,
        reason=clean_text(get("PausedReason") or get("Reason"), MAX_REASON) if is_paused else "",
        penalty=number(get("Penalty")),
        calls_taken=number(get("CallsTaken")),
        status=state_by_number(get("Status")),
        in_call=get("InCall") == "1",
        wrap_up_s=number(get("Wrapuptime")),
        last_call=number(get("LastCall")),
        last_pause=number(get("LastPause")),
    )


def dated(member: Member, known: Member | None, now: datetime, pbx_now: int | None) -> Member:
    """Return the member with the time of its last call by the hub's clock.

    `pbx_now` is the PBX's own time where the member was listed; one that an event tells of has just ended its call.
    """
    if not member.last_call:
        return member
    if known is not None and known.last_call == member.last_call and known.last_call_at is not None:
        return msgspec.structs.replace(member, last_call_at=known.last_call_at)
    age_s = max(0, pbx_now - member.last_call) if pbx_now else 0
    return msgspec.structs.replace(member, last_call_at=now - min(timedelta(seconds=age_s), _LONGEST))


def number(text: str) -> int:
    """Read a decimal number; what is none, or longer than any that Asterisk means, counts as 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


def duration(text: str) -> timedelta:
    """Read a number of seconds; nothing lasts longer than a year."""
    return min(timedelta(seconds=number(text)), _LONGEST)
