"""A placement's life: paused, pointed elsewhere, merged, retired, and back. Whatever it is, its printed code lands.

Every verb may be called twice; only a change leaves a line in the history. `who` is the person, for the history.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import history, pointing
from portal.acquisition.models import Source
from portal.core.errors import PortalError
from portal.venues.models import Organization


def pause(session: Session, source: Source, now: datetime, who: str = "") -> None:
    """Nobody expects visits of it for a while: the terrace is closed. It lands and counts as ever."""
    if source.paused_at is None:
        source.paused_at = now
        history.note(session, source, "paused", now, who)
        session.flush()


def resume(session: Session, source: Source, now: datetime, who: str = "") -> None:
    """Visits are expected again."""
    if source.paused_at is not None:
        source.paused_at = None
        history.note(session, source, "resumed", now, who)
        session.flush()


def retire(session: Session, source: Source, now: datetime, who: str = "") -> None:
    """Take a placement out of use. Its printed code still lands and still counts."""
    if source.retired_at is None:
        source.retired_at = now
        history.note(session, source, "retired", now, who)
        session.flush()


def reactivate(session: Session, source: Source, now: datetime, who: str = "") -> None:
    """Put a retired placement back to use."""
    if source.retired_at is not None:
        source.retired_at = None
        history.note(session, source, "reactivated", now, who)
        session.flush()


def point(session: Session, source: Source, target: Source | None, now: datetime, who: str = "") -> None:
    """From now on its code lands and counts as `target` of the same organization; None: as itself again.

    Raises PortalError `merged`, `unknown_source`, `points_to_itself` or `points_in_a_circle`.
    """
    if source.merged_at is not None:
        raise PortalError("merged")
    if target is not None:
        _check(session, source, target)
    if source.points_to_id != (target.id if target else None):
        was = session.get(Source, source.points_to_id) if source.points_to_id else source
        source.points_to_id = target.id if target else None
        history.note(session, source, "repointed", now, who, was=was.label if was else "", became=(target or source).label)
        session.flush()


def merge(session: Session, source: Source, into: Source, now: datetime, who: str = "") -> None:
    """Its code lands as `into`, and its past is shown in the row of `into`, until they are parted.

    Raises PortalError as `point` does, and `other_venue`: a report's rows are of one venue.
    """
    if source.merged_at is not None:
        raise PortalError("merged")
    _check(session, source, into)
    if into.venue_id != source.venue_id:
        raise PortalError("other_venue")
    source.points_to_id, source.merged_at = into.id, now
    history.note(session, source, "merged", now, who, was=source.label, became=into.label)
    session.flush()


def part(session: Session, source: Source, now: datetime, who: str = "") -> None:
    """Take a merge back: its own past is its own row again; what counted for the other meanwhile stays there."""
    if source.merged_at is not None:
        into = session.get(Source, source.points_to_id)
        source.points_to_id = source.merged_at = None
        history.note(session, source, "parted", now, who, was=into.label if into else "", became=source.label)
        session.flush()


def _check(session: Session, source: Source, target: Source) -> None:
    if target.organization_id != source.organization_id:
        raise PortalError("unknown_source")  # as if it did not exist
    if target.id == source.id:
        raise PortalError("points_to_itself")
    _lock(session, source.organization_id)
    if pointing.leads_to(session, target, source):
        raise PortalError("points_in_a_circle")


def _lock(session: Session, organization_id: int) -> None:
    """One at a time in an organization, and as the one before left it: two of them together could close a circle."""
    session.scalars(select(Organization.id).where(Organization.id == organization_id).with_for_update()).one()
    pointing_ones = select(Source).where(Source.organization_id == organization_id, Source.points_to_id.is_not(None))
    session.scalars(pointing_ones.execution_options(populate_existing=True)).all()
