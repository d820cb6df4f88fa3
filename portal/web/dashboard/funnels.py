"""Where guests stop: up to four funnels side by side, and what to do about each kind of stop."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from portal.reporting import funnel
from portal.reporting.funnel import ChannelReport
from portal.reporting.question import OTHER_CODE
from portal.reporting.steps import Counts, Step
from portal.reporting.stops import stops
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.filters import ALL
from portal.web.dashboard.guards import allow
from portal.web.dashboard.screen import Screen, read_screen
from portal.web.dashboard.stop_words import told
from portal.web.parts import parts

MOST_CHOICES = 24
_PICKED_UNASKED = 3  # beside "all together": the channels with the most visits


@dataclass(frozen=True, slots=True)
class Picked:
    """A funnel of the comparison: a channel by its code, "other" or "all"."""

    code: str
    label: str
    kind: str
    steps: tuple[Step, ...]


@bp.get("/funnel", endpoint="funnel")
@allow("marketer")
def show_funnels() -> str:
    """Every step with its drop-off, and the stops of the same visits."""
    now = parts().clock()
    with parts().database.snapshot() as db:
        screen = read_screen(db, "funnel", now)
        if screen is None:
            return render_template("dashboard/no_venue.html")
        report, picked = _picked(db, screen, now)
        found = told(stops(db, screen.question, now=now))
        shown = {"report": report, "picked": picked, "stops": found, "choices": _choices(screen, report, picked)}
    return render_template("dashboard/funnel.html", screen=screen, **shown)


def _picked(session: Session, screen: Screen, now: datetime) -> tuple[ChannelReport, list[Picked]]:
    """Channels are picked from all of them, whatever the filter of sources says."""
    report = funnel.channels(session, replace(screen.question, sources=frozenset()), now=now)
    codes = screen.filters.picks or _unasked(screen, report)
    return report, [_one(screen, report, code) for code in codes]


def _choices(screen: Screen, report: ChannelReport, picked: list[Picked]) -> list[tuple[str, str]]:
    """Channels to tick: those with the most visits, and whatever is ticked."""
    often = [row.source.code for row in report.rows[:MOST_CHOICES] if row.source]
    codes = dict.fromkeys([ALL, *often, OTHER_CODE, *(one.code for one in picked)])
    return [(code, screen.label(code)) for code in codes]


def _unasked(screen: Screen, report: ChannelReport) -> tuple[str, ...]:
    if screen.filters.sources:
        return (ALL, *screen.filters.sources)[: _PICKED_UNASKED + 1]
    return (ALL, *(row.source.code for row in report.rows[:_PICKED_UNASKED] if row.source))


def _one(screen: Screen, report: ChannelReport, code: str) -> Picked:
    if code == ALL:
        counts = report.totals
    else:
        rows = (row for row in report.rows if (row.source.code if row.source else OTHER_CODE) == code)
        counts = next((row.counts for row in rows), Counts())
    return Picked(code, screen.label(code), screen.kind(code), counts.funnel)
