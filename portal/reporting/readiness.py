"""Whether a report's days stand in the sums already: until they do, it is as right but slower."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.reporting.period import local_date
from portal.reporting.question import Question
from portal.reporting.settled import settled_of

_YOUNG = timedelta(days=3)  # younger days are read from the visits anyway


def days_to_sum(session: Session, question: Question, now: datetime) -> int:
    """How many of the question's older days the worker has yet to sum up."""
    venue = question.venue
    settled = settled_of(session, [venue.id]).get(venue.id)
    last = min(question.last, local_date(now - _YOUNG, venue.timezone))
    days = ((last - timedelta(days=back)) for back in range((last - question.first).days + 1))
    return sum(settled is None or settled.zone != venue.timezone or not settled.has(day) for day in days)
