"""Venues beside each other, each on its own days in its own zone."""

from flask import render_template, request

from portal.reporting import funnel
from portal.reporting.question import Question
from portal.staff import scope
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.range import read_range
from portal.web.parts import parts


@bp.get("/compare", endpoint="compare")
@allow("marketer")
def compare_venues() -> str:
    """The same range at every venue in sight: "today" is each venue's own."""
    now = parts().clock()
    with parts().database.snapshot() as db:
        venues = scope.venues(db, me())
        ranges = [read_range(request.args, now, venue.timezone) for venue in venues]
        asked = [Question(venue, days.first, days.last) for venue, days in zip(venues, ranges, strict=True)]
        rows = funnel.compare(db, asked, now=now)
    days = ranges[0] if ranges else read_range(request.args, now, "UTC")
    return render_template("dashboard/compare.html", rows=sorted(rows, key=lambda row: row.judged.rank or 10**6), days=days)
