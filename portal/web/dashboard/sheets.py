"""Sheets of one placement to print: looked at as pictures, taken as PDF or SVG, with the line that says why to scan.

Looking changes nothing. A file is taken by a form (POST), so that neither a prefetch nor a reload of the page counts as
printing; that it was taken is kept.
"""

from datetime import datetime

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.acquisition import sheet_lines
from portal.acquisition.models import Source
from portal.core.errors import PortalError
from portal.core.i18n import LANGUAGES
from portal.staff import journal
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.sheet import LineForm, SheetForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.paper import pdf, svg
from portal.web.dashboard.paper.drawing import draw
from portal.web.dashboard.paper.formats import FORMATS, ordered
from portal.web.dashboard.paper_words import colours, default_why, link, words
from portal.web.dashboard.source_words import REFUSALS
from portal.web.dashboard.sources import own_source
from portal.web.parts import parts

TYPES = {"pdf": "application/pdf", "svg": "image/svg+xml; charset=utf-8"}


@bp.get("/sources/<code>/sheets", endpoint="sheets")
@allow("marketer")
def list_sheets(code: str) -> str:
    """All formats side by side, those that suit the kind first, with the link for where nothing is printed."""
    return _page(code, None)


@bp.post("/sources/<code>/sheets")
@allow("marketer")
def take_sheet(code: str) -> Response | tuple[str, int]:
    """One format as a file; that a sheet was taken is written down."""
    form, now = SheetForm(), parts().clock()
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
        if not form.validate():
            abort(400)  # every choice of this form is on the page: only a page of another version sends what is none
        said = words(source, venue, sheet_lines.of_venue(db, venue.id), form.paper.data, with_label=form.label.data)
    try:
        drawing = draw(form.name.data, said, colours(venue))
    except PortalError as refused:
        return _page(code, REFUSALS[refused.code]), 422
    if form.file.data == "svg":
        file = svg.write(drawing, said).encode()
    else:
        file = pdf.write([drawing], form.mode.data, f"{venue.name}, {source.label}")
    note_taken([source], f"{source.code} {form.name.data}", now)
    return as_file(file, form.file.data, f"{source.code}-{form.name.data}")


@bp.get("/sources/<code>/sheets/<name>.svg")
@allow("marketer")
def sheet_picture(code: str, name: str) -> Response:
    """What a format looks like, for the page."""
    if name not in FORMATS:
        abort(404)
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
        said = words(source, venue, sheet_lines.of_venue(db, venue.id), _language(venue), with_label=False)
    try:
        picture = svg.write(draw(name, said, colours(venue)), said)
    except PortalError:
        abort(404)  # the page says in words that the link is too long for this format
    answer = make_response(picture)
    answer.headers["Content-Type"] = TYPES["svg"]
    return answer


@bp.post("/sources/<code>/line")
@allow("marketer")
def save_line(code: str) -> AnyResponse | tuple[str, int]:
    """Why to scan, on all sheets of this kind at this venue."""
    form, now = LineForm(), parts().clock()
    if not form.validate():
        return _page(code, None, form), 422
    with parts().database.writing() as db:
        source, venue = own_source(db, code)
        sheet_lines.put(db, venue, source.kind, form.texts())
        journal.write(db, me(), "source.line", f"{venue.code} {source.kind}", now)
    flash(_("Saved. Sheets that are printed from now on say it."))
    return redirect(url_for("dashboard.sheets", code=source.code), 303)


def note_taken(sources: list[Source], what: str, now: datetime) -> None:
    """Keep when a sheet was first taken (the check list of a new venue asks for it), in a transaction of its own: guests
    do not wait while two hundred sheets are drawn.
    """
    with parts().database.writing() as db:
        for source in sources:
            row = db.get(Source, source.id)
            assert row is not None  # a source is never deleted
            row.sheet_taken_at = row.sheet_taken_at or now
        journal.write(db, me(), "source.print", what, now)


def as_file(body: bytes, kind: str, name: str) -> Response:
    """A download."""
    answer = make_response(body)
    answer.headers["Content-Type"] = TYPES[kind]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _language(venue: Venue) -> str:
    """The paper speaks the venue's language unless another is asked for."""
    wanted = request.values.get("paper", "")
    return wanted if wanted in LANGUAGES else venue.language


def _page(code: str, refusal: object, line_form: LineForm | None = None) -> str:
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
        lines = sheet_lines.of_venue(db, venue.id)
    language = _language(venue)
    own = {f"why_{code}": lines.get((source.kind, code), "") for code in LANGUAGES}
    return render_template(
        "dashboard/sheets.html", source=source, venue=venue, names=ordered(source.kind), formats=FORMATS, paper=language,
        link=link(source), refusal=refusal, line_form=line_form or LineForm(**own), modes=pdf.MODES,
        copies={name: copies(name) for name in FORMATS}, unfit=_unfit(source, venue, language),
        defaults={code: default_why(source.kind, venue, code) for code in LANGUAGES},
    )  # fmt: skip


def copies(name: str) -> int:
    """How many of a format stand on one A4."""
    form = FORMATS[name]
    return 0 if form.plan == "strip" else pdf.imposed(form.width, form.height * (2 if form.folded else 1)).copies


def _unfit(source: Source, venue: Venue, language: str) -> set[str]:
    """Formats on which the link's code would be too fine to read."""
    said = words(source, venue, {}, language, with_label=False)
    found = set()
    for name in FORMATS:
        try:
            draw(name, said, colours(venue))
        except PortalError:
            found.add(name)
    return found
