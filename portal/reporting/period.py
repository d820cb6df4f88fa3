"""Days as a venue lives them, and the moments in UTC between which they lie."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal.core.errors import PortalError

_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """Days `first` to `last`, both whole, in a time zone; `start` ≤ moment < `end` in UTC."""

    first: date
    last: date
    zone: str
    start: datetime
    end: datetime


def period(first: date, last: date, zone: str) -> Period:
    """Days of 23, 24 or 25 hours alike: each begins at its own midnight. Raises PortalError `bad_period`."""
    if not _EARLIEST <= first <= last <= _LATEST:
        raise PortalError("bad_period")
    return Period(first, last, zone, midnight(first, zone), midnight(last + timedelta(days=1), zone))


def local_date(moment: datetime, zone: str) -> date:
    """The venue's day of a moment: the one between whose midnights it lies.

    Where clocks go back over midnight the calendar shows a date twice; a day has one stretch.
    """
    day = moment.astimezone(ZoneInfo(zone)).date()
    if moment < midnight(day, zone):
        return day - timedelta(days=1)
    return day + timedelta(days=1) if moment >= midnight(day + timedelta(days=1), zone) else day


@lru_cache(maxsize=65_536)
def midnight(day: date, zone: str) -> datetime:
    """The moment at which a day begins, in UTC."""
    # fold=0: of two midnights the first; of a skipped one, the moment at which clocks were put forward.
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
