"""One aggregate over the visits of a time range: a row per source and kind of visitor, a count per step.

A visit belongs to the range by its arrival; a step counts when it was reached within the window from that arrival. A step
needs those before it, so no share can pass 100 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Visit
from portal.reporting.deadline import deadline
from portal.reporting.period import Period
from portal.reporting.steps import FUNNEL, Counts

MAX_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CohortLine:
    """Visits of one venue, source (None: other) and class. `online_apart` is for classes that need no code."""

    venue_id: int
    source_id: int | None
    visitor_class: str
    counts: Counts
    online_apart: int
    unripe: int
    synthetic: int


def count(session: Session, ranges: Sequence[tuple[int, Period]], window: timedelta, now: datetime) -> list[CohortLine]:
    """Count the visits of each venue in its own period, in a single query."""
    if not timedelta(seconds=1) <= window <= MAX_WINDOW:
        raise ValueError("the window must lie between a second and 30 days")
    if not ranges:
        return []
    visit = _in_range(ranges, window).c
    reached = _reached(visit)
    columns = [_count(reached[name]) for name in FUNNEL]
    rest = [_count(visit.online_at <= visit.deadline), _count(visit.arrived_at > now - window), _count(visit.synthetic)]
    keys = (visit.venue_id, visit.source_id, visit.visitor_class)
    rows = session.execute(select(*keys, *columns, *rest).group_by(*keys))
    return [CohortLine(r[0], r[1], r[2], Counts(tuple(r[3:-3])), *r[-3:]) for r in rows]


def _in_range(ranges: Sequence[tuple[int, Period]], window: timedelta) -> Subquery:
    mine = [
        and_(Visit.venue_id == venue_id, Visit.arrived_at >= days.start, Visit.arrived_at < days.end) for venue_id, days in ranges
    ]
    times = [getattr(Visit, f"{name}_at") for name in FUNNEL if name != "seen"]
    until = deadline(Visit.arrived_at, window).label("deadline")
    facts = (Visit.venue_id, Visit.source_id, Visit.visitor_class, Visit.synthetic, Visit.arrived_at)
    return select(*facts, *times, until).where(or_(*mine)).subquery()


def _reached(visit: Any) -> dict[str, ColumnElement[bool]]:
    """A row exists because the page was seen or submitted, so each is a start."""

    def in_time(name: str) -> ColumnElement[bool]:
        return visit[f"{name}_at"] <= visit.deadline  # type: ignore[no-any-return]

    phone = in_time("phone")
    verified = and_(phone, in_time("verified"))
    delivered = and_(phone, or_(in_time("code_delivered"), in_time("verified")))
    card = and_(verified, in_time("card"))
    return {
        "seen": visit.venue_id.is_not(None),
        "phone": phone,
        "code_sent": or_(and_(phone, in_time("code_sent")), delivered),
        "code_delivered": delivered,
        "verified": verified,
        "card": card,
        "card_saved": and_(card, in_time("card_saved")),
        "online": and_(verified, in_time("online")),
    }


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))
