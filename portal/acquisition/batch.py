"""Numbered placements in one go: a table code for every table."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.core.errors import PortalError
from portal.venues.models import Venue

MOST = 200
LARGEST = 9999
PLACE = "{n}"  # in the pattern, where the number goes


def labels(pattern: str, first: int, last: int) -> list[str]:
    """The names that a pattern gives. Raises PortalError `bad_pattern`, `bad_numbers` or `too_many`."""
    if pattern.count(PLACE) != 1:
        raise PortalError("bad_pattern")
    if not 0 <= first <= last <= LARGEST:
        raise PortalError("bad_numbers")
    if last - first >= MOST:
        raise PortalError("too_many", most=MOST)
    return [pattern.replace(PLACE, str(number)) for number in range(first, last + 1)]


def create(
    session: Session, venue: Venue, kind: str, pattern: str, first: int, last: int, now: datetime, who: str = ""
) -> list[Source]:
    """Make one placement for each number, or none at all. utm_content is its name, so that no general link is taken for it.

    Raises PortalError as `labels` and `sources.create` do, and `label_taken` (`label`) where one in use is called the same:
    a form sent twice makes nothing twice.
    """
    names = labels(pattern, first, last)
    in_use = select(Source.label).where(Source.venue_id == venue.id, Source.retired_at.is_(None))
    taken = set(session.scalars(in_use)) & set(names)
    if taken:
        raise PortalError("label_taken", label=min(taken, key=names.index))
    return [sources.create(session, venue, kind, name, now, who=who, utm_content=name) for name in names]


def between(session: Session, venue: Venue, first: Source, last: Source) -> Sequence[Source]:
    """Placements of a venue that were made from `first` to `last`, both with them: a batch."""
    query = select(Source).where(Source.venue_id == venue.id, Source.id.between(first.id, last.id)).order_by(Source.id)
    return session.scalars(query).all()
