"""Times as backends want them written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import ConnectorError
from hub.domain.customer import Problem


def written_date(value: Any, form: str, zone: str, source: str) -> str | int:
    """Write a moment in one of the forms of `Found.date`. Raises ConnectorError for what is no moment."""
    try:
        return _written(_moment(value, source), form, zone)
    except (OverflowError, ValueError):
        # The first and the last day of the calendar are on the other side of it in another zone.
        raise ConnectorError(Problem.INTERNAL, f"{source} is a time that `date` can't write") from None


def _written(moment: datetime, form: str, zone: str) -> str | int:
    match form:
        case "iso":
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "date":
            return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")
        case "odata":
            return f"/Date({_milliseconds(moment)})/"
        case "unix":
            return _milliseconds(moment) // 1000
        case "unix_ms":
            return _milliseconds(moment)
        case _:
            return moment.astimezone(ZoneInfo(zone)).strftime(form)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(value: Any, source: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ConnectorError(Problem.INTERNAL, f"{source} is no time, which `date` could write")
    return value if value.tzinfo else value.replace(tzinfo=UTC)
