"""One queue: who waits in it, and how it has done."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hub.domain.phone import clean_text
from hub.telephony.agents.members import MAX_NAME, duration, number

if TYPE_CHECKING:
    from hub.telephony.ami.event import AmiEvent

MAX_WAITING = 10_000
"""Callers in one queue that are kept; app_queue has none that long."""

_MAX_UID = 150


class Waiting(msgspec.Struct, frozen=True):
    """A caller in the queue: the channel's id, and since when."""

    uid: str
    since: datetime


class QueueFigures:
    """Counts are app_queue's own: taken over when it lists them, and carried on as it does it itself.

    The service level counts a call that was answered within `service_level_s`, once it is over. Times are
    app_queue's moving averages: each new value weighs a quarter.
    """

    def __init__(self) -> None:
        self.strategy = ""
        self.service_level_s = 0
        self.completed = 0
        self.in_time = 0
        self.abandoned = 0
        self.hold_s = 0
        self.talk_s = 0
        self.waiting: list[Waiting] = []

    def take_over(self, row: AmiEvent) -> None:
        """Read QueueParams."""
        self.strategy = clean_text(row.get("Strategy"), MAX_NAME)
        self.service_level_s = number(row.get("ServiceLevel"))
        self.completed = number(row.get("Completed"))
        self.abandoned = number(row.get("Abandoned"))
        self.hold_s = number(row.get("Holdtime"))
        self.talk_s = number(row.get("TalkTime"))
        self.in_time = min(self.completed, round(_share(row.get("ServicelevelPerf")) * self.completed))

    @property
    def service_level(self) -> float | None:
        return self.in_time / self.completed if self.completed else None

    def joined(self, uid: str, position: int, now: datetime) -> None:
        """Put a caller into the queue at a position, counted from 1; one who is in it already stays as they are."""
        uid = clean_text(uid, _MAX_UID)
        if uid and len(self.waiting) < MAX_WAITING and all(one.uid != uid for one in self.waiting):
            self.waiting.insert(max(0, position - 1), Waiting(uid, now))

    def left(self, uid: str) -> bool:
        """Take a caller out; return whether they were in."""
        uid = clean_text(uid, _MAX_UID)
        before = len(self.waiting)
        self.waiting = [one for one in self.waiting if one.uid != uid]
        return len(self.waiting) != before

    def list_waiting(self, rows: list[AmiEvent], now: datetime) -> None:
        """Take over QueueEntry rows; who was known to wait has waited since then."""
        known = {one.uid: one.since for one in self.waiting}
        self.waiting = []
        for row in sorted(rows, key=lambda row: number(row.get("Position"))):
            self.joined(row.get("Uniqueid"), len(self.waiting) + 1, now - duration(row.get("Wait")))
        self.waiting = [Waiting(one.uid, known.get(one.uid, one.since)) for one in self.waiting]

    def answered(self, hold_s: int) -> None:
        self.hold_s = self._average(self.hold_s, hold_s, is_first=not (self.completed or self.abandoned))

    def ended(self, hold_s: int, talk_s: int) -> None:
        """Count an answered call that is over."""
        self.completed += 1
        if hold_s <= self.service_level_s:
            self.in_time += 1
        self.talk_s = self._average(self.talk_s, talk_s, is_first=self.completed == 1)

    @staticmethod
    def _average(old: int, new: int, *, is_first: bool) -> int:
        return new if is_first else (3 * old + new) // 4


def _share(text: str) -> float:
    """Read a percentage with a decimal point, as in `87.5`, as a share."""
    whole, _, part = text.partition(".")
    return (number(whole) + number(part[:6]) / 10 ** len(part[:6])) / 100 if whole else 0.0
