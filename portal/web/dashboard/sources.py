"""Placements: the channels that bring guests."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.acquisition import batch, costs, sources
from portal.acquisition.models import Source
from portal.core.errors import PortalError
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import chosen_venue, own_venue
from portal.web.dashboard.forms.source import BatchForm, SourceForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.source_words import REFUSALS
from portal.web.parts import parts


@bp.get("/sources", endpoint="sources")
@allow("marketer")
def list_sources() -> str:
    """The placements of a venue, retired and merged ones below."""
    with parts().database.reading() as db:
        venue, venues = chosen_venue(db)
        rows = sources.list_for_venue(db, venue.id) if venue else []
        spent = costs.spent(db, venue.id) if venue else {}
        targets = {row.id: target_in_sight(db, row) for row in rows if row.points_to_id}
    rows.sort(key=lambda row: bool(row.retired_at or row.merged_at))
    base = parts().settings.base_url
    return render_template(
        "dashboard/sources.html", venue=venue, venues=venues, rows=rows, base_url=base, spent=spent, targets=targets
    )


@bp.get("/venues/<code>/sources/new")
@allow("marketer")
def new_source(code: str) -> str:
    """An empty form."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    return render_template("dashboard/source_form.html", form=SourceForm(), venue=venue, source=None)


@bp.post("/venues/<code>/sources/new")
@allow("marketer")
def create_source(code: str) -> Response | tuple[str, int]:
    """Make the placement, then show its sheets to print."""
    form, now = SourceForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if not form.validate():
            return render_template("dashboard/source_form.html", form=form, venue=venue, source=None), 422
        source = sources.create(db, venue, form.kind.data, form.label.data, now, who=me().name, **form.details())
        journal.write(db, me(), "source.create", source.code, now)
    flash(_("The source is made. Print its sheet or copy its link."))
    return redirect(url_for("dashboard.sheets", code=source.code), 303)


@bp.get("/venues/<code>/sources/batch")
@allow("marketer")
def new_batch(code: str) -> str:
    """The form for numbered table codes."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    return render_template("dashboard/source_batch.html", form=BatchForm(pattern=_("Table {n}")), venue=venue)


@bp.post("/venues/<code>/sources/batch")
@allow("marketer")
def create_batch(code: str) -> Response | tuple[str, int]:
    """Make all of them or none, then offer their sheets in one file."""
    form, now = BatchForm(), parts().clock()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    try:
        if not form.validate():
            raise PortalError("form")
        with parts().database.writing() as db:
            made = batch.create(
                db, venue, form.kind.data, form.pattern.data, form.first.data, form.last.data, now, me().name
            )  # fmt: skip
            journal.write(db, me(), "source.batch", f"{venue.code} {made[0].code}–{made[-1].code}", now)
    except PortalError as refused:
        refusal = REFUSALS.get(refused.code)
        return render_template("dashboard/source_batch.html", form=form, venue=venue, refusal=refusal), 422
    flash(_("Made: %(count)s. Print them all in one file.", count=len(made)))
    return redirect(url_for("dashboard.venue_sheets", code=venue.code, first=made[0].code, last=made[-1].code), 303)


@bp.get("/sources/<code>/edit")
@allow("marketer")
def edit_source(code: str) -> str:
    """The form with what is stored."""
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
    form = SourceForm(obj=source, plan_roubles=source.plan_kopecks / 100 if source.plan_kopecks else None)
    return render_template("dashboard/source_form.html", form=form, venue=venue, source=source)


@bp.post("/sources/<code>/edit")
@allow("marketer")
def save_source(code: str) -> Response | tuple[str, int]:
    """Change everything about a placement but its printed code; its history keeps an old name."""
    form, now = SourceForm(), parts().clock()
    with parts().database.writing() as db:
        source, venue = own_source(db, code)
        if not form.validate():
            return render_template("dashboard/source_form.html", form=form, venue=venue, source=source), 422
        sources.edit(db, source, now, who=me().name, kind=form.kind.data, label=form.label.data, **form.details())
        journal.write(db, me(), "source.edit", source.code, now)
    flash(_("Saved."))
    return redirect(url_for("dashboard.sources", venue=venue.code), 303)


def target_in_sight(session: Session, source: Source) -> Source | None:
    """Where a placement points, unless that belongs to a venue out of sight."""
    target = session.get(Source, source.points_to_id) if source.points_to_id else None
    return target if target and target.venue_id in {venue.id for venue in scope.venues(session, me())} else None


def own_source(session: Session, code: str) -> tuple[Source, Venue]:
    """A placement in sight and its venue; 404 otherwise, whether or not it exists."""
    source = sources.find_by_code(session, code)
    for venue in scope.venues(session, me()):
        if source and venue.id == source.venue_id:
            return source, venue
    abort(404)
