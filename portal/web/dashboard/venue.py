"""A venue's settings, and opening it to guests."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.consent.documents import obstacles_to_live
from portal.staff import journal
from portal.venues.models import Venue
from portal.venues.settings import edit_venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import chosen_venue, own_venue
from portal.web.dashboard.forms.venue import VenueForm, stored
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/settings", endpoint="settings")
@allow("owner")
def settings_home() -> str | Response:
    """The settings of the first venue, or what to do when there is none."""
    with parts().database.reading() as db:
        venue, _venues = chosen_venue(db)
    if venue is None:
        return render_template("dashboard/no_venue.html")
    return redirect(url_for("dashboard.venue", code=venue.code), 303)


@bp.get("/venues/<code>", endpoint="venue")
@allow("owner")
def venue_form(code: str) -> str:
    """Looks, questions, rules; and what stands between the venue and its guests."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        obstacles = obstacles_to_live(db, venue, venue.legal_entity)
    form = VenueForm(data=stored(venue))
    return _page(form, venue, obstacles)


@bp.post("/venues/<code>")
@allow("owner")
def save_venue(code: str) -> Response | tuple[str, int]:
    """Keep what was typed, or say beside the field what is wrong."""
    form, now = VenueForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        form.offer_choices(venue)
        if not form.validate():
            return _page(form, venue, obstacles_to_live(db, venue, venue.legal_entity)), 422
        edit_venue(db, venue, **form.values())
        journal.write(db, me(), "venue.edit", venue.code, now)
    flash(_("Saved."))
    return redirect(url_for("dashboard.venue", code=code), 303)


@bp.post("/venues/<code>/open")
@allow("owner")
def open_venue(code: str) -> Response:
    """Go live, if nothing stands in the way; the page lists what does."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if not obstacles_to_live(db, venue, venue.legal_entity):
            venue.live = True
            journal.write(db, me(), "venue.live", venue.code, now)
            flash(_("The venue is open to guests."))
    return redirect(url_for("dashboard.venue", code=code, _anchor="live"), 303)


@bp.post("/venues/<code>/close")
@allow("owner")
def close_venue(code: str) -> Response:
    """Stop taking phones; printed codes then land on a page that says so."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        venue.live = False
        journal.write(db, me(), "venue.closed", venue.code, now)
    flash(_("The venue is closed to guests."))
    return redirect(url_for("dashboard.venue", code=code, _anchor="live"), 303)


def _page(form: VenueForm, venue: Venue, obstacles: list[str]) -> str:
    form.offer_choices(venue)
    return render_template("dashboard/venue.html", form=form, venue=venue, obstacles=obstacles)
