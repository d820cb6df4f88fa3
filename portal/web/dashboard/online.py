"""Who is online at a venue just now, and "Disconnect" for whoever must go."""

from flask import abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.core.errors import PortalError
from portal.signup import online_now
from portal.signup.staff_view import check_number
from portal.staff import journal, scope
from portal.web.dashboard import gateway_words, online_words
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import chosen_venue
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/online", endpoint="online")
@allow("staff")
def show_online() -> str:
    """Every device, by the number that its guest sees; never a phone number or a whole hardware address."""
    now = parts().clock()
    with parts().database.reading() as db:
        venue, venues = chosen_venue(db)
        if venue is None:
            return render_template("dashboard/no_venue.html")
        found = online_now.devices(db, venue.id, now)
    shown = {"devices": found, "venue": venue, "venues": venues, "now": now}
    return render_template("dashboard/online.html", **shown, words=online_words, kinds=gateway_words.KINDS)


@bp.post(f"/online/<int(max={2**63 - 1}):grant_id>/disconnect")
@allow("staff")
def disconnect(grant_id: int) -> Response:
    """Put one device off; another tenant's, or one that is off, answers as one that does not exist."""
    now = parts().clock()
    with parts().database.writing() as db:
        venues = {venue.id: venue for venue in scope.venues(db, me())}
        try:
            ended = online_now.put_off(db, list(venues), grant_id, now)
        except PortalError:
            abort(404)
        venue = venues[ended.venue_id]
        journal.write(db, me(), "access.disconnect", f"{venue.code} {check_number(ended.visit_id)}", now)
    return redirect(url_for("dashboard.online", venue=venue.code), 303)
