"""The row of one path's budget: made when missing, locked by whoever claims, taken from in one statement."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.core.statements import Ask, Statement
from portal.sms.models import SmsBudget
from portal.venues.models import Venue

_TABLE = cast(Table, SmsBudget.__table__)
_ROW = (_TABLE.c.venue_id == bindparam("venue"), _TABLE.c.path == bindparam("of_path"))
_HOLD = Statement(select(_TABLE).where(*_ROW).with_for_update())
_TAKE = Statement(
    update(_TABLE).where(*_ROW).values(day=bindparam("today"), kopecks=bindparam("spent"), minute=bindparam("times"))
)


@dataclass(frozen=True, slots=True)
class Held:
    """A budget row on the way of a form: locked, as of today."""

    organization_id: int
    venue_id: int
    path: str
    day: date
    kopecks: int
    minute: list[float]
    slow: bool
    stopped_until: datetime | None


def ask(venue: Venue, path: str) -> Ask:
    """What `held` will ask, to be asked ahead."""
    return _HOLD, {"venue": venue.id, "of_path": path}


def held(session: Session, venue: Venue, path: str, now: datetime) -> Held:
    """Lock a path's row and read it as of today; nothing is written yet."""
    statement, facts = ask(venue, path)
    found = statement.first(session, facts)
    if found is None:
        _make(session, venue, path, now)
        found = statement.first(session, facts)
    today = local_day(venue, now)
    kopecks = found.kopecks if found.day == today else 0
    return Held(venue.organization_id, venue.id, path, today, kopecks, found.minute, found.slow, found.stopped_until)


def locked(session: Session, venue: Venue, path: str, now: datetime) -> SmsBudget:
    """The same row to change as an object, off the guests' way."""
    found = session.get(SmsBudget, (venue.id, path), with_for_update=True)
    if found is not None:
        return found
    _make(session, venue, path, now)
    return session.get_one(SmsBudget, (venue.id, path), with_for_update=True)


def _make(session: Session, venue: Venue, path: str, now: datetime) -> None:
    """A new path counts its whole past, as if it had stood here from the first message."""
    upsert = sqlite_insert if session.connection().dialect.name == "sqlite" else pg_insert
    row = {
        "venue_id": venue.id, "path": path, "organization_id": venue.organization_id, "day": local_day(venue, now),
        "kopecks": 0, "minute": [], "slow": False, "counted_from": datetime.fromtimestamp(0, now.tzinfo),
    }  # fmt: skip
    session.connection().execute(upsert(SmsBudget).values(row).on_conflict_do_nothing())


def take(session: Session, budget: Held, kopecks: int, minute: list[float]) -> None:
    """Store what the day and the minute have used now."""
    facts = {"venue": budget.venue_id, "of_path": budget.path, "today": budget.day, "spent": kopecks, "times": minute}
    _TAKE.write(session, facts)


def local_day(venue: Venue, now: datetime) -> date:
    """The date at the venue."""
    return now.astimezone(ZoneInfo(venue.timezone)).date()
