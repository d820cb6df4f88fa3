"""What the journal says in tests."""

from sqlalchemy import select

from portal.core.db import Database
from portal.staff.models import StaffJournal


def lines_of(database: Database) -> list[tuple[str, str]]:
    """Action and subject of every line, in order."""
    with database.reading() as session:
        return [(line.action, line.subject) for line in session.scalars(select(StaffJournal).order_by(StaffJournal.id))]
