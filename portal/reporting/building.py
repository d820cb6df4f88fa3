"""Building the sums of marked days: read as of one moment, then written in a short transaction.

Exactly the marks that were seen go with it. A visit that changes meanwhile leaves a new mark, which stays: its day is still
read from the visits. Of two builders of a venue the one that writes second gives way (`RollupState.builds`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, cast, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from portal.core.db import BigId, Database
from portal.reporting import buckets as bucket_table
from portal.reporting import cohort, stopwatch
from portal.reporting.buckets import Bucket
from portal.reporting.ledger import TIMES_ATTRIBUTION, TIMES_GRAIN, TIMES_WINDOW
from portal.reporting.models import ATTRIBUTIONS, WINDOWS, RollupMark, RollupState, TimeRollup, VisitRollup
from portal.reporting.period import local_date, midnight, month_after, month_of

_CHUNK = 5_000  # parameters of one statement
_WINDOWS = tuple(WINDOWS)
_COUNTS = tuple(f"{step}_{window}" for window in _WINDOWS for step in cohort.STEPS)
SUMMED = ("visits", "synthetic", "sms_kopecks", *_COUNTS)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Built:
    """What the sums of some days of a venue should be, as of the moment at which `marks` were seen."""

    venue_id: int
    builds: int
    days: tuple[date, ...]
    months: tuple[date, ...]
    marks: tuple[int, ...]
    visits: tuple[Row, ...]
    times: tuple[Row, ...]


def marked_venues(session: Session) -> list[int]:
    """Venues with days to build."""
    return list(session.scalars(select(RollupMark.venue_id).distinct().order_by(RollupMark.venue_id)))


def build(database: Database, venue_id: int) -> bool:
    """Build the marked days of the earliest month that has any. False when there was nothing to do, or another did it."""
    with database.snapshot() as session:
        built = count(session, venue_id)
    if built is None:
        return False
    with database.writing() as session:
        return write(session, built)


def count(session: Session, venue_id: int) -> Built | None:
    """Count a venue's marked days in a session that sees one moment; None when there are none."""
    state = session.get(RollupState, venue_id)
    marks = session.execute(select(RollupMark.id, RollupMark.arrived_at).where(RollupMark.venue_id == venue_id)).all()
    if state is None or not marks:
        return None
    by_day = {mark.id: local_date(mark.arrived_at, state.zone) for mark in marks}
    month = month_of(min(by_day.values()))
    days = tuple(sorted({day for day in by_day.values() if month_of(day) == month}))
    months = (month,) if midnight(month_after(month), state.zone) <= state.closed_until else ()
    seen = tuple(mark_id for mark_id, day in by_day.items() if day in set(days))
    return Built(
        venue_id, state.builds, days, months, seen, tuple(visits_of(session, venue_id, state.zone, days)),
        tuple(times_of(session, venue_id, state.zone, months)),
    )  # fmt: skip


def visits_of(session: Session, venue_id: int, zone: str, days: Sequence[date]) -> Iterable[Row]:
    """The rows of VisitRollup of these days, from the visits."""
    dialect = session.get_bind().dialect.name
    buckets = [_bucket(number, venue_id, zone, day, day + timedelta(days=1)) for number, day in enumerate(days)]
    for attribution in ATTRIBUTIONS if days else ():
        query = cohort.statement(dialect, _WINDOWS, attribution)
        for number, source_id, visitor_class, *values in session.execute(query, bucket_table.facts(dialect, buckets)):
            key = _key(venue_id, attribution, "day", days[number], source_id, visitor_class)
            yield key | dict(zip(SUMMED, values, strict=True))


def times_of(session: Session, venue_id: int, zone: str, months: Sequence[date]) -> Iterable[Row]:
    """The rows of TimeRollup of these months, from the visits."""
    buckets = [_bucket(number, venue_id, zone, month, month_after(month)) for number, month in enumerate(months)]
    for cell in stopwatch.count(session, buckets, TIMES_WINDOW, TIMES_ATTRIBUTION):
        month = months[cell.number]
        key = _key(venue_id, TIMES_ATTRIBUTION, TIMES_GRAIN, month, cell.source_id, cell.visitor_class)
        yield key | {"step": cell.step, "bin": cell.bin, "visits": cell.visits}


def write(session: Session, built: Built) -> bool:
    """Put the sums in place and take their marks away; False, and nothing done, when another builder was first."""
    mine = (RollupState.venue_id == built.venue_id, RollupState.builds == built.builds)
    turn = session.execute(update(RollupState).where(*mine).values(builds=built.builds + 1).returning(RollupState.venue_id))
    if turn.first() is None:
        return False
    _replace(session, VisitRollup, built.venue_id, "day", built.days, built.visits)
    _replace(session, TimeRollup, built.venue_id, TIMES_GRAIN, built.months, built.times)
    for month in built.months:
        _sum_up_month(session, built.venue_id, month)
    for start in range(0, len(built.marks), _CHUNK):
        session.execute(delete(RollupMark).where(RollupMark.id.in_(built.marks[start : start + _CHUNK])))
    return True


def _replace(session: Session, table: Any, venue_id: int, grain: str, days: Sequence[date], rows: Sequence[Row]) -> None:
    for attribution in ATTRIBUTIONS if days else ():
        there = (table.venue_id == venue_id, table.attribution == attribution, table.grain == grain)
        session.execute(delete(table).where(*there, table.first_day.in_(days)))
    if rows:
        session.execute(insert(table), rows)


def _sum_up_month(session: Session, venue_id: int, month: date) -> None:
    """From the sums of its days, all of which stand or are marked; while one is marked nobody reads the month."""
    _replace(session, VisitRollup, venue_id, "month", [month], ())
    table, kept = VisitRollup, (VisitRollup.source_id, VisitRollup.visitor_class)
    here = (table.venue_id == venue_id, table.attribution.in_(ATTRIBUTIONS), table.grain == "day")
    then = (table.first_day >= month, table.first_day < month_after(month))
    added = [cast(func.sum(getattr(table, name)), BigId) for name in SUMMED]
    keys = (table.venue_id, table.attribution, literal("month"), literal(month, Date), *kept)
    whole = select(*keys, *added).where(*here, *then).group_by(table.venue_id, table.attribution, *kept)
    names = ["venue_id", "attribution", "grain", "first_day", "source_id", "visitor_class", *SUMMED]
    session.execute(insert(VisitRollup).from_select(names, whole))


def _bucket(number: int, venue_id: int, zone: str, first: date, after: date) -> Bucket:
    return Bucket(number, venue_id, midnight(first, zone), midnight(after, zone))


def _key(venue_id: int, attribution: str, grain: str, day: date, source_id: int, visitor_class: str) -> Row:
    return {
        "venue_id": venue_id, "attribution": attribution, "grain": grain, "first_day": day, "source_id": source_id,
        "visitor_class": visitor_class,
    }  # fmt: skip
