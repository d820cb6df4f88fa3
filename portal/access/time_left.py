"""How long a venue lets a device be online from now on: by its clock on the wall, and by what was used up today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MEGABYTE = 10**6


@dataclass(frozen=True, slots=True)
class Used:
    """One session as its router reported it. Times are aware; `until` is the stop or the last report."""

    began: datetime | None
    until: datetime
    seconds: int
    octets: int


def next_closing(closes_at: str, timezone: str, now: datetime) -> datetime | None:
    """When the venue closes next: the first time after `now` that its wall clock shows "HH:MM"; None for "".

    Where the clock is set back and shows it twice in a day, the venue closes at the first; where it is set forward over it,
    the venue closes as if the clock had not been touched.
    """
    if not closes_at:
        return None
    zone, wall = _zone(timezone), time.fromisoformat(closes_at)
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=day), wall, zone).astimezone(UTC) for day in range(-1, 3))
    return next(moment for moment in moments if moment > now)


def day_start(timezone: str, now: datetime) -> datetime:
    """The local midnight that began the day of `now`."""
    zone = _zone(timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def used_since(start: datetime, sessions: Iterable[Used]) -> tuple[int, int]:
    """Seconds and octets of sessions since a moment. Of a session that began before it, its share by time."""
    seconds = octets = 0
    for one in sessions:
        after = max(0, int((one.until - start).total_seconds()))
        if one.began is None or one.began >= start or after >= one.seconds:
            seconds, octets = seconds + one.seconds, octets + one.octets
        else:
            seconds, octets = seconds + after, octets + one.octets * after // one.seconds
    return seconds, octets


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
