"""Days as a venue lives them, and the moments in UTC between which they lie."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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
    return Period(first, last, zone, _midnight(first, zone), _midnight(last + timedelta(days=1), zone))


def local_date(moment: datetime, zone: str) -> date:
    """The venue's date of a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _midnight(day: date, zone: str) -> datetime:
    # fold=0: of two midnights the first; of a skipped one, the moment at which clocks were put forward.
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)
