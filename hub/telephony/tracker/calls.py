"""A call while it lives: plain objects that change, and the immutable picture of them that others get."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from hub.domain.call import Call, Cause, Connection, ConnectionState, Direction, Outcome, Role
from hub.domain.phone import PhoneNumber, clean_text, parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from hub.telephony.tracker.channels import Channel

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_MAX_ID = 150

_NO_EXTENSION = frozenset({"", "s", "h", "i", "t", "failed", "<unknown>"})
"""Extensions that are places in a dialplan and no number that anyone dialled."""

_NOBODY = frozenset({"", "<unknown>"})


class Site:
    """What a tracker knows of its PBX from the configuration."""

    __slots__ = ("agents_by_device", "pbx", "region", "trunks")

    def __init__(self, pbx: str, region: str, agents_by_device: Mapping[str, str], trunks: AbstractSet[str]) -> None:
        self.pbx = pbx
        self.region = region
        self.agents_by_device = agents_by_device
        self.trunks = trunks

    def is_trunk(self, device: str) -> bool:
        """Whether the device leads outside. `DAHDI/i1` is the trunk of `DAHDI/i1/0301234`, one channel of its span."""
        return device in self.trunks or device.rpartition("/")[0] in self.trunks


class Party:
    """One device's part in a call."""

    __slots__ = (
        "_picture",
        "agent",
        "alerted_at",
        "cause",
        "connected_at",
        "device",
        "ended_at",
        "id",
        "role",
        "since",
        "state",
    )

    def __init__(self, party_id: str, device: str, agent: str | None, role: Role, since: datetime) -> None:
        self.id = party_id
        self.device = device
        self.agent = agent
        self.role = role
        self.state = ConnectionState.INITIATED
        self.since = since
        self.alerted_at: datetime | None = None
        self.connected_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.cause: Cause | None = None
        self._picture: Connection | None = None

    def change(self, state: ConnectionState, now: datetime) -> None:
        self.state = state
        self.since = now
        self._picture = None

    def end(self, cause: Cause, now: datetime) -> None:
        self.cause = cause
        self.ended_at = now
        self.change(ConnectionState.NULL, now)

    def take_role(self, role: Role) -> None:
        self.role = role
        self._picture = None

    def retouch(self) -> None:
        """Have the next picture made anew: the call's numbers changed."""
        self._picture = None

    def picture(self, call: LiveCall) -> Connection:
        if self._picture is None:
            self._picture = Connection(
                id=self.id,
                device=self.device,
                role=self.role,
                state=self.state,
                since=self.since,
                agent=self.agent,
                number=call.number_of(self),
                alerted_at=self.alerted_at,
                connected_at=self.connected_at,
                ended_at=self.ended_at,
                cause=self.cause,
            )
        return self._picture


class LiveCall:
    """A call that is not over, with the channels that make it up.

    `is_announced` says that an event about it was given out; from then on caller and called stand.
    """

    __slots__ = (
        "abandoned",
        "answered_at",
        "arrived_as",
        "called_text",
        "caller_code",
        "caller_name",
        "caller_text",
        "cause",
        "channels",
        "ended_at",
        "first_uid",
        "id",
        "in_queue",
        "is_announced",
        "left_queue_at",
        "linkedids",
        "order",
        "outcome",
        "partial",
        "parties",
        "queue",
        "queued_at",
        "site",
        "started_at",
    )

    def __init__(self, site: Site, call_id: str, first_uid: str, started_at: datetime, order: int) -> None:
        self.site = site
        self.id = call_id
        self.first_uid = first_uid
        self.started_at = started_at
        self.order = order
        self.partial = False
        self.is_announced = False
        self.abandoned = False
        self.arrived_as: str | None = None
        self.caller_text = ""
        self.caller_name = ""
        self.caller_code = 0
        self.called_text = ""
        self.queue: str | None = None
        self.in_queue = False
        self.queued_at: datetime | None = None
        self.left_queue_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.outcome: Outcome | None = None
        self.cause: Cause | None = None
        self.channels: dict[str, Channel] = {}
        self.parties: list[Party] = []
        self.linkedids: set[str] = set()

    def set_caller(self, number: str, name: str) -> None:
        self.caller_text = number
        self.caller_name = "" if name in _NOBODY else clean_text(name)
        self._retouch()

    def propose_called(self, extension: str) -> None:
        """Take the number that was dialled, unless one is known already or this is none."""
        if self.called_text in _NO_EXTENSION and extension not in _NO_EXTENSION:
            self.called_text = clean_text(extension)
            self._retouch()

    def learn_numbers(
        self, party: Party, *, caller: str, caller_name: str, connected: str, connected_name: str, extension: str
    ) -> None:
        """Take caller and called from a channel come upon in the middle: its own, or the far end that it shows."""
        if party.role is Role.CALLER:
            if not self.is_announced or not self.caller_text:
                self.set_caller(caller, caller_name)
            self.propose_called(extension)
        elif not self.caller_text:
            self.set_caller(connected, connected_name)

    def _retouch(self) -> None:
        for party in self.parties:
            party.retouch()

    def add(self, party: Party) -> None:
        """Add a party; an older one of the same device that never talked makes room.

        A queue may ring the same phones for hours, and the list must not grow with it.
        """
        self.parties = [
            other
            for other in self.parties
            if other.device != party.device or other.connected_at or other.state is not ConnectionState.NULL
        ]
        self.parties.append(party)

    @property
    def caller(self) -> PhoneNumber:
        return parse_number(self.caller_text, self.site.region)

    @property
    def called(self) -> PhoneNumber:
        return parse_number(self.called_text, self.site.region) if self.called_text else PhoneNumber()

    @property
    def direction(self) -> Direction:
        site = self.site
        origin = next((party for party in self.parties if party.role is Role.CALLER), None)
        if origin is None or site.is_trunk(origin.device):
            return Direction.INBOUND
        others = [party.device for party in self.parties if party is not origin]
        if any(site.is_trunk(device) for device in others):
            return Direction.OUTBOUND
        if origin.agent is None:
            # Trunks that are named need not be all: who shows a public number is no extension.
            return Direction.INTERNAL if site.trunks and self.caller.e164 is None else Direction.INBOUND
        stays_inside = any(device in site.agents_by_device for device in others)
        return Direction.INTERNAL if stays_inside or self.called.e164 is None else Direction.OUTBOUND

    def number_of(self, party: Party) -> PhoneNumber | None:
        """Return the number behind a connection: the caller's, an extension's from its device's name, or none."""
        if party.role is Role.CALLER:
            return self.caller
        extension = party.device.partition("/")[2]
        if extension.isdigit():
            return parse_number(extension, self.site.region)
        return self.called if self.site.is_trunk(party.device) else None

    def picture(self) -> Call:
        return Call(
            id=self.id,
            pbx=self.site.pbx,
            direction=self.direction,
            started_at=self.started_at,
            caller=self.caller,
            caller_name=self.caller_name,
            called=self.called,
            queue=self.queue,
            queued_at=self.queued_at,
            left_queue_at=self.left_queue_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            connections=tuple([party.picture(self) for party in self.parties]),
            outcome=self.outcome,
            cause=self.cause,
            partial=self.partial,
        )


def call_id(pbx: str, uniqueid: str) -> str:
    """Return a call's id. Asterisk's uniqueid begins with the second of its making, so a restart repeats none."""
    return f"{pbx}-{_UNSAFE.sub('_', uniqueid[:_MAX_ID])}"
