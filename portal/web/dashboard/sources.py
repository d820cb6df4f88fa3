"""Placements: the channels that bring guests."""

from collections.abc import Callable
from datetime import datetime

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import chosen_venue, own_venue
from portal.web.dashboard.forms.source import SourceForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/sources", endpoint="sources")
@allow("marketer")
def list_sources() -> str:
    """The placements of a venue, retired ones below."""
    with parts().database.reading() as db:
        venue, venues = chosen_venue(db)
        rows = sources.list_for_venue(db, venue.id) if venue else []
    base = parts().settings.base_url
    return render_template("dashboard/sources.html", venue=venue, venues=venues, rows=rows, base_url=base)


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
        source = sources.create(db, venue, form.kind.data, form.label.data, now, **form.details())
        journal.write(db, me(), "source.create", source.code, now)
    flash(_("The source is made. Print its sheet or copy its link."))
    return redirect(url_for("dashboard.sheets", code=source.code), 303)


@bp.get("/sources/<code>/edit")
@allow("marketer")
def edit_source(code: str) -> str:
    """The form with what is stored."""
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
    form = SourceForm(obj=source, cost_roubles=source.cost_kopecks / 100)
    return render_template("dashboard/source_form.html", form=form, venue=venue, source=source)


@bp.post("/sources/<code>/edit")
@allow("marketer")
def save_source(code: str) -> Response | tuple[str, int]:
    """Change everything about a placement but its printed code."""
    form, now = SourceForm(), parts().clock()
    with parts().database.writing() as db:
        source, venue = own_source(db, code)
        if not form.validate():
            return render_template("dashboard/source_form.html", form=form, venue=venue, source=source), 422
        sources.edit(db, source, kind=form.kind.data, label=form.label.data, **form.details())
        journal.write(db, me(), "source.edit", source.code, now)
    flash(_("Saved."))
    return redirect(url_for("dashboard.sources", venue=venue.code), 303)


@bp.post("/sources/<code>/retire")
@allow("marketer")
def retire_source(code: str) -> Response:
    """Take it out of the lists; whoever scans the paper still lands."""
    return _change(code, "source.retire", sources.retire, _("Retired. Its printed code still lands and still counts."))


@bp.post("/sources/<code>/reactivate")
@allow("marketer")
def reactivate_source(code: str) -> Response:
    """Put it back."""
    return _change(code, "source.reactivate", lambda db, source, _now: sources.reactivate(db, source), _("Back in use."))


def own_source(session: Session, code: str) -> tuple[Source, Venue]:
    """A placement in sight and its venue; 404 otherwise, whether or not it exists."""
    source = sources.find_by_code(session, code)
    for venue in scope.venues(session, me()):
        if source and venue.id == source.venue_id:
            return source, venue
    abort(404)


def _change(code: str, action: str, change: Callable[[Session, Source, datetime], None], said: str) -> Response:
    now = parts().clock()
    with parts().database.writing() as db:
        source, venue = own_source(db, code)
        change(db, source, now)
        journal.write(db, me(), action, source.code, now)
    flash(said)
    return redirect(url_for("dashboard.sources", venue=venue.code), 303)
