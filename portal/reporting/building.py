"""Building the sums of marked days: read as of one moment, then written in a short transaction.

Exactly the marks that were seen go with it. A visit that changes meanwhile leaves a new mark, which stays: its day is still
read from the visits. Of two builders of a venue the one that writes second gives way (`RollupState.builds`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, cast, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from portal.core.db import BigId, Database
from portal.reporting.counting import SUMMED, Row, prefixes, times_of, visits_of
from portal.reporting.grains import DAY, LARGER, PREFIXES, PREFIXES_KEPT, Grain, hours_before, prefixes_of
from portal.reporting.ledger import TIMES_GRAIN
from portal.reporting.models import ATTRIBUTIONS, LAYOUT, RollupMark, RollupState, TimeRollup, VisitRollup
from portal.reporting.period import local_date, midnight, month_after, month_of

_CHUNK = 5_000  # parameters of one statement


@dataclass(frozen=True, slots=True)
class Built:
    """What the sums of some days of a venue should be, as of the moment at which `marks` were seen."""

    venue_id: int
    builds: int
    days: tuple[date, ...]
    hours: tuple[tuple[date, int], ...]  # days of whose prefixes those longer than so many hours are built
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
    zone, until = state.zone, local_date(state.closed_until, state.zone)
    by_day = {mark.id: local_date(mark.arrived_at, zone) for mark in marks}
    month = month_of(min(by_day.values()))
    seen = {mark.id: mark.arrived_at for mark in marks if month_of(by_day[mark.id]) == month}
    marked = sorted({by_day[mark_id] for mark_id in seen})
    days = tuple(day for day in marked if day < until)
    young = (day for day in marked if until - PREFIXES_KEPT <= day <= until)
    hours = {day: min(hours_before(at, zone) for mark_id, at in seen.items() if by_day[mark_id] == day) for day in young}
    months = (month,) if midnight(month_after(month), zone) <= state.closed_until else ()
    visits = [*visits_of(session, venue_id, zone, days)]
    for day, standing in hours.items():
        visits += prefixes(session, venue_id, zone, day, standing, hours_in_sums(state, day))
    times = tuple(times_of(session, venue_id, zone, months))
    return Built(venue_id, state.builds, days, tuple(hours.items()), months, tuple(seen), tuple(visits), times)


def hours_in_sums(state: RollupState, day: date) -> int:
    """How many prefixes a day is to have when all that is over is summed up."""
    over = local_date(state.closed_until, state.zone)
    return prefixes_of(day, state.zone) if day < over else hours_before(state.closed_until, state.zone) if day == over else 0


def write(session: Session, built: Built) -> bool:
    """Put the sums in place and take their marks away; False, and nothing done, when another builder was first."""
    mine = (RollupState.venue_id == built.venue_id, RollupState.builds == built.builds)
    turn = session.execute(update(RollupState).where(*mine).values(builds=built.builds + 1).returning(RollupState.venue_id))
    if turn.first() is None:
        return False
    _clear(session, VisitRollup, built.venue_id, ("day",), built.days)
    for day, standing in built.hours:
        _clear(session, VisitRollup, built.venue_id, PREFIXES[standing:], (day,))
    _clear(session, TimeRollup, built.venue_id, (TIMES_GRAIN,), built.months)
    for table, rows in ((VisitRollup, built.visits), (TimeRollup, built.times)):
        if rows:
            session.execute(insert(table), sorted(rows, key=_place))
    state = session.get_one(RollupState, built.venue_id, populate_existing=True)
    until = local_date(state.closed_until, state.zone)
    for grain in LARGER:
        _sum_up(session, built.venue_id, grain, built.days, until)
    if built.days:
        _forget_prefixes(session, built.venue_id, until - PREFIXES_KEPT)
    for start in range(0, len(built.marks), _CHUNK):
        session.execute(delete(RollupMark).where(RollupMark.id.in_(built.marks[start : start + _CHUNK])))
    return True


def outdated(session: Session) -> list[int]:
    """Venues whose sums are of an earlier layout."""
    return list(session.scalars(select(RollupState.venue_id).where(RollupState.layout != LAYOUT)))


def renew(session: Session, venue_id: int) -> None:
    """Bring a venue's sums to today's layout: longer stretches from its days, the prefixes of young days by their marks."""
    state = session.get_one(RollupState, venue_id, with_for_update=True)
    until = local_date(state.closed_until, state.zone)
    of_days = select(VisitRollup.first_day).where(VisitRollup.venue_id == venue_id, VisitRollup.grain == "day").distinct()
    days = session.scalars(of_days).all()
    for grain in LARGER:
        _sum_up(session, venue_id, grain, days, until)
    young = [until - DAY * number for number in range(PREFIXES_KEPT // DAY, -1, -1)]
    session.execute(insert(RollupMark), [{"venue_id": venue_id, "arrived_at": midnight(day, state.zone)} for day in young])
    state.layout, state.builds = LAYOUT, state.builds + 1


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where a row stands in the order in which rows are read: neighbours are to lie on one page."""
    return row["attribution"], row["grain"], row["first_day"], row["source_id"], row["visitor_class"]


def _clear(session: Session, table: Any, venue_id: int, grains: Sequence[str], days: Sequence[date]) -> None:
    for attribution in ATTRIBUTIONS if days else ():
        there = (table.venue_id == venue_id, table.attribution == attribution, table.grain.in_(grains))
        session.execute(delete(table).where(*there, table.first_day.in_(days)))


def _forget_prefixes(session: Session, venue_id: int, before: date) -> None:
    there = (VisitRollup.venue_id == venue_id, VisitRollup.attribution.in_(ATTRIBUTIONS), VisitRollup.grain.in_(PREFIXES))
    session.execute(delete(VisitRollup).where(*there, VisitRollup.first_day < before))


def _sum_up(session: Session, venue_id: int, grain: Grain, days: Sequence[date], until: date) -> None:
    """Every stretch of this grain that holds one of the days and is over.

    It is made of the sums of its days, all of which stand or are marked; while one is marked nobody reads the stretch.
    """
    table, kept = VisitRollup, (VisitRollup.source_id, VisitRollup.visitor_class)
    names = ["venue_id", "attribution", "grain", "first_day", "source_id", "visitor_class", *SUMMED]
    added = [cast(func.sum(getattr(table, name)), BigId) for name in SUMMED]
    here = (table.venue_id == venue_id, table.attribution.in_(ATTRIBUTIONS), table.grain == "day")
    for first in sorted({grain.begins(day) for day in days}):
        after = grain.after(first)
        if after > until:
            continue
        _clear(session, table, venue_id, (grain.name,), (first,))
        keys = (table.venue_id, table.attribution, literal(grain.name), literal(first, Date), *kept)
        then = (table.first_day >= first, table.first_day < after)
        of_cell = (table.venue_id, table.attribution, *kept)
        whole = select(*keys, *added).where(*here, *then).group_by(*of_cell).order_by(*of_cell)
        session.execute(insert(table).from_select(names, whole))
