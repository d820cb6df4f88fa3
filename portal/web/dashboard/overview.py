"""Conversion per channel: the table, the funnel of one source, venues beside each other, the download."""

from flask import Response, abort, g, make_response, render_template, request

from portal.reporting import exports, funnel
from portal.reporting.steps import Counts
from portal.staff import journal, scope
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import chosen_venue, own_venue
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.range import Range, read_range
from portal.web.dashboard.sources import own_source
from portal.web.parts import parts

ALL, OTHER = "all", "other"  # beside source codes, which are seven characters or more


@bp.get("/overview", endpoint="overview")
@allow("marketer")
def show_overview() -> str:
    """Per source: visits, phones, verified, cards, online, each a share with its counts and interval."""
    now = parts().clock()
    with parts().database.reading() as db:
        venue, venues = chosen_venue(db)
        if venue is None:
            return render_template("dashboard/no_venue.html")
        days = read_range(request.args, now, venue.timezone)
        report = funnel.channels(db, venue, days.first, days.last, now=now)
    return render_template("dashboard/overview.html", report=report, venue=venue, venues=venues, days=days)


@bp.get("/venues/<code>/funnel/<source>", endpoint="funnel")
@allow("marketer")
def show_funnel(code: str, source: str) -> str:
    """Every step of one source, of "other", or of all together."""
    now = parts().clock()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        days = read_range(request.args, now, venue.timezone)
        report = funnel.channels(db, venue, days.first, days.last, now=now)
        wanted = None if source in (ALL, OTHER) else own_source(db, source)[0]
    if wanted and wanted.venue_id != venue.id:
        abort(404)
    row = report.row(wanted.id if wanted else None)
    steps = (report.totals if source == ALL else row.counts if row else Counts()).funnel
    return render_template(
        "dashboard/funnel.html", report=report, venue=venue, days=days, steps=steps, source=wanted, chosen=source
    )


@bp.get("/compare", endpoint="compare")
@allow("marketer")
def compare_venues() -> str:
    """The same days at every venue in sight, each in its own time zone."""
    now = parts().clock()
    with parts().database.reading() as db:
        venues = scope.venues(db, me())
        days = read_range(request.args, now, venues[0].timezone if venues else "UTC")
        rows = funnel.compare(db, venues, days.first, days.last, now=now)
    return render_template("dashboard/compare.html", rows=rows, days=days)


@bp.get("/venues/<code>/channels.csv", endpoint="channels_csv")
@allow("marketer")
def download_channels(code: str) -> Response:
    """The table as a file; that it was taken is written down."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        days = read_range(request.args, now, venue.timezone)
        report = funnel.channels(db, venue, days.first, days.last, now=now)
        journal.write(db, me(), "export", f"{venue.code} {_name(days)}", now)
    answer = make_response(exports.channels_csv(report, g.language))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{venue.code}-{_name(days)}.csv"'
    return answer


def _name(days: Range) -> str:
    return f"{days.first.isoformat()}_{days.last.isoformat()}"
