"""What visits are summed up by: whole days, whole stretches of days, and the hours of a day that is not over.

Hours are kept as prefixes: `h07` is the first seven hours of its day. So a day so far is one row per source and class, and
the end of a day is the day less a prefix. Only young days need them; older ones are asked for whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.reporting.period import local_date, midnight, month_after, month_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PREFIXES_KEPT = timedelta(days=8)  # the longest window, and the day in which it begins
PREFIXES = tuple(f"h{hours:02}" for hours in range(1, 26))  # a day has at most 25 hours


@dataclass(frozen=True, slots=True)
class Grain:
    """A stretch of whole days by the calendar: where the one around a day begins, and the first day after it."""

    name: str
    begins: Callable[[date], date]
    after: Callable[[date], date]


def _dekad_of(day: date) -> date:
    return day.replace(day=min((day.day - 1) // 10, 2) * 10 + 1)


def _after_dekad(day: date) -> date:
    return month_after(day) if day.day > 20 else _dekad_of(day) + timedelta(days=10)  # the third ends with the month


def _quarter_of(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _after_quarter(day: date) -> date:
    return month_after(_quarter_of(day) + timedelta(days=64))  # in its third month


MONTH = Grain("month", month_of, month_after)
LARGER = (Grain("qrter", _quarter_of, _after_quarter), MONTH, Grain("dekad", _dekad_of, _after_dekad))

_BY_NAME = {grain.name: grain for grain in LARGER}


def last_day(grain: str, last: date) -> date:
    """The last day of stretches of a grain, the last of which begins on `last`."""
    return _BY_NAME[grain].after(last) - DAY if grain in _BY_NAME else last


def prefix(hours: int) -> str:
    """The grain of a day's first hours, 1 to 25."""
    return PREFIXES[hours - 1]


def hours_before(moment: datetime, zone: str) -> int:
    """Whole hours of its day that lie before a moment, by elapsed time from midnight."""
    return (moment - midnight(local_date(moment, zone), zone)) // HOUR


def prefixes_of(day: date, zone: str) -> int:
    """How many prefixes a day has that is over: the last of its hours, whole or not, makes it the day itself."""
    return -((midnight(day, zone) - midnight(day + DAY, zone)) // HOUR) - 1
