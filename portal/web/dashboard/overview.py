"""The first screen: tiles, the time graph, channels with their intervals and costs, hours of the week."""

from datetime import datetime
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from portal.reporting import alerts, annotations, funnel
from portal.reporting.beginnings import beginnings
from portal.reporting.funnel import ChannelReport, ChannelRow
from portal.reporting.readiness import days_to_sum
from portal.reporting.series import series
from portal.reporting.spending import spending
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.note import NoteForm
from portal.web.dashboard.graphs import span, time_graph
from portal.web.dashboard.guards import allow
from portal.web.dashboard.heat_map import heat_map
from portal.web.dashboard.screen import Screen, read_screen
from portal.web.dashboard.tiles import Counted, tiles
from portal.web.parts import parts

MOST_ROWS = 25  # channels of the table, "other" among them


@bp.get("/overview", endpoint="overview")
@allow("marketer")
def show_overview() -> str:
    """Everything that one look should tell of a venue's channels."""
    now = parts().clock()
    with parts().database.snapshot() as db:
        screen = read_screen(db, "overview", now, has_ghost=True)
        if screen is None:
            return render_template("dashboard/no_venue.html")
        shown = {**_channels(db, screen, now), **_time(db, screen, now), **_said(db, screen, now)}
    return render_template("dashboard/overview.html", screen=screen, form=NoteForm(day=screen.filters.days.last), **shown)


def _channels(session: Session, screen: Screen, now: datetime) -> dict[str, Any]:
    question = screen.question
    mine = _count(session, screen, funnel.channels(session, question, now=now))
    before = None
    if screen.filters.ghost:
        before = _count(session, screen, funnel.channels(session, question.previous(), now=now))
    costs = {row.source.id if row.source else None: row for row in mine.money.rows} if mine.money else {}
    return {
        "report": mine.report,
        **_rows(mine.report, screen.filters.every),
        "costs": costs,
        "tiles": tiles(mine, before),
        "unsummed": days_to_sum(session, question, now),
        "heat": heat_map(session, question, now),
    }


def _said(session: Session, screen: Screen, now: datetime) -> dict[str, Any]:
    return {"start": beginnings(session, screen.venue, now), "alerts": alerts.open_for(session, [screen.venue])}


def _rows(report: ChannelReport, every: bool) -> dict[str, Any]:
    """A venue with a code on each table has a hundred channels: the last of them stand together."""
    rows = sorted(report.rows, key=_place)
    shown = rows if every or len(rows) <= MOST_ROWS else [*rows[: MOST_ROWS - 1], rows[-1]]
    return {"rows": shown, "rest": [row for row in rows if row not in shown]}


def _place(row: ChannelRow) -> tuple[bool, int, int]:
    """By rank; what is not ranked follows by visits, "other" last."""
    return row.source is None, row.judged.rank or 10**6, -row.counts.of("seen")


def _count(session: Session, screen: Screen, report: ChannelReport) -> Counted:
    return Counted(report, None if screen.filters.chosen else spending(session, report))


def _time(session: Session, screen: Screen, now: datetime) -> dict[str, Any]:
    filters, question = screen.filters, screen.question
    buckets = series(session, question, filters.drawn_grain, now=now)
    before = series(session, question.previous(), filters.drawn_grain, now=now) if filters.ghost else ()
    notes = annotations.between(session, screen.venue.id, filters.days.first, filters.days.last)
    then = question.previous()
    return {
        "graph": time_graph(buckets, before, filters.metric, notes),
        "notes": notes,
        "before_dates": span(then.first, then.last),
    }
