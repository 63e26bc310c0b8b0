"""When somebody is there: days of the week with times of the day, at a place's own time."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from hub.config.section import Section

_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_SPAN = re.compile(r"([A-Z][a-z])(?:-([A-Z][a-z]))? ([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")
_MINUTES_OF_A_DAY: Final = 24 * 60


class _Span(NamedTuple):
    """Days by number, Monday being 0, and minutes from midnight; the last one is not in it."""

    days: frozenset[int]
    begins: int
    ends: int


@lru_cache(maxsize=1_024)
def _span(text: str) -> _Span:
    found = _SPAN.fullmatch(text)
    if found is None or not {found[1], found[2] or found[1]} <= set(_DAYS):
        raise ValueError('must be days and times, as in "Mo-Fr 09:00-18:00" or "Sa 10:00-14:00"')
    first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
    days = range(first, last + 1) if first <= last else (*range(first, len(_DAYS)), *range(last + 1))
    begins, ends = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if not begins < ends <= _MINUTES_OF_A_DAY:
        raise ValueError("must end later than it begins, by 24:00 at the latest; what goes on after midnight is two")
    return _Span(frozenset(days), begins, ends)


def _open(text: str) -> str:
    _span(text)
    return text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be the name of a time zone, as in "Europe/Berlin" or "Asia/Shanghai"') from None
    return name


class OpeningHours(Section):
    """`open` are spans as in "Mo-Fr 09:00-18:00", at the time of `timezone`."""

    timezone: Annotated[str, Field(max_length=64), AfterValidator(_timezone)]
    open: Annotated[tuple[Annotated[str, AfterValidator(_open)], ...], Field(min_length=1, max_length=50)]

    def is_open(self, at: datetime) -> bool:
        """Whether `at` (with its offset from UTC) is within the hours."""
        there = at.astimezone(ZoneInfo(self.timezone))
        minute = _minute(there.time())
        return any(there.weekday() in span.days and span.begins <= minute < span.ends for span in map(_span, self.open))

    def next_open(self, at: datetime) -> datetime:
        """Return `at` itself within the hours, else when they begin next."""
        if self.is_open(at):
            return at
        there = at.astimezone(ZoneInfo(self.timezone))
        midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
        begin = min(
            opens
            for ahead in range(len(_DAYS) + 1)
            for day in (midnight + timedelta(days=ahead),)
            for span in map(_span, self.open)
            if day.weekday() in span.days
            for opens in (day.replace(hour=span.begins // 60, minute=span.begins % 60),)
            if opens > there
        )
        return begin.astimezone(at.tzinfo)


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
