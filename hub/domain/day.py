"""What day it is where the hub works."""

from datetime import date, datetime


def local_day() -> date:
    """Return today by the clock on the wall: in the zone that TZ names, or else the machine's.

    Systems write days without a zone, and mean their own: a case that is due today is not late when the day is over
    in Greenwich.
    """
    return datetime.now().astimezone().date()
