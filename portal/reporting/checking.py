"""Are the sums what the visits say? Every settled day and month is counted anew and compared, row by row.

What differs is marked, so that it is read from the visits at once and built again.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.reporting.building import SUMMED, times_of, visits_of
from portal.reporting.models import RollupMark, RollupState, TimeRollup, VisitRollup
from portal.reporting.period import local_date, midnight, month_after, month_of
from portal.reporting.settled import Settled, settled_of

_log = logging.getLogger(__name__)
_CELL = ("attribution", "grain", "first_day", "source_id", "visitor_class")
Rows = Mapping[tuple[Any, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Drift:
    """Rows of a venue's sums that differed, and the days that they are of."""

    rows: int
    days: tuple[date, ...]


def check(database: Database, venue_id: int, now: datetime, *, repair: bool = True) -> Drift:
    """Compare a venue's sums with its visits, a month at a time; `repair` marks what differs and notes the outcome."""
    with database.snapshot() as session:
        months = _months(session, venue_id)
    found = []
    for month in months:
        with database.snapshot() as session:
            found.append(_compare(session, venue_id, month))
    drift = Drift(sum(one.rows for one in found), tuple(day for one in found for day in one.days))
    if drift.rows:
        _log.warning("sums of venue %s differ from its visits: %s rows, first of %s", venue_id, drift.rows, drift.days[0])
    if repair:
        with database.writing() as session:
            _note(session, venue_id, drift, now)
    return drift


def _compare(session: Session, venue_id: int, month: date) -> Drift:
    settled = settled_of(session, [venue_id]).get(venue_id)
    if settled is None:
        return Drift(0, ())
    days = [day for day in _days_of(month) if settled.has(day)]
    counted = list(visits_of(session, venue_id, settled.zone, days))
    wrong = _differing(_by_cell(counted), _stored(session, venue_id, "day", days))
    rows, of = len(wrong), {cell[2] for cell in wrong}
    if settled.has_month(month):
        of_month = _month_differs(session, venue_id, settled, month, counted)
        rows, of = rows + of_month, of | ({month} if of_month else set())
    return Drift(rows, tuple(sorted(of)))


def _month_differs(session: Session, venue_id: int, settled: Settled, month: date, counted: Sequence[Mapping[str, Any]]) -> int:
    whole: dict[tuple[Any, ...], Counter[str]] = {}
    for row in counted:
        cell = (row["attribution"], "month", month, row["source_id"], row["visitor_class"])
        whole.setdefault(cell, Counter()).update({name: row[name] for name in SUMMED})
    sums = {cell: tuple(values[name] for name in SUMMED) for cell, values in whole.items()}
    wrong = len(_differing(sums, _stored(session, venue_id, "month", [month])))
    names = (*_CELL, "step", "bin")
    times = {tuple(row[name] for name in names): (row["visits"],) for row in times_of(session, venue_id, settled.zone, [month])}
    here = (TimeRollup.venue_id == venue_id, TimeRollup.first_day == month)
    stored = session.execute(select(*(getattr(TimeRollup, name) for name in names), TimeRollup.visits).where(*here))
    return wrong + len(_differing(times, {tuple(row[:-1]): (row[-1],) for row in stored}))


def _differing(one: Rows, other: Rows) -> set[tuple[Any, ...]]:
    return {cell for cell in one.keys() | other.keys() if one.get(cell) != other.get(cell)}


def _by_cell(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return {tuple(row[name] for name in _CELL): tuple(row[name] for name in SUMMED) for row in rows}


def _stored(session: Session, venue_id: int, grain: str, days: Sequence[date]) -> Rows:
    columns = [getattr(VisitRollup, name) for name in (*_CELL, *SUMMED)]
    here = (VisitRollup.venue_id == venue_id, VisitRollup.grain == grain, VisitRollup.first_day.in_(days))
    return {tuple(row[: len(_CELL)]): tuple(row[len(_CELL) :]) for row in session.execute(select(*columns).where(*here))}


def _months(session: Session, venue_id: int) -> list[date]:
    """Every month that has visits or sums and a closed day."""
    state = session.get(RollupState, venue_id)
    arrived = session.scalar(select(func.min(Visit.arrived_at)).where(Visit.venue_id == venue_id))
    summed = session.scalar(select(func.min(VisitRollup.first_day)).where(VisitRollup.venue_id == venue_id))
    if state is None:
        return []
    begins = [day for day in (local_date(arrived, state.zone) if arrived else None, summed) if day]
    month = month_of(min(begins)) if begins else local_date(state.closed_until, state.zone)
    months = []
    while midnight(month, state.zone) < state.closed_until:
        months.append(month)
        month = month_after(month)
    return months


def _days_of(month: date) -> list[date]:
    return [month + timedelta(days=number) for number in range((month_after(month) - month).days)]


def _note(session: Session, venue_id: int, drift: Drift, now: datetime) -> None:
    state = session.get(RollupState, venue_id)
    if state is None:
        return
    state.checked_at, state.drift = now, drift.rows
    marks = [{"venue_id": venue_id, "arrived_at": midnight(day, state.zone)} for day in drift.days]
    if marks:
        session.execute(insert(RollupMark), marks)
