"""Every table of the reports as a file, with the filters of its page; that it was taken is written down."""

from datetime import datetime

from flask import Response, abort, g, request
from sqlalchemy.orm import Session

from portal.acquisition.sources import list_for_venue
from portal.reporting.exports import WRITERS
from portal.reporting.tables import TABLES, build
from portal.reporting.tables.wanted import Wanted
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.files import made, sent
from portal.web.dashboard.filters import Filters, read_filters
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/venues/<code>/export/<table>.<suffix>", endpoint="export")
@allow("marketer")
def download(code: str, table: str, suffix: str) -> Response:
    """A table of TABLES as CSV or XLSX. It is made while nobody waits to write; then the journal has its line, then it leaves."""
    now = parts().clock()
    with parts().database.snapshot() as db:
        venue = own_venue(db, code)
        if table not in TABLES or suffix not in WRITERS:
            abort(404)
        filters = read_filters(request.args, now, venue, list_for_venue(db, venue.id))
        file = made(build(table, _wanted(db, venue, filters, now)), suffix)
    days = f"{filters.days.first}_{filters.days.last}"
    with parts().database.writing() as db:
        journal.write(db, me(), "export", f"{venue.code} {table}.{suffix} {days}", now)
    return sent(file, venue.code, table, days)


def _wanted(db: Session, venue: Venue, filters: Filters, now: datetime) -> Wanted:
    return Wanted(db, filters.question(venue), scope.venues(db, me()), str(g.language), now, filters.drawn_grain)
