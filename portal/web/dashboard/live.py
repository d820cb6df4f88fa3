"""The last half hour. A small script asks for the part again; without it the page has a link that does."""

from datetime import datetime
from typing import Any

from flask import abort, render_template
from sqlalchemy.orm import Session

from portal.reporting.live import MINUTES, Live, last_half_hour
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.guards import allow
from portal.web.dashboard.screen import read_screen
from portal.web.parts import parts


@bp.get("/live", endpoint="live")
@allow("marketer")
def show_live() -> str:
    """Who came, how far they are, from where."""
    now = parts().clock()
    with parts().database.reading() as db:
        screen = read_screen(db, "live", now)
        if screen is None:
            return render_template("dashboard/no_venue.html")
        shown = _shown(db, screen.venue, now)
    return render_template("dashboard/live.html", screen=screen, **shown)


@bp.get("/live/part", endpoint="live_part")
@allow("marketer")
def show_live_part() -> str:
    """Its numbers alone."""
    now = parts().clock()
    with parts().database.reading() as db:
        screen = read_screen(db, "live", now)
        if screen is None:
            abort(404)
        shown = _shown(db, screen.venue, now)
    return render_template("dashboard/live_part.html", screen=screen, **shown)


def _shown(session: Session, venue: Venue, now: datetime) -> dict[str, Any]:
    live = last_half_hour(session, venue, now)
    return {"live": live, "bins": _bins(live), "now": now}


def _bins(live: Live) -> list[tuple[int, int, float]]:
    """Minutes ago, arrivals, share of the fullest minute."""
    most = max(live.minutes) or 1
    return [(MINUTES - 1 - place, count, count / most) for place, count in enumerate(live.minutes)]
