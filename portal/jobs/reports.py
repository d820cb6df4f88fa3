"""Looking at the numbers by the clock: alerts raised, ended and mailed, and Monday's letters queued."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.db import Database
from portal.mail import outbox
from portal.reporting import alerts, watch, weekly
from portal.reporting.watch import Standing
from portal.staff import scope
from portal.staff.models import StaffUser
from portal.venues.models import Venue

ONCE_A_DAY = 10  # by the venue's clock
DELIVERY_HOURS = (10, 14, 18, 22)
_log = logging.getLogger(__name__)
_LOOKS: dict[str, Callable[[Session, Venue, datetime], Standing]] = {
    "quiet": watch.quiet,
    "budget": watch.budget,
    "drift": lambda session, venue, _now: watch.drift(session, venue),
    "delivery": watch.delivery,
}


def look(database: Database, now: datetime, *, every: bool = False) -> int:
    """Look at each venue whose hour it is (or at every one); returns how many alerts were raised. Reads without a lock."""
    raised = 0
    with database.reading() as session:
        venues = every_venue(session)
    for venue in venues:
        kinds = tuple(_LOOKS) if every else _kinds_at(now.astimezone(ZoneInfo(venue.timezone)).hour)
        if kinds:
            try:
                raised += _look_at(database, venue, kinds, now)
            except Exception:  # what cannot be counted at one venue must not keep the others from their alerts
                _log.exception("could not look at the numbers of %s", venue.code)
    return raised


def mail_alerts(database: Database, now: datetime) -> int:
    """Write to everybody who wants it about alerts that nobody was written about; returns how many letters."""
    with database.reading() as session:
        if not alerts.unmailed(session):
            return 0
    with database.writing() as session:
        new, letters = alerts.unmailed(session), 0
        for organization_id in {one.alert.organization_id for one in new}:
            letters += _mail(session, organization_id, [one for one in new if one.alert.organization_id == organization_id], now)
        for one in new:
            one.alert.mailed_at = now
        return letters


def queue_weekly(database: Database, now: datetime) -> int:
    """Monday's letters, one for each person and week; returns how many are new."""
    queued = 0
    with database.writing() as session:
        for user, venues in _readers(session, "weekly_report"):
            zone = venues[0].timezone
            if weekly.is_due(now, zone):
                monday = weekly.last_monday(now, zone)
                reference = f"weekly:{user.id}:{weekly.iso_week(monday)}"
                queued += outbox.queue(session, user, "weekly", reference, {"monday": monday.isoformat()}, now)
    return queued


def every_venue(session: Session) -> list[Venue]:
    """Of all organizations."""
    return list(session.scalars(select(Venue).order_by(Venue.id)))


def _kinds_at(hour: int) -> tuple[str, ...]:
    if hour == ONCE_A_DAY:
        return tuple(_LOOKS)
    return ("delivery",) if hour in DELIVERY_HOURS else ()


def _look_at(database: Database, venue: Venue, kinds: Iterable[str], now: datetime) -> int:
    with database.snapshot() as session:
        standing = {kind: _LOOKS[kind](session, venue, now) for kind in kinds}
        open_kinds = {one.kind for one in alerts.open_for(session, [venue])}
    touched = {kind: found for kind, found in standing.items() if found or kind in open_kinds}
    if not touched:
        return 0
    with database.writing() as session:
        return sum(alerts.settle(session, venue, kind, found, now) for kind, found in touched.items())


def _mail(session: Session, organization_id: int, new: list[alerts.Open], now: datetime) -> int:
    letters = 0
    for user, venues in _readers(session, "alerts", organization_id):
        sight = {venue.id for venue in venues}
        mine = [one.alert.id for one in new if one.venue.id in sight]
        if mine:
            letters += outbox.queue(session, user, "alert", f"alert:{user.id}:{mine[0]}", {"alerts": mine}, now)
    return letters


def _readers(session: Session, wish: str, organization_id: int | None = None) -> list[tuple[StaffUser, list[Venue]]]:
    """Owners and marketers who said yes to such letters, with the venues that they see."""
    query = select(StaffUser).where(StaffUser.active.is_(True), getattr(StaffUser, wish).is_(True)).order_by(StaffUser.id)
    if organization_id is not None:
        query = query.where(StaffUser.organization_id == organization_id)
    readers = [user for user in session.scalars(query) if scope.is_at_least(user, "marketer")]
    return [(user, venues) for user in readers if (venues := scope.venues(session, user))]
