"""Are the sums what the visits say? Every settled stretch of time is counted anew and compared, row by row.

What differs is marked, so that it is read from the visits at once and built again.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from operator import add
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.reporting.counting import SUMMED, prefixes, times_of, visits_of
from portal.reporting.grains import DAY, LARGER, PREFIXES, Grain
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
    rows, days = 0, frozenset[date]()
    for month in months:
        with database.snapshot() as session:
            found = _compare(session, venue_id, month, days)
        rows, days = rows + found.rows, days | frozenset(found.days)
    drift = Drift(rows, tuple(sorted(days)))
    if drift.rows:
        _log.warning("sums of venue %s differ from its visits: %s rows, first of %s", venue_id, drift.rows, drift.days[0])
    if repair:
        with database.writing() as session:
            _note(session, venue_id, drift, now)
    return drift


def _compare(session: Session, venue_id: int, month: date, known: AbstractSet[date]) -> Drift:
    """One month; `known` are earlier days that are wrong."""
    settled = settled_of(session, [venue_id]).get(venue_id)
    if settled is None:
        return Drift(0, ())
    days = [day for day in _days_of(month) if settled.has(day)]
    wrong = _differing(_by_cell(visits_of(session, venue_id, settled.zone, days)), _stored(session, venue_id, ("day",), days))
    wrong |= _stretches_differ(session, venue_id, settled, month, known | {cell[2] for cell in wrong})
    for day in _days_of(month):
        made = prefixes(session, venue_id, settled.zone, day, 0, settled.hours(day))
        wrong |= _differing(_by_cell(made), _stored(session, venue_id, PREFIXES[: settled.hours(day)], [day]))
    of = {cell[2] for cell in wrong}
    late = _times_differ(session, venue_id, settled.zone, month) if settled.has_all(month, month_after(month)) else 0
    return Drift(len(wrong) + late, tuple(sorted(of | ({month} if late else set()))))


def _stretches_differ(
    session: Session, venue_id: int, settled: Settled, month: date, wrong: AbstractSet[date]
) -> set[tuple[Any, ...]]:
    """Longer stretches that end in a month, held to the sums of their days; those of wrong days are made again anyway."""
    found: set[tuple[Any, ...]] = set()
    for grain in LARGER:
        for first in sorted({grain.begins(day) for day in _days_of(month)}):
            after = grain.after(first)
            of = _days_between(first, after)
            if month_of(after - DAY) == month and settled.has_all(first, after) and wrong.isdisjoint(of):
                added = _added_up(_stored(session, venue_id, ("day",), of), grain, first)
                found |= _differing(added, _stored(session, venue_id, (grain.name,), [first]))
    return found


def _added_up(of_days: Rows, grain: Grain, first: date) -> Rows:
    whole: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for (attribution, _, _, source_id, visitor_class), values in of_days.items():
        cell = (attribution, grain.name, first, source_id, visitor_class)
        whole[cell] = tuple(map(add, whole[cell], values)) if cell in whole else values
    return whole


def _times_differ(session: Session, venue_id: int, zone: str, month: date) -> int:
    names = (*_CELL, "step", "bin")
    times = {tuple(row[name] for name in names): (row["visits"],) for row in times_of(session, venue_id, zone, [month])}
    here = (TimeRollup.venue_id == venue_id, TimeRollup.first_day == month)
    stored = session.execute(select(*(getattr(TimeRollup, name) for name in names), TimeRollup.visits).where(*here))
    return len(_differing(times, {tuple(row[:-1]): (row[-1],) for row in stored}))


def _differing(one: Rows, other: Rows) -> set[tuple[Any, ...]]:
    return {cell for cell in one.keys() | other.keys() if one.get(cell) != other.get(cell)}


def _by_cell(rows: Iterable[Mapping[str, Any]]) -> Rows:
    return {tuple(row[name] for name in _CELL): tuple(row[name] for name in SUMMED) for row in rows}


def _stored(session: Session, venue_id: int, grains: Sequence[str], days: Sequence[date]) -> Rows:
    columns = [getattr(VisitRollup, name) for name in (*_CELL, *SUMMED)]
    here = (VisitRollup.venue_id == venue_id, VisitRollup.grain.in_(grains), VisitRollup.first_day.in_(days))
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
    return _days_between(month, month_after(month))


def _days_between(first: date, after: date) -> list[date]:
    return [first + DAY * number for number in range((after - first).days)]


def _note(session: Session, venue_id: int, drift: Drift, now: datetime) -> None:
    state = session.get(RollupState, venue_id)
    if state is None:
        return
    state.checked_at, state.drift = now, drift.rows
    marks = [{"venue_id": venue_id, "arrived_at": midnight(day, state.zone)} for day in drift.days]
    if marks:
        session.execute(insert(RollupMark), marks)
