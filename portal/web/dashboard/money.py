"""What each channel cost and what came of it, beside the plan."""

from flask import render_template, request

from portal.reporting.funnel import channels
from portal.reporting.question import Question
from portal.reporting.spending import spending
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import chosen_venue
from portal.web.dashboard.guards import allow
from portal.web.dashboard.range import read_range
from portal.web.parts import parts


@bp.get("/money", endpoint="money")
@allow("marketer")
def show_money() -> str:
    """Spent, SMS, per visit, per member, per online guest; plan against fact."""
    now = parts().clock()
    with parts().database.snapshot() as db:
        venue, venues = chosen_venue(db)
        if venue is None:
            return render_template("dashboard/no_venue.html")
        days = read_range(request.args, now, venue.timezone)
        report = channels(db, Question(venue, days.first, days.last), now=now)
        spent = spending(db, report)
    return render_template("dashboard/money.html", venue=venue, venues=venues, days=days, report=report, spent=spent)
