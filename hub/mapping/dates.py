"""Dates as backends write them. What stands for "no date" (all zeros, year 0000 or 0001) is missing, not an error."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from hub.mapping.errors import ValueProblemError
from hub.mapping.values import midnight_of, to_text

USUAL_FORMATS = ("iso", "odata", "compact")
"""What is read unless a rule says otherwise."""
NAMED_FORMATS = (*USUAL_FORMATS, "unix", "unix_ms")
MAX_PATTERN = 50
MAX_DATE = 100
"""Characters of a date: what is longer is none, and patterns are slow on it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Atom Publishing/JSON form of Edm.DateTime in OData V2: milliseconds, and for Edm.DateTimeOffset minutes of offset.
_ODATA = re.compile(r"/Date\((-?\d{1,17})([+-]\d{1,4})?\)/")
# What lies before it, as the year 0000 that ABAP's initial date becomes, stands for no date as it does.
_YEAR_ONE_MS = -62_135_596_800_000
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(\d\d)?)?(Z)?")
_UNIX = re.compile(r"-?\d{1,17}(\.\d{1,9})?")
# Of Python's strptime (library reference, "Format Codes").
_DIRECTIVES = frozenset("aAbBcdfGHIjmMpSuUVwWxXyYzZ%")
_ISO_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclasses.dataclass(frozen=True, slots=True)
class DateReader:
    """`formats` are tried in turn: names of NAMED_FORMATS, or strptime patterns; `zone` is where bare times are."""

    formats: tuple[str, ...] = USUAL_FORMATS
    zone: tzinfo = UTC

    def read(self, value: Any) -> datetime | None:
        """Return the moment with its zone (a bare date: its midnight), None if there is none."""
        if isinstance(value, datetime):
            return self._placed(value)
        if isinstance(value, date):
            return self._placed(midnight_of(value))
        text = to_text(value)
        if text is None or _stands_for_none(text):
            return None
        for form in self.formats if len(text) <= MAX_DATE else ():
            found = self._parse(text, form)
            if found is not None:
                return self._placed(found)
        raise ValueProblemError(f"the text is no date in the form {' or '.join(self.formats)}")

    def _placed(self, moment: datetime) -> datetime | None:
        if moment.year <= 1:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def _parse(self, text: str, form: str) -> datetime | None:
        try:
            match form:
                case "iso":
                    return datetime.fromisoformat(_ISO_FRACTION.sub(r"\1", text) if "." in text else text)
                case "odata":
                    return _from_odata(text, self.zone)
                case "compact":
                    return _from_compact(text)
                case "unix" | "unix_ms":
                    return _from_unix(text, 1 if form == "unix" else 1_000, self.zone)
                case _:
                    # A pattern without %z reads a bare time, which _placed puts into the zone.
                    return datetime.strptime(text, form)  # noqa: DTZ007 - see above
        except (ValueError, OverflowError):
            return None


def _stands_for_none(text: str) -> bool:
    if "1" <= text[0] <= "9":
        return False
    digits = [character for character in text if character.isdigit()]
    if text == "0" or text.startswith("0000"):
        return True
    return len(digits) >= 6 and set(digits) == {"0"} and not text.startswith("/Date")  # noqa: PLR2004 - as many as the shortest date has


def _from_odata(text: str, zone: tzinfo) -> datetime | None:
    match = _ODATA.fullmatch(text)
    if match is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=max(int(match[1]), _YEAR_ONE_MS))
    if match[2]:
        return moment.astimezone(timezone(timedelta(minutes=int(match[2]))))
    # Without an offset the milliseconds are those of a bare local time (Edm.DateTime has no zone).
    return moment.replace(tzinfo=zone)


def _from_compact(text: str) -> datetime | None:
    match = _COMPACT.fullmatch(text)
    if match is None:
        return None
    parts = [int(part) for part in match.groups()[:6] if part is not None]
    return datetime(*parts, tzinfo=UTC if match[7] else None)  # type: ignore[arg-type, misc]  # three to six numbers


def _from_unix(text: str, ticks_a_second: int, zone: tzinfo) -> datetime | None:
    """Read the seconds (or milliseconds) since 1970; `zone` decides on which day that is."""
    if not _UNIX.fullmatch(text):
        return None
    return (_EPOCH + timedelta(seconds=float(text) / ticks_a_second)).astimezone(zone)


def pattern_problem(pattern: str) -> str | None:
    """Say what is wrong with a strptime pattern: it would fit no date at all."""
    if len(pattern) > MAX_PATTERN:
        return f"a date's pattern has at most {MAX_PATTERN} characters"
    for directive in re.findall(r"%(.?)", pattern.replace("%%", "")):
        if directive not in _DIRECTIVES:
            return f"%{directive} is nothing that a date's pattern may hold: %d day, %m month, %Y year, %H:%M:%S time"
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007 - nothing is read, see above
    except re.error:
        return "a date's pattern names one part of the date twice"
    except ValueError:
        return None  # as it should be: the empty text is no date
    return None


def zone_named(name: str) -> tzinfo:
    """Return the time zone of an IANA name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"there is no time zone {name!r}: give an IANA name, as in Europe/Berlin") from None
