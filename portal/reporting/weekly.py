"""The week that is over at each venue, beside the week before it: what a letter on Monday says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.reporting import funnel
from portal.reporting.funnel import ChannelReport
from portal.reporting.question import Question
from portal.reporting.statistics import Difference, newcombe
from portal.reporting.steps import Counts
from portal.venues.models import Venue

HOUR = 9  # by the venue's clock, on Monday; a worker that stood still catches up until Tuesday is over
GOAL = "card"


@dataclass(frozen=True, slots=True)
class Week:
    """`first` is a Monday. `change`: this week's share of members minus last week's, with its interval."""

    venue: Venue
    first: date
    last: date
    report: ChannelReport
    before: Counts
    change: Difference | None

    @property
    def counts(self) -> Counts:
        """Of all channels."""
        return self.report.totals

    @property
    def leader(self) -> Source | None:
        """The channel that is ahead of all others, where the rules of `judgement` allow to say so."""
        return self.report.leader.source if self.report.leader else None


def is_due(now: datetime, zone: str) -> bool:
    """Whether Monday's letter should have left by now."""
    local = now.astimezone(ZoneInfo(zone))
    return local.weekday() == 1 or (local.weekday() == 0 and local.hour >= HOUR)


def last_monday(now: datetime, zone: str) -> date:
    """First day of the newest week that is over."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return today - timedelta(days=today.weekday() + 7)


def iso_week(monday: date) -> str:
    """2026-W47."""
    year, week, _day = monday.isocalendar()
    return f"{year}-W{week:02d}"


def weeks(session: Session, venues: Sequence[Venue], monday: date, *, now: datetime) -> list[Week]:
    """The week from `monday` at each venue, in its own zone."""
    return [_week(session, venue, monday, now) for venue in venues]


def _week(session: Session, venue: Venue, monday: date, now: datetime) -> Week:
    asked = Question(venue, monday, monday + timedelta(days=6), goal=GOAL)
    report = funnel.channels(session, asked, now=now)
    before = funnel.channels(session, asked.previous(), now=now).totals
    ripe = sum((row.ripe for row in report.rows), Counts())  # Sunday's may still become members
    mine, theirs = ((one.of(GOAL), one.of("seen")) for one in (ripe, before))
    return Week(venue, asked.first, asked.last, report, before, newcombe(*mine, *theirs))
