"""Closing hours: from then on a change of their visits leaves a mark. What is closed is marked at first, until it is built.

On PostgreSQL nobody may be in the middle of a write when the line moves: he would have asked where it stood before, and left
no mark. So it moves under a lock that waits for all writers, and gives up sooner than the guests who then wait for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from portal.acquisition.models import Visit
from portal.reporting.grains import DAY, HOUR, hours_before
from portal.reporting.models import LAYOUT, RollupMark, RollupState, TimeRollup, VisitRollup
from portal.reporting.period import local_date, midnight
from portal.venues.models import Venue

OVER_FOR = timedelta(minutes=30)  # most guests are done by then; what changes later leaves its mark
MOST_VENUES = 200  # of one transaction
_LOCK = ("SET LOCAL lock_timeout = '500ms'", "LOCK TABLE visit IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True)
class Due:
    """A venue whose line is to move to `until`."""

    venue_id: int
    organization_id: int
    zone: str
    until: datetime


def due(session: Session, now: datetime) -> list[Due]:
    """Venues with hours to close; cheap, and mostly none."""
    query = select(Venue.id, Venue.organization_id, Venue.timezone, RollupState.zone, RollupState.closed_until)
    joined = session.execute(query.outerjoin(RollupState, RollupState.venue_id == Venue.id).order_by(Venue.id))
    found = []
    for venue_id, organization_id, zone, summed_zone, since in joined:
        until = _last_hour(now - OVER_FOR, zone)
        if since is None or summed_zone != zone or since < until:
            found.append(Due(venue_id, organization_id, zone, until))
    return found[:MOST_VENUES]


def close(session: Session, wanted: Sequence[Due]) -> None:
    """Mark the hours that are passed and move the lines. Safe to repeat; OperationalError when writers take too long.

    The marks come first: the lock is held for no longer than it takes to move the lines.
    """
    for one in wanted:
        state = session.get(RollupState, one.venue_id)
        if state is None or state.zone != one.zone:
            _forget(session, one.venue_id)
            _pass(session, one, _midnight_of(_first_arrival(session, one.venue_id), one.zone))
        else:
            _pass(session, one, state.closed_until)
    if session.get_bind().dialect.name == "postgresql":
        for statement in _LOCK:
            session.execute(text(statement))
    for one in wanted:
        _move(session, one)
    session.flush()


def _move(session: Session, one: Due) -> None:
    state = session.get(RollupState, one.venue_id, populate_existing=True)
    if state is None:
        new = {"venue_id": one.venue_id, "organization_id": one.organization_id, "zone": one.zone, "closed_until": one.until}
        session.add(RollupState(**new))
    elif state.zone != one.zone:
        state.zone, state.closed_until, state.layout, state.builds = one.zone, one.until, LAYOUT, state.builds + 1
    else:
        state.closed_until = max(state.closed_until, one.until)


def mark_all(session: Session, venue_id: int) -> None:
    """Have every closed day of a venue built again; until then it is read from the visits."""
    state = session.get_one(RollupState, venue_id)
    one = Due(venue_id, state.organization_id, state.zone, state.closed_until)
    _pass(session, one, _midnight_of(_earliest(session, state), state.zone))


def _forget(session: Session, venue_id: int) -> None:
    for table in (VisitRollup, TimeRollup, RollupMark):
        session.execute(delete(table).where(table.venue_id == venue_id))


def _pass(session: Session, one: Due, since: datetime | None) -> None:
    """A mark for what of each day from `since` on is now closed."""
    marks = [{"venue_id": one.venue_id, "arrived_at": start} for start in _beginnings(since, one)] if since else []
    if marks:
        session.execute(insert(RollupMark), marks)


def _beginnings(since: datetime, one: Due) -> Iterator[datetime]:
    start, day = since, local_date(since, one.zone)
    while start < one.until:
        yield start
        day += DAY
        start = midnight(day, one.zone)


def _last_hour(moment: datetime, zone: str) -> datetime:
    """When the hour before the one of a moment ended, by elapsed time from midnight."""
    return midnight(local_date(moment, zone), zone) + hours_before(moment, zone) * HOUR


def _midnight_of(moment: datetime | None, zone: str) -> datetime | None:
    return moment and midnight(local_date(moment, zone), zone)


def _first_arrival(session: Session, venue_id: int) -> datetime | None:
    return session.scalar(select(func.min(Visit.arrived_at)).where(Visit.venue_id == venue_id))


def _earliest(session: Session, state: RollupState) -> datetime | None:
    """The first visit or the first day of the sums, whichever is earlier: a sum of nothing must go as well."""
    days = (VisitRollup.venue_id == state.venue_id, VisitRollup.grain == "day")
    summed = session.scalar(select(func.min(VisitRollup.first_day)).where(*days))
    arrived = _first_arrival(session, state.venue_id)
    moments = [moment for moment in (arrived, midnight(summed, state.zone) if summed else None) if moment]
    return min(moments, default=None)
