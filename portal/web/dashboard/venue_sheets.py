"""Sheets of several placements in one PDF: a whole batch of table codes with one click."""

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from portal.acquisition import batch, sheet_lines, sources
from portal.acquisition.models import Source
from portal.core.errors import PortalError
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.sheet import SheetsForm
from portal.web.dashboard.guards import allow
from portal.web.dashboard.paper import pdf
from portal.web.dashboard.paper.drawing import draw
from portal.web.dashboard.paper_words import colours, words
from portal.web.dashboard.sheets import as_file, note_taken
from portal.web.dashboard.source_words import REFUSALS
from portal.web.parts import parts


@bp.get("/venues/<code>/sheets")
@allow("marketer")
def venue_sheets(code: str) -> str:
    """Choose placements and a format; `?first=…&last=…` chooses a batch."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        choice = _choice(db, venue)
        chosen = [source.code for source in _batch(db, venue)]
    form = SheetsForm(codes=chosen or [source.code for source in choice], label=True, paper=venue.language).offer(choice)
    return render_template("dashboard/venue_sheets.html", form=form, venue=venue)


@bp.post("/venues/<code>/sheets")
@allow("marketer")
def take_venue_sheets(code: str) -> Response | tuple[str, int]:
    """All chosen ones in one file; that their sheets were taken is written down."""
    now = parts().clock()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        choice = _choice(db, venue)
        lines = sheet_lines.of_venue(db, venue.id)
    form = SheetsForm().offer(choice)
    if not form.validate():
        return render_template("dashboard/venue_sheets.html", form=form, venue=venue), 422
    chosen = [source for source in choice if source.code in form.codes.data]
    said = [words(source, venue, lines, form.paper.data, with_label=form.label.data) for source in chosen]
    try:
        drawings = [draw(form.name.data, one, colours(venue)) for one in said]
    except PortalError as refused:
        return render_template("dashboard/venue_sheets.html", form=form, venue=venue, refusal=REFUSALS[refused.code]), 422
    file = pdf.write(drawings, form.mode.data, venue.name)
    note_taken(chosen, f"{venue.code} {form.name.data} × {len(chosen)}", now)
    return as_file(file, "pdf", f"{venue.code}-{form.name.data}")


def _choice(db: Session, venue: Venue) -> list[Source]:
    return [source for source in sources.list_for_venue(db, venue.id, with_retired=False) if not source.merged_at]


def _batch(db: Session, venue: Venue) -> list[Source]:
    first, last = (sources.find_by_code(db, request.args.get(name, "")) for name in ("first", "last"))
    return list(batch.between(db, venue, first, last)) if first and last else []
