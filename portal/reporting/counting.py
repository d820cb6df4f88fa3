"""The rows that the sums should have, counted from the visits."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from portal.reporting import buckets as bucket_table
from portal.reporting import cohort, stopwatch
from portal.reporting.buckets import Bucket
from portal.reporting.grains import DAY, HOUR, prefix
from portal.reporting.ledger import TIMES_ATTRIBUTION, TIMES_GRAIN, TIMES_WINDOW
from portal.reporting.models import ATTRIBUTIONS, WINDOWS
from portal.reporting.period import midnight, month_after

_WINDOWS = tuple(WINDOWS)
_COUNTS = tuple(f"{step}_{window}" for window in _WINDOWS for step in cohort.STEPS)
SUMMED = ("visits", "synthetic", "sms_kopecks", *_COUNTS)
_NOTHING = (0,) * len(SUMMED)
Row = dict[str, Any]


def visits_of(session: Session, venue_id: int, zone: str, days: Sequence[date]) -> Iterable[Row]:
    """The rows of VisitRollup of these days, from the visits."""
    buckets = [_bucket(number, venue_id, zone, day, day + DAY) for number, day in enumerate(days)]
    for attribution, number, source_id, visitor_class, values in _counted(session, buckets):
        key = _key(venue_id, attribution, "day", days[number], source_id, visitor_class)
        yield key | dict(zip(SUMMED, values, strict=True))


def prefixes(session: Session, venue_id: int, zone: str, day: date, after: int, last: int) -> Iterable[Row]:
    """The rows of a day's prefixes of more than `after` and at most `last` hours, from the visits."""
    start = midnight(day, zone)
    buckets = [Bucket(hour, venue_id, start + hour * HOUR, start + (hour + 1) * HOUR) for hour in range(last)]
    by_hour: dict[int, list[tuple[tuple[str, int, str], Sequence[int]]]] = {}
    for attribution, hour, source_id, visitor_class, values in _counted(session, buckets if last > after else []):
        by_hour.setdefault(hour, []).append(((attribution, source_id, visitor_class), values))
    so_far: dict[tuple[str, int, str], Sequence[int]] = {}
    for hour in range(last):
        for cell, values in by_hour.get(hour, ()):
            so_far[cell] = [one + more for one, more in zip(so_far.get(cell, _NOTHING), values, strict=True)]
        for (attribution, source_id, visitor_class), values in so_far.items() if hour >= after else ():
            key = _key(venue_id, attribution, prefix(hour + 1), day, source_id, visitor_class)
            yield key | dict(zip(SUMMED, values, strict=True))


def _counted(session: Session, buckets: Sequence[Bucket]) -> Iterable[tuple[str, int, int, str, Sequence[int]]]:
    """Attribution, number, source, class and the values of SUMMED."""
    dialect = session.get_bind().dialect.name
    for attribution in ATTRIBUTIONS if buckets else ():
        query = cohort.statement(dialect, _WINDOWS, attribution)
        for number, source_id, visitor_class, *values in session.execute(query, bucket_table.facts(dialect, buckets)):
            yield attribution, number, source_id, visitor_class, values


def times_of(session: Session, venue_id: int, zone: str, months: Sequence[date]) -> Iterable[Row]:
    """The rows of TimeRollup of these months, from the visits."""
    buckets = [_bucket(number, venue_id, zone, month, month_after(month)) for number, month in enumerate(months)]
    for cell in stopwatch.count(session, buckets, TIMES_WINDOW, TIMES_ATTRIBUTION):
        month = months[cell.number]
        key = _key(venue_id, TIMES_ATTRIBUTION, TIMES_GRAIN, month, cell.source_id, cell.visitor_class)
        yield key | {"step": cell.step, "bin": cell.bin, "visits": cell.visits}


def _bucket(number: int, venue_id: int, zone: str, first: date, after: date) -> Bucket:
    return Bucket(number, venue_id, midnight(first, zone), midnight(after, zone))


def _key(venue_id: int, attribution: str, grain: str, day: date, source_id: int, visitor_class: str) -> Row:
    return {
        "venue_id": venue_id, "attribution": attribution, "grain": grain, "first_day": day, "source_id": source_id,
        "visitor_class": visitor_class,
    }  # fmt: skip
