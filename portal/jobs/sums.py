"""Keeping the reports' sums: each minute what is due, each night the whole check."""

import logging
import time
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal.core.db import Database
from portal.reporting import building, checking, closing
from portal.reporting.models import RollupState

PATIENCE = timedelta(seconds=40)  # of one run; what is left waits for the next, and is read from the visits until then
_log = logging.getLogger(__name__)


def keep_up(database: Database, now: datetime, patience: timedelta = PATIENCE) -> int:
    """Close hours that are over and build marked ones; returns how many months were worked at. Safe to run twice at once."""
    ends = time.monotonic() + patience.total_seconds()
    _close(database, now)
    _renew(database)
    with database.reading() as session:
        waiting = building.marked_venues(session)
    built = 0
    for venue_id in waiting:
        while time.monotonic() < ends and building.build(database, venue_id):
            built += 1
    return built


def check_all(database: Database, now: datetime, *, repair: bool = True) -> dict[int, checking.Drift]:
    """Compare the sums of every venue with its visits; by venue what differed."""
    with database.reading() as session:
        venues = session.scalars(select(RollupState.venue_id).order_by(RollupState.venue_id)).all()
    return {venue_id: checking.check(database, venue_id, now, repair=repair) for venue_id in venues}


def _renew(database: Database) -> None:
    """After an update that sums up more than the version before did."""
    with database.reading() as session:
        outdated = building.outdated(session)
    for venue_id in outdated:
        with database.writing() as session:
            building.renew(session, venue_id)


def _close(database: Database, now: datetime) -> None:
    while True:
        with database.reading() as session:
            due = closing.due(session, now)
        if not due:
            return
        try:
            with database.writing() as session:
                closing.close(session, due)
        except OperationalError:  # somebody wrote for too long; nothing is lost but a minute
            _log.info("hours stay open for another minute")
            return
