"""A call while it lives: plain objects that change, and the immutable picture of them that others get."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from hub.domain.call import (
    Call,
    Cause,
    ConnectionState,
    Direction,
    Outcome,
    QueueVisit,
    RecordingState,
    Role,
    Transfer,
)
from hub.domain.phone import PhoneNumber, clean_text, parse_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.party import Party
    from hub.telephony.tracker.site import Site

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_MAX_ID = 150
_MAX_REMEMBERED = 100
"""Queue visits, transfers and recordings that are kept of one call, the latest of each."""

_NO_EXTENSION = frozenset({"", "s", "h", "i", "t", "failed", "<unknown>"})
"""Extensions that are places in a dialplan and no number that anyone dialled."""

_NOBODY = frozenset({"", "<unknown>"})


class LiveCall:
    """A call that is not over, with the channels that make it up.

    `is_announced` says that an event about it was given out; from then on caller and called stand.
    `is_originated`: the PBX itself began it, by ringing its first device. `is_orphan`: it began with a channel that
    belongs to an older one nobody saw; it is whole again where a known call turns out to be the older one.
    `is_resting`: it is none, only what an agent's channel has that waits to be given calls.
    `went_unserved`: the caller left a queue, and nobody answered since. `conferees` are the ids of connections that
    were told to be in a conference; `recorders` the channels that are recorded, and whether that is paused.
    `handover` tells of a transfer, unless that turns out to be none.
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
        "conferees",
        "conference",
        "ended_at",
        "first_uid",
        "handover",
        "id",
        "in_queue",
        "is_announced",
        "is_dialled_out",
        "is_originated",
        "is_orphan",
        "is_resting",
        "left_queue_at",
        "linkedids",
        "observers",
        "order",
        "outcome",
        "parked",
        "partial",
        "parties",
        "queue",
        "queue_visits",
        "queued_at",
        "recorders",
        "recordings",
        "site",
        "started_at",
        "transfers",
        "variables",
        "went_unserved",
    )

    def __init__(self, site: Site, call_id: str, first_uid: str, started_at: datetime, order: int) -> None:
        self.site = site
        self.id = call_id
        self.first_uid = first_uid
        self.started_at = started_at
        self.order = order
        self.partial = False
        self.is_announced = False
        self.is_dialled_out = False
        self.is_originated = False
        self.is_orphan = False
        self.is_resting = False
        self.went_unserved = False
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
        self.observers: dict[str, Channel] = {}
        self.linkedids: set[str] = set()
        # What pictures share is replaced as a whole, never changed.
        self.queue_visits: tuple[QueueVisit, ...] = ()
        self.transfers: tuple[Transfer, ...] = ()
        self.variables: dict[str, str] = {}
        self.recordings: tuple[str, ...] = ()
        self.recorders: dict[str, bool] = {}
        self.handover: Callable[[], None] | None = None
        self.parked = ""
        self.conference = ""
        self.conferees: set[str] = set()

    @property
    def is_shown(self) -> bool:
        """Whether a device is or was in it, or somebody was told of it."""
        return bool(self.parties) or self.is_announced

    def set_caller(self, number: str, name: str) -> None:
        self.caller_text = "" if number in _NOBODY else number
        self.caller_name = "" if name in _NOBODY else clean_text(name)
        self._retouch()

    def propose_called(self, extension: str) -> None:
        """Take the number that was dialled, unless one is known already or this is none."""
        if is_number(extension) and not is_number(self.called_text):
            self.called_text = clean_text(extension)
            self._retouch()

    def dial_out(self, number: str) -> None:
        """Take the number that the first trunk was given: what was dialled may have a prefix, or be none."""
        if self.is_dialled_out or self.direction is not Direction.OUTBOUND:
            return
        self.is_dialled_out = True
        if parse_number(number, self.site.region).e164 is not None or not is_number(self.called_text):
            self.called_text = clean_text(number)
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

    def visit_queue(self, visit: QueueVisit) -> None:
        self.queue_visits = (*self.queue_visits, visit)[-_MAX_REMEMBERED:]

    def end_queue_visit(self, now: datetime) -> None:
        if self.queue_visits and self.queue_visits[-1].left_at is None:
            last = self.queue_visits[-1]
            left = QueueVisit(queue=last.queue, joined_at=last.joined_at, left_at=max(now, last.joined_at))
            self.queue_visits = (*self.queue_visits[:-1], left)

    def add_transfer(self, transfer: Transfer) -> None:
        self.transfers = (*self.transfers, transfer)[-_MAX_REMEMBERED:]

    def add_recording(self, reference: str) -> None:
        if reference not in self.recordings:
            self.recordings = (*self.recordings, reference)[-_MAX_REMEMBERED:]

    def inherit_history(self, other: LiveCall) -> None:
        """Take over what another call, found to be this one, has been through."""
        visits = sorted((*self.queue_visits, *other.queue_visits), key=lambda visit: visit.joined_at)
        self.queue_visits = tuple(visits[-_MAX_REMEMBERED:])
        transfers = sorted((*self.transfers, *other.transfers), key=lambda transfer: transfer.time)
        self.transfers = tuple(transfers[-_MAX_REMEMBERED:])
        for reference in other.recordings:
            self.add_recording(reference)
        self.recorders |= other.recorders
        if other.variables:
            self.variables = other.variables | self.variables
        self.parked = self.parked or other.parked
        self.conference = self.conference or other.conference
        self.conferees |= other.conferees
        self.observers |= other.observers

    @property
    def recording(self) -> RecordingState:
        if not self.recorders:
            return RecordingState.OFF
        return RecordingState.PAUSED if all(self.recorders.values()) else RecordingState.ON

    @property
    def caller(self) -> PhoneNumber:
        return parse_number(self.caller_text, self.site.region)

    @property
    def called(self) -> PhoneNumber:
        return parse_number(self.called_text, self.site.region) if self.called_text else PhoneNumber()

    @property
    def direction(self) -> Direction:
        site = self.site
        origin: Party | None = None
        others: list[str] = []
        # Written out, as every step of every call passes here.
        for party in self.parties:
            if origin is None and party.role is Role.CALLER:
                origin = party
            elif party.role is not Role.OBSERVER:
                others.append(party.device)
        if origin is None or site.is_trunk(origin.device):
            return Direction.OUTBOUND if self.is_originated else Direction.INBOUND
        for device in others:
            if site.is_trunk(device):
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
            queue_visits=self.queue_visits,
            transfers=self.transfers,
            variables=self.variables,
            recordings=self.recordings,
            recording=self.recording,
            parked=self.parked,
            conference=self.conference,
            outcome=self.outcome,
            cause=self.cause,
            hangup_code=self.caller_code or None if self.ended_at else None,
            partial=self.partial,
        )


def is_number(extension: str) -> bool:
    """Whether this is what somebody dialled, and not a place in a dialplan."""
    return extension not in _NO_EXTENSION


def call_id(pbx: str, uniqueid: str) -> str:
    """Return a call's id. Asterisk's uniqueid begins with the second of its making, so a restart repeats none."""
    return f"{pbx}-{_UNSAFE.sub('_', uniqueid[:_MAX_ID])}"
