"""Notes on days of the graph: "new menu", "street closed". They explain a bend; they count nothing."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.core.tokens import random_id
from portal.reporting.models import Annotation
from portal.venues.models import Venue

TEXT_LENGTH = 120
MOST_SHOWN = 40


def add(session: Session, venue: Venue, day: date, text: str, who: str, now: datetime) -> Annotation:
    """Write a note on a day. Raises PortalError `bad_note` when nothing readable is left of it."""
    shown = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())[:TEXT_LENGTH]
    if not shown:
        raise PortalError("bad_note")
    note = Annotation(
        organization_id=venue.organization_id, venue_id=venue.id, public_id=random_id(), day=day, text=shown, who=who[:200],
        created_at=now,
    )  # fmt: skip
    session.add(note)
    session.flush()
    return note


def remove(session: Session, venue_id: int, public_id: str) -> Annotation | None:
    """Take a note away; None when this venue has none of that id."""
    note = session.scalar(select(Annotation).where(Annotation.venue_id == venue_id, Annotation.public_id == public_id))
    if note is not None:
        session.delete(note)
        session.flush()
    return note


def between(session: Session, venue_id: int, first: date, last: date) -> Sequence[Annotation]:
    """The notes of a venue's days, the latest MOST_SHOWN of them, oldest first."""
    query = select(Annotation).where(Annotation.venue_id == venue_id, Annotation.day >= first, Annotation.day <= last)
    newest = session.scalars(query.order_by(Annotation.day.desc(), Annotation.id.desc()).limit(MOST_SHOWN))
    return list(newest)[::-1]
