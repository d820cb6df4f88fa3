"""The time, asked for once at a door and passed down as `now`."""

from calendar import monthrange
from datetime import UTC, datetime


def utcnow() -> datetime:
    """The current moment, timezone-aware UTC."""
    return datetime.now(UTC)


def months_before(now: datetime, months: int) -> datetime:
    """The same day and time of an earlier month; a day that it lacks becomes its last one."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
