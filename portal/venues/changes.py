"""What landings are made of changes a few times a day: whoever keeps a copy of it asks one row whether it still holds.

Triggers leave a row for each change of a venue, its entity, placements, gateways and documents. Rows, not a counter: two
owners' transactions must neither wait for each other nor hide one another's change by the order in which they end.
"""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.core.glances import Reader
from portal.core.statements import Statement
from portal.venues.models import FrontChange

KEPT = 1000

Edition = tuple[int | None, int | None, int]


def edition(reader: Reader) -> Edition:
    """Differs from any that was read earlier once something has changed."""
    row = _EDITION.first(reader, {})
    return row.first, row.last, row.many


def forget_old(session: Session) -> int:
    """Delete all but the last `KEPT` numbers; returns how many. No transaction is open for as long as so many changes take."""
    last = select(func.max(FrontChange.id)).scalar_subquery()
    return session.connection().execute(delete(FrontChange).where(FrontChange.id <= last - KEPT)).rowcount


# A change with a lower number than one already seen can still be committed later: then there is one row more.
_EDITION = Statement(
    select(func.min(FrontChange.id).label("first"), func.max(FrontChange.id).label("last"), func.count().label("many"))
)
