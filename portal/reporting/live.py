"""What happens right now: the visits of the last half hour."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source, Visit
from portal.reporting.models import OTHER
from portal.reporting.placements import placements_of
from portal.venues.models import Venue

MINUTES = 30
_STEPS = (Visit.phone_at, Visit.verified_at, Visit.card_at, Visit.online_at)


@dataclass(frozen=True, slots=True)
class Live:
    """Guests that arrived within the last half hour, and how far they have come. `minutes`: arrivals, the oldest minute first.

    `sources`: (source, visits), the most first; None is "other".
    """

    visits: int
    phones: int
    verified: int
    cards: int
    online: int
    minutes: tuple[int, ...]
    sources: tuple[tuple[Source | None, int], ...]


def last_half_hour(session: Session, venue: Venue, now: datetime) -> Live:
    """Look at the visits themselves."""
    since = now - timedelta(minutes=MINUTES)
    here = (Visit.venue_id == venue.id, Visit.visitor_class == "guest", Visit.arrived_at > since, Visit.arrived_at <= now)
    rows = session.execute(select(Visit.arrived_at, Visit.source_id, *_STEPS).where(*here)).all()
    minutes = Counter(MINUTES - 1 - (now - row.arrived_at) // timedelta(minutes=1) for row in rows)
    by_source: Mapping[int | None, int] = Counter(row.source_id for row in rows)
    return Live(
        visits=len(rows),
        phones=sum(row.phone_at is not None for row in rows),
        verified=sum(row.verified_at is not None for row in rows),
        cards=sum(row.card_at is not None for row in rows),
        online=sum(row.online_at is not None for row in rows),
        minutes=tuple(minutes[number] for number in range(MINUTES)),
        sources=_named(session, venue, by_source),
    )


def _named(session: Session, venue: Venue, by_source: Mapping[int | None, int]) -> tuple[tuple[Source | None, int], ...]:
    placements = placements_of(session, venue.id)
    rows: Counter[int] = Counter()
    for source_id, visits in by_source.items():
        rows[placements.row_of(source_id or OTHER)] += visits
    return tuple((placements.known.get(row), visits) for row, visits in sorted(rows.items(), key=lambda one: (-one[1], one[0])))
