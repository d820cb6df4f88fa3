"""Why to scan: the line that a venue puts on its sheets of a kind, in each language."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import SheetLine
from portal.venues.models import Venue

LENGTH = 90


def of_venue(session: Session, venue_id: int) -> dict[tuple[str, str], str]:
    """(kind, language) → text, of those that were written."""
    return {
        (row.kind, row.language): row.text for row in session.scalars(select(SheetLine).where(SheetLine.venue_id == venue_id))
    }


def put(session: Session, venue: Venue, kind: str, texts: Mapping[str, str]) -> None:
    """Write the lines of a kind; an empty one gives way to the default again."""
    for language, text in texts.items():
        row = session.get(SheetLine, (venue.id, kind, language))
        if row is None and text:
            row = SheetLine(venue_id=venue.id, kind=kind, language=language, organization_id=venue.organization_id, text=text)
            session.add(row)
        elif row is not None and text:
            row.text = text[:LENGTH]
        elif row is not None:
            session.delete(row)
    session.flush()
