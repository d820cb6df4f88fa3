"""Something that the numbers say and a person should look at: raised once, ended when it is over, shown and mailed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.reporting.models import Alert
from portal.venues.models import Venue

KINDS = ("quiet", "delivery", "budget", "drift", "webhook")
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is not over, with what it is about."""

    alert: Alert
    venue: Venue
    source: Source | None

    @property
    def kind(self) -> str:
        """One of KINDS: which words tell it."""
        return self.alert.kind

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers and days of the moment when it was raised."""
        return self.alert.facts


def open_for(session: Session, venues: Iterable[Venue]) -> list[Open]:
    """What is open at these venues, the newest first."""
    known = {venue.id: venue for venue in venues}
    mine = (Alert.venue_id.in_(known), Alert.ended_at.is_(None))
    query = select(Alert, Source).join(Source, Source.id == Alert.source_id, isouter=True).where(*mine)
    rows = session.execute(query.order_by(Alert.raised_at.desc(), Alert.id.desc()))
    return [Open(alert, known[alert.venue_id], source) for alert, source in rows]


def raise_once(
    session: Session,
    venue: Venue,
    kind: str,
    facts: dict[str, Any],
    now: datetime,
    *,
    source_id: int | None = None,
    key: str = "",
) -> Alert | None:
    """Write an alert; None when the same one (kind, venue, source, `key`) is open already."""
    if any(one.facts.get("key", "") == key for one in _same(session, venue.id, kind, source_id)):
        return None
    alert = Alert(
        organization_id=venue.organization_id, venue_id=venue.id, source_id=source_id, kind=kind, raised_at=now,
        facts={**facts, **({"key": key} if key else {})},
    )  # fmt: skip
    session.add(alert)
    session.flush()
    return alert


def settle(
    session: Session, venue: Venue, kind: str, standing: Mapping[tuple[int | None, str], dict[str, Any]], now: datetime
) -> int:
    """Raise what stands, by (source, key), end what stands no more; returns how many are new."""
    mine = (Alert.venue_id == venue.id, Alert.kind == kind, Alert.ended_at.is_(None))
    for one in session.scalars(select(Alert).where(*mine)):
        if (one.source_id, one.facts.get("key", "")) not in standing:
            one.ended_at = now
    session.flush()
    raised = [
        raise_once(session, venue, kind, facts, now, source_id=source_id, key=key) for (source_id, key), facts in standing.items()
    ]
    return sum(one is not None for one in raised)


def webhook_stopped(session: Session, organization_id: int, venue_ids: Sequence[int], endpoint: str, now: datetime) -> None:
    """An endpoint that took nothing for days was stopped: shown at the first venue that it is told of."""
    mine = select(Venue).where(Venue.organization_id == organization_id)
    venue = session.scalar((mine.where(Venue.id.in_(venue_ids)) if venue_ids else mine).order_by(Venue.id).limit(1))
    if venue is not None:
        raise_once(session, venue, "webhook", {"endpoint": endpoint}, now, key=endpoint)


def webhook_goes_on(session: Session, organization_id: int, endpoint: str, now: datetime) -> None:
    """Somebody let it go on, or took it away."""
    mine = (Alert.organization_id == organization_id, Alert.kind == "webhook", Alert.ended_at.is_(None))
    for one in session.scalars(select(Alert).where(*mine)):
        if one.facts.get("endpoint") == endpoint:
            one.ended_at = now


def unmailed(session: Session) -> list[Open]:
    """Open alerts of the house that nobody was written about."""
    query = (
        select(Alert, Venue, Source)
        .join(Venue, Venue.id == Alert.venue_id)
        .join(Source, Source.id == Alert.source_id, isouter=True)
        .where(Alert.ended_at.is_(None), Alert.mailed_at.is_(None))
    )
    return [Open(*row) for row in session.execute(query.order_by(Alert.id).limit(500))]


def by_ids(session: Session, organization_id: int, ids: Sequence[int]) -> list[Open]:
    """These alerts of an organization, for the letter about them; those that are over stay out."""
    query = (
        select(Alert, Venue, Source)
        .join(Venue, Venue.id == Alert.venue_id)
        .join(Source, Source.id == Alert.source_id, isouter=True)
        .where(Alert.organization_id == organization_id, Alert.id.in_(ids), Alert.ended_at.is_(None))
    )
    return [Open(*row) for row in session.execute(query.order_by(Alert.id))]


def forget_old(session: Session, now: datetime) -> None:
    """Delete alerts that ended more than 400 days ago."""
    session.execute(delete(Alert).where(Alert.ended_at < now - KEPT).execution_options(synchronize_session=False))


def _same(session: Session, venue_id: int, kind: str, source_id: int | None) -> list[Alert]:
    mine = (Alert.venue_id == venue_id, Alert.kind == kind, Alert.ended_at.is_(None))
    return list(session.scalars(select(Alert).where(*mine, Alert.source_id.is_not_distinct_from(source_id))))
