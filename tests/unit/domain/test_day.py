"""The day is the one where the hub works, not the one in Greenwich."""

from datetime import UTC, date, datetime

import pytest

from hub.domain.day import local_day
from tests.unit.clock import clock_at


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC), date(2027, 12, 31)),
        ("Asia/Shanghai", datetime(2027, 12, 31, 16, 0, tzinfo=UTC), date(2028, 1, 1)),
        ("America/Los_Angeles", datetime(2028, 3, 1, 7, 59, tzinfo=UTC), date(2028, 2, 29)),
        ("Europe/Berlin", datetime(2027, 3, 27, 23, 0, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
    ],
)
def test_a_day_begins_at_midnight_where_the_hub_is(zone: str, moment: datetime, day: date) -> None:
    """East of Greenwich earlier, west of it later, and on a day of 23 hours as on any other."""
    with clock_at(moment, zone):
        assert day == local_day()
