"""The same numbers along time: a bucket per day, week (from Monday) or month of the venue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.reporting import ledger
from portal.reporting.ledger import Asked
from portal.reporting.period import Period, month_after, period
from portal.reporting.placements import placements_of
from portal.reporting.question import Question
from portal.reporting.steps import Counts

GRAINS = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Days `first` to `last` of the range. `immature`: its newest visits can still convert, or have yet to come."""

    first: date
    last: date
    counts: Counts
    immature: bool
    sms_kopecks: int = 0


def series(session: Session, question: Question, grain: str, *, now: datetime) -> tuple[Bucket, ...]:
    """Every bucket of the question's days, the empty ones too; the first and the last may be cut by the range.

    Raises PortalError `bad_period`.
    """
    zone = question.venue.timezone
    days = [period(first, last, zone) for first, last in split(question.period, grain)]
    placements = placements_of(session, question.venue.id)
    shown = placements.wanted(question)
    counts, spent = [Counts()] * len(days), [0] * len(days)
    for cell in ledger.read(session, question, [Asked(number, question.venue.id, one) for number, one in enumerate(days)]):
        if cell.visitor_class in question.classes and placements.row_of(cell.source_id) in shown:
            counts[cell.number] += cell.counts
            spent[cell.number] += cell.sms_kopecks
    return tuple(
        Bucket(one.first, one.last, counts[number], one.end > now - question.span, spent[number])
        for number, one in enumerate(days)
    )


def split(days: Period, grain: str) -> Iterator[tuple[date, date]]:
    """First and last day of each day, week or month that a period touches, cut to the period."""
    first = days.first
    while first <= days.last:
        last = min(_last_day(first, grain), days.last)
        yield first, last
        first = last + timedelta(days=1)


def _last_day(day: date, grain: str) -> date:
    if grain == "day":
        return day
    if grain == "week":
        return day + timedelta(days=6 - day.weekday())
    return month_after(day) - timedelta(days=1)
